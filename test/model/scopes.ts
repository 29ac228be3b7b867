// The scopes that are explored exhaustively: each begins in the middle of something.

import { act, type Action } from './actions.ts';
import type { Scope } from './explore.ts';
import { emptyWorld } from './world.ts';

const PROCESSES = 2;

/** A world in which these things have happened. */
function after(...actions: readonly (Action | readonly Action[])[]): Scope['start'] {
  return (brain) => {
    const w = emptyWorld(PROCESSES);
    for (const action of actions.flat()) act(w, brain, action);
    return w;
  };
}

const create: Action = { person: true, do: 'create', name: 'a', spec: { lifetime: '720h' } };
const longer: Action = { person: true, do: 'lifetime', name: 'a', lifetime: '1440h' };
const asBefore: Action = { person: true, do: 'lifetime', name: 'a', lifetime: '720h' };
const rotate: Action = { person: true, do: 'rotate', name: 'a' };
const remove: Action = { person: true, do: 'delete', name: 'a' };

/** A process hears of everything so far. */
function hear(p: number): Action[] {
  const all: Action[] = [{ do: 'deliver', p, what: 'cluster' }];
  for (let k = 0; k < 8; k += 1) all.push({ do: 'deliver', p, what: 'objects' }, { do: 'deliver', p, what: 'secrets' });
  return all;
}

/** A process begins a pass and goes so many steps with it. */
function pass(p: number, steps: number): Action[] {
  const all: Action[] = [{ do: 'start', p, name: 'a' }];
  for (let k = 0; k < steps; k += 1) all.push({ do: 'step', p, name: 'a' });
  return all;
}

const issued = [create, ...hear(0), ...pass(0, 8), ...hear(0), ...hear(1)];

/** Process 1 takes an inventory: it begins, and it ends. */
const inventory: Action[] = [
  { do: 'list', p: 1 },
  { do: 'list', p: 1 },
];

/** Process 0 fell asleep with a successor in memory, about to write it; meanwhile nobody wants that successor any more. */
const asleep = [...issued, longer, ...hear(0), ...pass(0, 3), asBefore, ...hear(1), ...inventory];

/** What is explored, small enough for every test run. */
export const SCOPES: readonly Scope[] = [
  { name: 'a new object, two processes', start: after(create, hear(0), hear(1)), events: [], faults: 1, depth: 6 },
  {
    name: 'a rotation that both have heard of',
    start: after(issued, rotate, hear(0), hear(1)),
    events: [],
    faults: 1,
    depth: 6,
  },
  { name: 'a sleeper with a successor, and one who tidies up', start: after(asleep), events: [], faults: 0, depth: 9 },
  {
    name: 'a sleeper with a successor, and a stranger who deletes the Secret',
    start: after(asleep),
    events: [{ do: 'delete Secret', secret: 'a' }],
    faults: 0,
    depth: 7,
  },
  {
    name: 'a deletion while a token is being issued',
    start: after(create, hear(0), hear(1)),
    events: [remove],
    faults: 0,
    depth: 7,
  },
];
