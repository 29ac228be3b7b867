import { once } from 'node:events';

import { beforeEach, expect, test } from '@jest/globals';

import { id, NOW } from '../../test/builders.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import type { CommandResult } from './command-runner.ts';
import type { Invocation } from './influxctl.ts';
import { InfluxctlIssuer } from './influxctl-issuer.ts';
import { TokenString } from './token-string.ts';

const FORMER = 'M.V1.former';
const REPLACEMENT = 'M.V1.replacement';
const DONE: CommandResult = { ended: 'exited', code: 0, stdout: Buffer.from('[]'), stderr: Buffer.from('') };

type Run = (signal: AbortSignal) => Promise<CommandResult>;

/** As long as nobody ends it. */
const hanging: Run = async (signal) => {
  await once(signal, 'abort');
  return { ...DONE, ended: 'aborted' };
};

let clock: ManualClock;
let issuer: InfluxctlIssuer;
let credential: TokenString;
let runs: Invocation[];
/** What a run with the former credential comes to. */
let formerly: Run;

beforeEach(() => {
  clock = new ManualClock(NOW);
  credential = new TokenString(FORMER);
  formerly = hanging;
  runs = [];
  issuer = new InfluxctlIssuer({
    influxctl: {
      run: async (invocation) => {
        runs.push(invocation);
        invocation.signal.throwIfAborted();
        return invocation.credential.reveal() === FORMER ? formerly(invocation.signal) : DONE;
      },
    },
    clock,
    settings: { product: { product: 'Clustered' }, url: 'https://influxdb.example.com' },
    credential: () => credential,
    clockSkew: () => 0,
  });
});

function replace(): void {
  credential = new TokenString(REPLACEMENT);
  issuer.credentialReplaced();
}

const used = (): string[] => runs.map((run) => run.credential.reveal());

test.each<[string, Run]>([
  ['hangs', hanging],
  ['has failed just now', async () => ({ ...DONE, code: 1 })],
  [
    'waits for its turn',
    async (signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    },
  ],
])(
  'a look that %s is begun anew with a credential that is replaced, and who waits for it does not hear of that',
  async (_, how) => {
    formerly = how;
    const looks = [issuer.get(id(1)), issuer.list(() => true)];
    replace();
    expect(await Promise.all(looks)).toEqual([undefined, { tokens: [], total: 0 }]);
    expect(used()).toEqual([FORMER, REPLACEMENT, REPLACEMENT]);
  },
);

test('a change that was begun is let end, as otherwise nobody would know its outcome', async () => {
  const creating = issuer.create({ description: 'x', permissions: [] }).catch((reason: unknown) => reason);
  replace();
  await clock.settle();
  expect(used()).toEqual([FORMER]);
  expect(runs[0]?.signal.aborted).toBe(false);
  issuer.close();
  expect(await creating).toMatchObject({ kind: 'OutcomeUnknown' });
});

test('a connection that was closed is not brought to life by another credential', async () => {
  const look = issuer.get(id(1));
  issuer.close();
  replace();
  await expect(look).rejects.toMatchObject({ kind: 'Unavailable' });
});
