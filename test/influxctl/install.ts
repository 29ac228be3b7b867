// Puts the stand-in where the operator can run it.

import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

import { portOf } from '../port-of.ts';
import { writeCommand } from './script.ts';
import { play, type StandInOptions } from './stand-in.ts';

const NAME = 'influxctl';

/**
 * What is run is a process of its own, with its own arguments, environment and end, but one that is told by this process what to print: to
 * start Node for each look at the tokens was a tenth of what the tests cost, and the operator's pace of inventories follows what a look takes.
 */
export class StandIn {
  /** Of the command. */
  readonly path: string;
  readonly #server: Server;
  readonly #runs: ReadonlySet<Socket>;

  private constructor(path: string, server: Server, runs: ReadonlySet<Socket>) {
    this.path = path;
    this.#server = server;
    this.#runs = runs;
  }

  /** Writes the command into a directory, at once in the place of one that may be there. */
  static async install(directory: string, options: StandInOptions = {}): Promise<StandIn> {
    const runs = new Set<Socket>();
    const server = createServer((run) => {
      runs.add(run);
      run.once('close', () => runs.delete(run));
      serve(run, options).catch((error: unknown) => run.destroy(error instanceof Error ? error : undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = portOf(server);
    const path = join(directory, NAME);
    await rename(await writeCommand(directory, script(port), `.${NAME}.${port}`, '/usr/bin/env bash'), path);
    return new StandIn(path, server, runs);
  }

  /** The command fails from now on, also where it runs. */
  async close(): Promise<void> {
    this.#server.close();
    for (const run of this.#runs) run.destroy();
    await once(this.#server, 'close');
  }
}

/** How a run is told what to do; a zero byte ends each. */
const TELL = { out: '1', err: '2', exit: '=', browser: '>' } as const;

/** Sends the number of its arguments and the arguments, each with a zero byte behind it, and does what it is told. */
function script(port: number): string {
  return `
exec 3<>/dev/tcp/127.0.0.1/${port} || exit 1
printf '%s\\0' "$#" "$@" >&3
while IFS= read -r -d '' told <&3; do
  text=\${told#?}
  case $told in
    ${TELL.out}*) printf '%s\\n' "$text" ;;
    ${TELL.err}*) printf '%s\\n' "$text" >&2 ;;
    ${TELL.exit}*) exit "$text" ;;
    '${TELL.browser}'*)
      bash -c 'while :; do sleep 1; done' "$text" 3>&- </dev/null >/dev/null 2>&1 &
      trap '' TERM
      while :; do sleep 1; done ;;
  esac
done
exit 1
`;
}

async function serve(run: Socket, options: StandInOptions): Promise<void> {
  const killed = new AbortController();
  run.once('close', () => killed.abort());
  // Who was killed does not listen any more.
  run.on('error', () => undefined);
  const tell = (what: keyof typeof TELL, text: string): unknown => run.write(`${TELL[what]}${text}\0`);
  const args = await argumentsOf(run);
  const terminal = {
    signal: killed.signal,
    out: (line: string) => tell('out', line),
    err: (line: string) => tell('err', line),
  };
  const ending = await play(args, terminal, options);
  if ('browser' in ending) tell('browser', ending.browser);
  else tell('exit', String(ending.code));
  run.end();
}

/** Rejects when it ends before it has sent them. */
function argumentsOf(run: Socket): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let sent = '';
    run.setEncoding('utf8');
    run.on('data', (more: string) => {
      sent += more;
      // What is behind the last zero byte is no argument.
      const [count, ...args] = sent.split('\0').slice(0, -1);
      if (args.length === Number(count)) resolve(args);
    });
    run.once('close', () => reject(new Error('killed')));
  });
}
