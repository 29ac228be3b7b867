// Lets another process drive a simulator: each method of it is a POST of its arguments, as a JSON array, to `/-/<method>`.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Simulator } from './simulator.ts';

/** The methods that travel as they are. */
export const METHODS = [
  'configure',
  'tokens',
  'createToken',
  'alterToken',
  'revokeToken',
  'forgetToken',
  'clearFaults',
  'down',
  'up',
] as const;

/** Listens in plain HTTP on 127.0.0.1, where only tests are; answers `{result}`, or 400 with `{error}`. */
export async function serveControl(simulator: Simulator, port: number): Promise<{ url: string; close(): void }> {
  const withdrawals: (() => void)[] = [];
  const calls = new Map<string, (...args: readonly never[]) => unknown>([
    ['requests', () => simulator.requests],
    // A function does not travel: the rule's number does, for `withdraw`.
    ['inject', (fault) => withdrawals.push(simulator.inject(fault)) - 1],
    ['withdraw', (rule) => withdrawals[rule]?.()],
    ...METHODS.map((name) => [name, simulator[name].bind(simulator)] as const),
  ]);
  const call = async (path: string, body: string): Promise<unknown> => {
    const method = calls.get(path.replace(/^\/-\//, ''));
    if (!method) throw new Error(`no method at ${path}`);
    const args: readonly never[] = JSON.parse(body || '[]');
    return method(...args);
  };
  const server = createServer((request, response) => {
    text(request)
      .then((body) => call(request.url ?? '', body))
      .then(
        (result) => response.end(JSON.stringify({ result })),
        (error: unknown) => response.writeHead(400).end(JSON.stringify({ error: String(error) })),
      );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen on a TCP port');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${address.port}`, close };
}
