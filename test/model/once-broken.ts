// Schedules that once broke a promise, shrunk to their core: random ones come upon the like only now and then.

import type { Schedule } from './schedules.ts';

/** A schedule, and what went wrong in it. */
export interface OnceBroken {
  readonly name: string;
  readonly schedule: Schedule;
}

const settings = { probing: false } as const;
const plain = { settings, shared: false, lifetime: false } as const;
const person = true;
const a = 'a';

export const ONCE_BROKEN: readonly OnceBroken[] = [
  {
    name: 'a Secret rewritten on an old spec by a process that crashed right after was taken as it stood',
    schedule: {
      ...plain,
      moves: [
        { do: 'run', p: 1, name: a, steps: 1 },
        { person, name: a, do: 'rename key', key: 'other' },
        { do: 'catch up', p: 0 },
        { do: 'run', p: 0, name: a, steps: 99 },
        { do: 'run', p: 1, name: a, steps: 99 },
        { do: 'crash', p: 0, fate: 'done' },
        { do: 'run', p: 0, name: a, steps: 99 },
      ],
    },
  },
  {
    name: 'the Secret of an object was taken for that of a former one by a process that had not heard of the later one',
    schedule: {
      ...plain,
      moves: [
        { do: 'run', p: 1, name: a, steps: 99 },
        { person, name: a, do: 'delete' },
        { do: 'run', p: 0, name: a, steps: 99 },
        { do: 'run', p: 0, name: a, steps: 99 },
        { person, name: a, do: 'create', spec: {} },
        { do: 'collectGarbage' },
        { do: 'crash', p: 0, fate: 'done' },
        { do: 'run', p: 0, name: a, steps: 99 },
        { do: 'run', p: 1, name: a, steps: 99 },
        { do: 'wait', ms: 7_200_000 },
        { do: 'run', p: 1, name: a, steps: 99 },
      ],
    },
  },
  {
    name: 'a token was revoked for want of access that had come back, and was issued between two looks',
    schedule: {
      ...plain,
      moves: [
        { person, name: a, do: 'deny', denied: true },
        { person, name: a, do: 'withdrawal', withdrawal: 'Revoke' },
        { do: 'run', p: 0, name: a, steps: 5 },
        { do: 'catch up', p: 1 },
        { do: 'catch up', p: 0 },
        { do: 'run', p: 1, name: a, steps: 99 },
        { do: 'run', p: 0, name: a, steps: 1 },
        { person, name: a, do: 'deny', denied: false },
        { do: 'crash', p: 1, fate: 'done' },
        { do: 'run', p: 1, name: a, steps: 4 },
        { do: 'run', p: 0, name: a, steps: 99 },
      ],
    },
  },
  {
    name: 'a string that was edited between the look at a Secret and the rewrite of its ledger passed for ours',
    schedule: {
      ...plain,
      moves: [
        { do: 'run', p: 0, name: a, steps: 99 },
        { do: 'catch up', p: 0 },
        { person, name: a, do: 'rotate at once' },
        { do: 'catch up', p: 0 },
        { do: 'run', p: 0, name: a, steps: 7 },
        { do: 'edit string', secret: a },
        { do: 'run', p: 0, name: a, steps: 99 },
      ],
    },
  },
  {
    name: 'a successor whose write had arrived unheard was revoked in the Secret, because a stranger had taken the annotations off since',
    schedule: {
      ...plain,
      moves: [
        { do: 'run', p: 0, name: a, steps: 99 },
        { person, name: a, do: 'rotate at once' },
        { do: 'catch up', p: 0 },
        { do: 'run', p: 0, name: a, steps: 3 },
        { do: 'lose', p: 0, name: a, fate: 'done' },
        { do: 'strip ledger', secret: a },
        { do: 'list', p: 0 },
        { do: 'lose', p: 0, name: a, fate: 'done' },
        { do: 'run', p: 0, name: a, steps: 0 },
        { do: 'list', p: 0 },
      ],
    },
  },
  {
    name: 'a rotation was forgotten with the Secret while another process had an older token in hand, and was rightly done again',
    schedule: {
      ...plain,
      moves: [
        { do: 'run', p: 0, name: a, steps: 3 },
        { do: 'run', p: 1, name: a, steps: 99 },
        { do: 'lose', p: 0, name: a, fate: 'done' },
        { person, name: a, do: 'rotate at once' },
        { do: 'catch up', p: 1 },
        { do: 'run', p: 1, name: a, steps: 4 },
        { do: 'delete Secret', secret: a },
        { do: 'run', p: 0, name: a, steps: 99 },
        { do: 'deliver', p: 0, what: 'objects' },
        { do: 'wait', ms: 1 },
        { do: 'list', p: 0 },
        { do: 'run', p: 0, name: a, steps: 99 },
      ],
    },
  },
];
