// A stranger takes the name of the Secret between each creation of a token and its write, for two days, on the model.

import { expect, test } from '@jest/globals';

import { learn } from '../../src/tokens/learn.ts';
import { plan } from '../../src/tokens/plan.ts';
import { act, type Action } from '../model/actions.ts';
import { check, isLive } from '../model/invariants.ts';
import { comeToRest } from '../model/quiescence.ts';
import { HOUR } from '../model/specs.ts';
import { emptyWorld, type World } from '../model/world.ts';

const DAYS = 2;
const brain = { plan, learn };
const secret = 'a';

function happen(w: World, ...actions: readonly Action[]): boolean {
  return actions
    .map((action) => {
      const said = act(w, brain, action);
      check(w);
      return said !== undefined;
    })
    .some(Boolean);
}

function hear(w: World): void {
  while (happen(w, { do: 'deliver', p: 0, what: 'objects' }, { do: 'deliver', p: 0, what: 'secrets' }));
}

/** One pass, in which the stranger comes before the write; afterwards the name is free again. */
function robbedPass(w: World): void {
  hear(w);
  happen(w, { do: 'start', p: 0, name: 'a' });
  for (;;) {
    if (w.processes[0]?.passes.get('a')?.request.ask.do === 'publish') happen(w, { do: 'create Secret', secret });
    if (!happen(w, { do: 'step', p: 0, name: 'a' })) break;
  }
  happen(w, { do: 'delete Secret', secret });
}

test('who takes the name of a Secret again and again for two days costs two dozen tokens, all of which are revoked', () => {
  const w = emptyWorld(1);
  happen(w, { person: true, do: 'create', name: 'a', spec: {} }, { do: 'deliver', p: 0, what: 'cluster' });
  const end = w.now + DAYS * 24 * HOUR;
  while (w.now < end) {
    robbedPass(w);
    const wakeAt = w.processes[0]?.kept.get('a')?.wakeAt ?? Infinity;
    happen(w, { do: 'wait', ms: Math.max(1, Math.min(wakeAt - w.now, 60_000)) });
  }
  expect(w.tokens.size).toBeGreaterThan(10);
  expect(w.tokens.size).toBeLessThanOrEqual(24);
  expect([...w.tokens.values()].filter(isLive)).toEqual([]);
  // Once it stops, the token is issued when the next try is due.
  happen(w, { do: 'wait', ms: 4 * HOUR });
  comeToRest(w, brain, () => undefined);
  expect([...w.tokens.values()].filter(isLive)).toHaveLength(1);
});
