// What `kubectl get` prints, taken apart, so that some of its columns can be shown while they change.

/** The cells of one row by the name of their column; a cell may be empty. */
export type Row = Readonly<Record<string, string>>;

/** Takes a whole table apart: kubectl begins every cell below the name of its column. */
export function parseTable(text: string): Row[] {
  const [header = '', ...lines] = text.split('\n').filter((line) => line !== '');
  const columns = [...header.matchAll(/\S+/g)].map(({ 0: name, index }) => ({ name, start: index }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, start }, at) => [name, line.slice(start, columns[at + 1]?.start).trimEnd()]),
    ),
  );
}

/** Lines of some columns of the rows, aligned, the header first. */
export function formatTable(rows: readonly Row[], columns: readonly string[]): string[] {
  const header = Object.fromEntries(columns.map((name) => [name, name]));
  const table = [header, ...rows].map((row) => columns.map((name) => row[name] ?? ''));
  const widths = columns.map((_, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)));
  return table.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('   ')
      .trimEnd(),
  );
}
