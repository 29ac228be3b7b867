import { describe, expect, test } from '@jest/globals';

import * as fc from 'fast-check';
import { learn } from '../../src/tokens/learn.ts';
import { plan } from '../../src/tokens/plan.ts';
import { MISTAKES } from '../model/broken.ts';
import { explore } from '../model/explore.ts';
import { ONCE_BROKEN } from '../model/once-broken.ts';
import { play } from '../model/round.ts';
import { run, schedules, tellStory } from '../model/schedules.ts';
import { SCOPES } from '../model/scopes.ts';
import { Violation } from '../model/world.ts';

/** The same schedules every time; `test/faults/schedules.test.ts` plays more, `node test/model/main.ts` what chance finds beyond. */
const SEED = 1;
const SCHEDULES = 10_000;
/** By then each of the mistakes below is caught many times over. */
const ENOUGH = 2_000;
/** Seconds at the most, were the machine busy with other things. */
const PATIENCE = 300_000;

const brain = { plan, learn };

describe('the protocol', () => {
  test(
    `keeps every promise after every step of ${SCHEDULES} schedules, and at rest`,
    () => {
      const { broken } = play(SEED, SCHEDULES);
      expect(broken?.story).toBeUndefined();
    },
    PATIENCE,
  );

  test.each(ONCE_BROKEN)('holds where $name', ({ schedule }) => {
    expect(tellStory(schedule, brain)).not.toContain('=>');
  });

  test.each(SCOPES)(
    'keeps every promise in every order of: $name',
    (scope) => {
      const { broken, states, depth } = explore(scope, brain, 20);
      expect(broken?.story.join('\n')).toBeUndefined();
      expect(depth).toBe(scope.depth);
      expect(states).toBeGreaterThan(500);
    },
    PATIENCE,
  );
});

describe('the model catches a plan that', () => {
  test.each(MISTAKES)(
    '$name',
    ({ breaks, brain: broken }) => {
      for (const scope of SCOPES) {
        const { violation } = explore({ ...scope, depth: Math.min(scope.depth, 7), faults: 0 }, broken).broken ?? {};
        if (violation?.invariant === breaks) return;
      }
      let caught: Violation | undefined;
      const property = fc.property(schedules, (schedule) => {
        try {
          run(schedule, broken);
        } catch (error) {
          if (!(error instanceof Violation)) throw error;
          if (error.invariant === breaks) caught = error;
        }
        return caught === undefined;
      });
      fc.check(property, { seed: SEED, numRuns: ENOUGH, endOnFailure: true });
      expect(caught?.invariant).toBe(breaks);
    },
    PATIENCE,
  );
});
