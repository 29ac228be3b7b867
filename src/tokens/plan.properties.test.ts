import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { failure, observed, reality, type Reality } from '../../test/any-observed.ts';
import { DAY, HOUR, id, NOW, REFERENCE, serverToken } from '../../test/builders.ts';
import { story, type Story } from '../../test/story.ts';
import { isOurs } from './marker.ts';
import type { Observed } from './observed.ts';
import type { Outcome } from './outcome.ts';
import type { Step } from './step.ts';

function tell(o: Observed, { stranger, revoked, unknown, knowsUs }: Reality): Story {
  const one = story(o);
  if (stranger !== undefined) one.world.tokens.set(id(stranger), serverToken(stranger, { description: 'root' }));
  if (revoked !== undefined) one.world.tokens.set(id(revoked), serverToken(revoked, { revokedAt: NOW - DAY }));
  if (unknown !== undefined) one.world.tokens.delete(id(unknown));
  return one.when((step, seen) => {
    const outcome = step.do === 'takeInventory' ? one.world.carryOut(step, seen, one.now) : undefined;
    return outcome?.got === 'inventory'
      ? { got: 'inventory', inventory: { ...outcome.inventory, knowsUs } }
      : undefined;
  });
}

/** What fails next, if it is the step's to fail so. */
function failing(step: Step, left: (Outcome | undefined)[]): Outcome | undefined {
  if (step.do === 'remember' || step.do === 'probe') return undefined;
  const next = left.shift();
  if (next?.got !== 'failure') return undefined;
  return OUTSIDE.has(step.do) === (next.failure.of === 'issuer') ? next : undefined;
}

const OUTSIDE: ReadonlySet<Step['do']> = new Set(['mint', 'probe', 'lookUp', 'change', 'revoke', 'takeInventory']);

/** Follows a pass step by step and says what must never happen in one. */
function guard(one: Story): { violations: string[] } {
  const violations: string[] = [];
  let rehearsed = false;
  const looked = new Map<string, boolean>();
  one.when((step, o) => {
    const { secret } = one.world;
    if (step.do === 'rehearse') rehearsed = true;
    if (step.do === 'mint' && !rehearsed) violations.push('minted without a rehearsal');
    if (step.do === 'mint') rehearsed = false;
    if (step.do === 'lookUp')
      looked.set(
        step.id,
        isOurs(one.world.tokens.get(step.id)?.description ?? '', o.installation, o.object.metadata.uid),
      );
    if (step.do === 'revoke' && looked.get(step.id) !== true)
      violations.push(`revoked ${step.id}, which the server did not show to be ours`);
    const living = o.object.metadata.deletionTimestamp === undefined || o.object.spec.deletionPolicy === 'Retain';
    if (step.do === 'revoke' && living && secret?.ledger?.object === REFERENCE && secret.ledger.tokenID === step.id)
      violations.push(`revoked ${step.id}, which the Secret names`);
    const suspended = o.object.spec.suspend === true || o.cluster?.suspended === true;
    if (suspended && OUTSIDE.has(step.do)) violations.push(`${step.do} while suspended`);
    if (OUTSIDE.has(step.do) && o.cluster === undefined) violations.push(`${step.do} without a cluster`);
    const blind = o.wanted === undefined || o.cluster === undefined || o.cluster.hindrance?.reason === 'InvalidSpec';
    if (blind && ['publish', 'rewrite', 'rehearse', 'mint'].includes(step.do))
      violations.push(`${step.do} without knowing what the Secret should hold`);
    return undefined;
  });
  return { violations };
}

test('whatever is observed, a pass comes to an end and keeps the rules', () => {
  fc.assert(
    fc.property(observed, reality, (o, real) => {
      const one = story(o);
      const { violations } = guard(one);
      const told = one.run();
      expect(violations).toEqual([]);
      expect(told.steps.length).toBeLessThanOrEqual(64);
      const other = tell(o, real);
      const guarded = guard(other);
      other.run();
      expect(guarded.violations).toEqual([]);
    }),
    { numRuns: 2_000 },
  );
});

test('whatever fails, a pass comes to an end, keeps the rules, and comes back', () => {
  fc.assert(
    fc.property(observed, fc.array(fc.option(failure, { nil: undefined }), { maxLength: 12 }), (o, failures) => {
      const one = story(o);
      const { violations } = guard(one);
      const left = [...failures];
      one.when((step) => failing(step, left));
      const told = one.run();
      expect(violations).toEqual([]);
      const failed = !told.over && told.o.memory.setback !== undefined && told.o.memory.setback !== o.memory.setback;
      expect(failed ? (told.wakeAt ?? Infinity) : NOW).toBeLessThan(NOW + HOUR);
    }),
    { numRuns: 2_000 },
  );
});

test('a string in memory is lost only by writing it, giving it up or with its object', () => {
  fc.assert(
    fc.property(observed, fc.array(fc.option(failure, { nil: undefined }), { maxLength: 8 }), (o, failures) => {
      const one = story(o);
      const left = [...failures];
      const named = new Set<string>();
      const note = (): undefined => {
        const { tokenID, superseded = [] } = one.world.secret?.ledger ?? {};
        for (const token of [tokenID, ...superseded.map((entry) => entry.id)])
          if (token !== undefined) named.add(token);
      };
      one.when(note);
      one.when((step) => failing(step, left));
      const { o: after, over, steps } = one.run();
      note();
      const made = [
        o.memory.pending?.created.info.id,
        ...[...one.world.tokens.keys()].filter((token) => Number(token.slice(-12)) > 100),
      ];
      for (const token of made) {
        if (token === undefined || over || after.memory.pending?.created.info.id === token) continue;
        const attempt = /[0-9a-f]{16}(?=\]$)/.exec(one.world.tokens.get(token)?.description ?? '')?.[0];
        const givenUp =
          after.memory.ended.includes(token) ||
          after.memory.unsettled.some((entry) => entry.attempt === attempt) ||
          steps.some(
            (step) =>
              step.do === 'remember' &&
              step.memory.pending?.givenUp === true &&
              step.memory.pending.created.info.id === token,
          ) ||
          o.memory.pending?.givenUp === true;
        expect({ token, kept: named.has(token) || givenUp }).toEqual({ token, kept: true });
      }
    }),
    { numRuns: 2_000 },
  );
});

test('an object that comes to rest stays at rest: the next pass, a moment later, asks for nothing', () => {
  fc.assert(
    fc.property(observed, (o) => {
      const one = story(o);
      let told = one.run();
      for (let passes = 0; !told.over && passes < 10; passes += 1) told = one.later(HOUR).run();
      if (told.over) return;
      const { status } = told.o.object;
      const again = one.later(1).run();
      expect(again.told.filter((step) => !step.startsWith('look'))).toEqual([]);
      expect(again.o.object.status).toBe(status);
    }),
    { numRuns: 1_000 },
  );
});
