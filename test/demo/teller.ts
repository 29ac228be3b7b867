// Tells the tour: numbered steps, what is going on, and the commands that a person would type, with what they print.

import { styleText } from 'node:util';
import type { ControlPlaneClient, KubectlResult } from '../controlplane/control-plane-client.ts';
import { LiveTable } from './live-table.ts';

const INDENT = '   ';

/** Writes to standard output; styles it only on a terminal, and not where NO_COLOR is set. */
export class Teller {
  /** Once it fires, nothing more is told: everything throws. */
  readonly signal: AbortSignal;
  #steps = 0;

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  /** The heading of the next step. */
  step(title: string): void {
    this.#write(`\n${styleText('bold', `${++this.#steps}. ${title}`)}\n`);
  }

  /** What is going on, or what was printed; each line of it indented. */
  say(text: string): void {
    const lines = text.trimEnd().split('\n');
    this.#write(lines.map((line) => `${INDENT}${line}`.trimEnd().concat('\n')).join(''));
  }

  /** A remark on what is shown. */
  remark(text: string): void {
    this.say(styleText('dim', text));
  }

  /** A command as a person would type it; it is up to the caller to do what it says. */
  command(text: string): void {
    this.say(styleText('cyan', `$ ${text}`));
  }

  /** A table to be shown here. */
  table(columns: readonly string[]): LiveTable {
    return new LiveTable(process.stdout, columns);
  }

  #write(text: string): void {
    this.signal.throwIfAborted();
    process.stdout.write(text);
  }
}

/** kubectl as the tour uses it: each command is told, run, and followed by what it printed. */
export class ToldKubectl {
  readonly #controlPlane: ControlPlaneClient;
  readonly #teller: Teller;

  constructor(controlPlane: ControlPlaneClient, teller: Teller) {
    this.#controlPlane = controlPlane;
    this.#teller = teller;
  }

  /** Tells and runs a command whose words hold no white space; throws what kubectl says when it fails. */
  async run(command: string): Promise<void> {
    this.#teller.command(`kubectl ${command}`);
    this.#teller.say(await this.quietly(command.split(' ')));
  }

  /** Tells the command `told`, applies `manifest`. */
  async apply(manifest: string, told: string): Promise<void> {
    this.#teller.command(told);
    this.#teller.say(await this.quietly(['apply', '-f', '-'], manifest));
  }

  /** Runs without a word; throws what kubectl says when it fails. */
  async quietly(args: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.try(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }

  /** Runs without a word; answers how it ended, or throws when the tour is over. */
  async try(args: readonly string[], input = ''): Promise<KubectlResult> {
    const { signal } = this.#teller;
    signal.throwIfAborted();
    const result = await this.#controlPlane.kubectl(args, { input, signal });
    signal.throwIfAborted();
    return result;
  }
}
