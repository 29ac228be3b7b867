// Random schedules: what happens, in which order, drawn by fast-check so that a failing one shrinks to its core.

import * as fc from 'fast-check';
import type { TokenKind } from '../../src/resources/group.ts';
import { act, type Action, type Fate } from './actions.ts';
import { callByNumber } from './influxdb.ts';
import { check } from './invariants.ts';
import type { Brain } from './pass.ts';
import { comeToRest } from './quiescence.ts';
import { HOUR } from './specs.ts';
import { emptyWorld, Violation, type Settings, type World } from './world.ts';

/** One move of a schedule: an action, or a process going on with a pass for some steps and leaving it there. */
export type Move =
  Action | { readonly do: 'run'; readonly p: number; readonly name: string; readonly steps: number } | CatchUp;

interface CatchUp {
  readonly do: 'catch up';
  readonly p: number;
}

/** A whole schedule. */
export interface Schedule {
  readonly settings: Partial<Settings>;
  /** Both objects name the same Secret. */
  readonly shared: boolean;
  readonly lifetime: boolean;
  readonly moves: readonly Move[];
}

const PROCESSES = 2;

const p = fc.nat(PROCESSES - 1);
const name = fc.constantFrom('a', 'a', 'a', 'b');
const fate = fc.constantFrom<Fate[]>('done', 'never', 'later');
const n = fc.nat(7);

const work = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('run' as const), p, name, steps: fc.constant(99) }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant('run' as const), p, name, steps: fc.integer({ min: 0, max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('effect' as const), p, name }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('catch up' as const), p }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('deliver' as const),
      p,
      what: fc.constantFrom<('objects' | 'secrets' | 'cluster')[]>('objects', 'secrets', 'cluster'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('list' as const), p }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 1_000, 60_000, 600_000, 2 * HOUR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('collectGarbage' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('activate' as const) }) },
);

const faults = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('lose' as const), p, name, fate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), p, name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), p, fate }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('arrive' as const) }) },
);

const person = fc.constant(true as const);

const requests = fc.oneof(
  { weight: 2, arbitrary: fc.record({ person, name, do: fc.constant('delete' as const) }) },
  { weight: 3, arbitrary: fc.record({ person, name, do: fc.constant('create' as const), spec: fc.constant({}) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('permit' as const),
      resource: fc.constantFrom('db', 'other'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('describe' as const),
      description: fc.constantFrom('mine', 'yours', 'not valid'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('rename key' as const),
      key: fc.constantFrom('token', 'other'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ person, name, do: fc.constant('rotate' as const) }) },
  { weight: 2, arbitrary: fc.record({ person, name, do: fc.constant('rotate at once' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('policy' as const),
      policy: fc.constantFrom<('Revoke' | 'Retain')[]>('Revoke', 'Retain'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('lifetime' as const),
      lifetime: fc.constantFrom('720h', '1440h'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ person, name, do: fc.constant('suspend' as const), suspend: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ person, name, do: fc.constant('deny' as const), denied: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ person, name, do: fc.constant('suspend cluster' as const), suspended: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('move data' as const),
      dataURL: fc.constantFrom('https://influxdb.example', 'https://moved.example'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      person,
      name,
      do: fc.constant('withdrawal' as const),
      withdrawal: fc.constantFrom<('Keep' | 'Revoke')[]>('Keep', 'Revoke'),
    }),
  },
);

const secret = fc.constantFrom('a', 'a', 'b', 'shared');

const hands = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete Secret' as const), secret }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom<('create Secret' | 'edit string' | 'strip label' | 'strip ledger')[]>(
        'create Secret',
        'edit string',
        'strip label',
        'strip ledger',
      ),
      secret,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom<('forge token' | 'forge superseded')[]>('forge token', 'forge superseded'),
      secret,
      n,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom<('revoke token' | 'unmark token' | 'alter token' | 'forget token')[]>(
        'revoke token',
        'unmark token',
        'alter token',
        'forget token',
      ),
      n,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('create token' as const) }) },
);

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: work },
  { weight: 3, arbitrary: faults },
  { weight: 2, arbitrary: requests },
  { weight: 1, arbitrary: hands },
);

/** Schedules of the model. */
export const schedules: fc.Arbitrary<Schedule> = fc.record({
  settings: fc.record({
    probing: fc.boolean(),
    kind: fc.constantFrom<TokenKind[]>('DatabaseToken', 'DatabaseToken', 'ManagementToken'),
    bornWithFinalizer: fc.boolean(),
  }),
  shared: fc.boolean(),
  lifetime: fc.boolean(),
  moves: fc.array(move, { minLength: 5, maxLength: 60, size: 'max' }),
});

/** Runs a schedule to its end and to rest, telling what happens. Throws a `Violation`. */
export function run(schedule: Schedule, brain: Brain, tell: (line: string) => void = () => undefined): World {
  const w = emptyWorld(PROCESSES, schedule.settings);
  const happen = (action: Action): boolean => {
    const said = act(w, brain, action);
    if (said === undefined) return false;
    tell(said);
    check(w);
    return true;
  };
  const spec = {
    ...(schedule.shared ? { secret: { name: 'shared' } } : {}),
    ...(schedule.lifetime ? { lifetime: '720h' } : {}),
  };
  happen({ person: true, do: 'create', name: 'a', spec });
  catchUp(happen, 0);
  catchUp(happen, 1);
  for (const next of schedule.moves) {
    if (next.do === 'run') {
      happen({ do: 'start', p: next.p, name: next.name });
      for (let k = 0; k < next.steps && happen({ do: 'step', p: next.p, name: next.name }); k += 1);
    } else if (next.do === 'catch up') catchUp(happen, next.p);
    else happen(next.do === 'create' ? { ...next, spec } : next);
  }
  comeToRest(w, brain, tell);
  return w;
}

function catchUp(happen: (action: Action) => boolean, p: number): void {
  happen({ do: 'deliver', p, what: 'cluster' });
  while (happen({ do: 'deliver', p, what: 'objects' }));
  while (happen({ do: 'deliver', p, what: 'secrets' }));
}

/** The story of a schedule: what happened, line by line, and what was broken in the end, if anything was. */
export function tellStory(schedule: Schedule, brain: Brain): string {
  const lines: string[] = [];
  try {
    run(schedule, brain, (line) => lines.push(line));
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    lines.push(`=> ${error.message}`);
  }
  return lines.map((line, index) => `${String(index + 1).padStart(3)}. ${callByNumber(line)}`).join('\n');
}
