// A table that changes: drawn again in place on a terminal; elsewhere every change is a line, with the seconds since the beginning.

import type { WriteStream } from 'node:tty';
import { formatTable, type Row } from './table.ts';

/** Where it is drawn: a terminal, or anything that takes text. */
export type Screen = Pick<NodeJS.WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

const INDENT = '   ';

/** Rows are told apart by their first column. */
export class LiveTable {
  readonly #screen: Screen;
  readonly #columns: readonly string[];
  readonly #begun = Date.now();
  readonly #shown = new Map<string, string>();
  #drawn = 0;

  constructor(screen: Screen, columns: readonly string[]) {
    this.#screen = screen;
    this.#columns = columns;
  }

  /** Shows how the rows are now. */
  show(rows: readonly Row[]): void {
    if (this.#screen.isTTY === true) this.#redraw(formatTable(rows, this.#columns));
    else this.#tellChanges(rows);
  }

  #redraw(lines: readonly string[]): void {
    // A line that the terminal wraps would be two, and the next drawing would begin too low.
    const width = (this.#screen.columns ?? 80) - 1;
    const text = lines.map((line) => `\u001B[2K${(INDENT + line).slice(0, width)}\n`).join('');
    this.#screen.write(`${this.#drawn === 0 ? '' : `\u001B[${this.#drawn}A`}${text}`);
    this.#drawn = lines.length;
  }

  #tellChanges(rows: readonly Row[]): void {
    const seconds = `${((Date.now() - this.#begun) / 1000).toFixed(1)} s`.padStart(6);
    const [header = '', ...lines] = formatTable(rows, this.#columns);
    if (this.#shown.size === 0 && rows.length > 0) this.#screen.write(`${INDENT}${' '.repeat(6)}   ${header}\n`);
    for (const [at, line] of lines.entries()) {
      const [name = '', ...state] = this.#columns.map((column) => rows[at]?.[column] ?? '');
      if (this.#shown.get(name) === state.join(' ')) continue;
      this.#shown.set(name, state.join(' '));
      this.#screen.write(`${INDENT}${seconds}   ${line}\n`);
    }
  }
}
