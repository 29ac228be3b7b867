import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../test/manual-clock.ts';
import { installationOf } from './installation.ts';
import { KubernetesError } from './kubernetes/client.ts';

const UNREACHABLE = new KubernetesError('ConnectionFailed', 'unknown', 'connect ECONNREFUSED');
const FORBIDDEN = new KubernetesError('Forbidden', 'refused', 'namespaces "kube-system" is forbidden', { status: 403 });

/** Asks an API server that answers these, in order, and then the UID. */
function ask(answers: KubernetesError[], namespace = 'influxtokens-system', uid = 'kube-system-uid') {
  const clock = new ManualClock();
  const warnings: string[] = [];
  const stop = new AbortController();
  const note = (_: object, message: string): void => void warnings.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const client = {
    request: async <T>(): Promise<T> => {
      const error = answers.shift();
      if (error !== undefined) throw error;
      return JSON.parse(JSON.stringify({ metadata: { uid } }));
    },
  };
  return {
    installation: installationOf({ client, namespace, clock, log, signal: stop.signal }),
    clock,
    warnings,
    stop,
  };
}

test('the same cluster and namespace are the same installation, another of either is another one', async () => {
  const first = await ask([]).installation;
  expect(first).toMatch(/^[0-9a-f]{16}$/);
  expect(await ask([]).installation).toBe(first);
  expect(await ask([], 'elsewhere').installation).not.toBe(first);
  expect(await ask([], 'influxtokens-system', 'another-uid').installation).not.toBe(first);
});

describe('an API server', () => {
  test('that comes up after us is waited for, and that is told once', async () => {
    const { installation, clock, warnings } = ask([UNREACHABLE, UNREACHABLE, UNREACHABLE]);
    await clock.advance(6_000);
    expect(await installation).toHaveLength(16);
    expect(warnings).toHaveLength(1);
  });

  test('that never comes up does not keep the process from ending', async () => {
    const { installation, clock, stop } = ask(Array.from({ length: 100 }, () => UNREACHABLE));
    await clock.advance(3_000);
    stop.abort();
    expect(await installation).toBeUndefined();
  });

  test('that says no is believed, and the error says what to do', async () => {
    await expect(ask([FORBIDDEN]).installation).rejects.toThrow(
      /is forbidden; allow get on namespaces, or give --inst/,
    );
  });
});
