import { describe, expect, test } from '@jest/globals';

import * as fc from 'fast-check';
import { learn } from '../../src/tokens/learn.ts';
import { plan } from '../../src/tokens/plan.ts';
import { MISTAKES } from '../model/broken.ts';
import { explore } from '../model/explore.ts';
import { ONCE_BROKEN } from '../model/once-broken.ts';
import { run, schedules, tellStory } from '../model/schedules.ts';
import { SCOPES } from '../model/scopes.ts';
import { Violation } from '../model/world.ts';

/** The same schedules every time; what chance finds beyond them is for `node test/model/main.ts`. */
const SEED = 1;
const SCHEDULES = 25_000;
/** By then each of the mistakes below is caught many times over. */
const ENOUGH = 2_000;
/** Seconds at the most, were the machine busy with other things. */
const PATIENCE = 300_000;

const brain = { plan, learn };

describe('the protocol', () => {
  test(
    `keeps every promise after every step of ${SCHEDULES} schedules, and at rest`,
    () => {
      const property = fc.property(schedules, (schedule) => void run(schedule, brain));
      const { counterexample } = fc.check(property, { seed: SEED, numRuns: SCHEDULES });
      expect(counterexample === null ? 'all hold' : tellStory(counterexample[0], brain)).toBe('all hold');
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
