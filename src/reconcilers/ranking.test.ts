import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Ranking } from './ranking.ts';

interface Claimant {
  readonly metadata: { readonly creationTimestamp: string; readonly uid: string };
}

const claimant = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b', 'c', 'd', 'e'))
  .map(([second, uid]): Claimant => ({ metadata: { creationTimestamp: `2030-01-01T00:00:0${second}Z`, uid } }));

test('whatever comes and goes in whatever order, it ranks as sorting would', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), claimant)), claimant, (changes, asked) => {
      const ranking = new Ranking();
      const there = new Set<string>();
      const keyOf = ({ metadata }: Claimant): string => `${metadata.creationTimestamp} ${metadata.uid}`;
      for (const [comes, object] of changes) {
        if (comes) ranking.add(object);
        else ranking.remove(object);
        if (comes) there.add(keyOf(object));
        else there.delete(keyOf(object));
      }
      expect(ranking.size).toBe(there.size);
      expect(ranking.before(asked)).toBe([...there].filter((key) => key < keyOf(asked)).length);
    }),
  );
});
