import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Mutant, type Verdict } from '../security/mutant.ts';
import type { Mutation } from '../security/mutation.ts';
import { MUTATIONS } from '../security/mutations.ts';

/** A few seconds each; those on real parts half a minute. */
const ALL = 30 * 60_000;
const AT_A_TIME = 2;

jest.setTimeout(ALL);

const verdicts = new Map<Mutation, Promise<Verdict>>();
const mutants: Mutant[] = [];

beforeAll(async () => {
  const left = [...MUTATIONS];
  const settle = new Map<Mutation, (verdict: Promise<Verdict>) => void>();
  for (const mutation of left) verdicts.set(mutation, new Promise((resolve) => settle.set(mutation, resolve)));
  for (let count = 0; count < AT_A_TIME; count++) {
    const mutant = await Mutant.create();
    mutants.push(mutant);
    void (async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const verdict = mutant.run(next, true);
        settle.get(next)?.(verdict);
        await verdict.catch(() => undefined);
      }
    })();
  }
});

afterAll(() => Promise.all(mutants.map((mutant) => mutant.remove())));

test.each(MUTATIONS.map((mutation) => [mutation.attack, mutation.without, mutation] as const))(
  'against "%s" a test fails when %s',
  async (_attack, _without, mutation) => {
    const { broken, failed } = (await verdicts.get(mutation)) ?? { broken: 'not run', failed: [] };
    expect(broken).toBeUndefined();
    expect(failed).not.toEqual([]);
  },
);
