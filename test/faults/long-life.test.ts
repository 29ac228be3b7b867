import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { readLedger } from '../../src/tokens/ledger.ts';
import { Consumer, refusals, type Supply } from '../consumer/consumer.ts';
import { GuardedProcesses } from '../guarded-processes.ts';
import { finale } from '../operator/finale.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { endOf, livesOf, tokensOf, type Life } from './lives.ts';

jest.setTimeout(600_000);

/** How an object asks for its tokens, in seconds. */
interface Age {
  readonly lifetime: number;
  /** Absent: a third of the lifetime. */
  readonly renewBefore?: number;
  /** Absent: to the token's own end. */
  readonly overlap?: number;
}

const BRIEF: Age = { lifetime: 24, renewBefore: 12, overlap: 4 };
const TO_ITS_END: Age = { lifetime: 30 };
const GENEROUS: Age = { lifetime: 40, renewBefore: 20, overlap: 15 };
const AGES: readonly { readonly age: Age; readonly objects: number }[] = [
  { age: BRIEF, objects: 12 },
  { age: TO_ITS_END, objects: 7 },
  { age: GENEROUS, objects: 7 },
];
const SUPPLIES: readonly Supply[] = ['file', 'environment'];
const AGE_OF = new Map<string, Age>([
  ...AGES.flatMap(({ age, objects }) =>
    Array.from({ length: objects }, (_, at): [string, Age] => [`lives-${age.lifetime}s-${at}`, age]),
  ),
  ...SUPPLIES.map((supply): [string, Age] => [`by-${supply}`, GENEROUS]),
]);
const NAMES = [...AGE_OF.keys()];

/** So many renewals of each object that lives briefly; two thirds as many of the others fall into the same time. */
const RENEWALS = 10;
/** The server's clock is ahead by so much, milliseconds. */
const SKEW = 7_400;
/** A renewal is brought forward by up to this part of `renewBefore`. */
const SPREAD = 0.05;
/** Schedules have whole seconds, and so has the `Date` by which the operator knows the server's clock. */
const WHOLE_SECONDS = 2_000;

let stage: Stage;
let scene: Scene;
let processes: GuardedProcesses;
let readySince: readonly (string | undefined)[];
let lives: ReadonlyMap<string, readonly Life[]>;
const consumers: Consumer[] = [];

beforeAll(async () => {
  stage = await Stage.start({ operatorFlags: ['--minimum-lifetime=1s', '--inventory-interval=10s'] });
  processes = await GuardedProcesses.create('influxtokens-long-life');
  scene = await stage.scene('years', {
    simulator: { databases: ['sensors'], activationDelay: 1_000, clockSkew: SKEW },
  });
});

afterAll(async () => {
  await processes.end();
  await stage.stop();
});

/** Since when each object has its present Ready; throws unless that is True. */
async function ready(): Promise<readonly (string | undefined)[]> {
  return Promise.all(
    NAMES.map(async (name) => {
      const { status, lastTransitionTime } = await scene.waitForCondition(name, { type: 'Ready', status: 'True' });
      return `${name} ${status} ${lastTransitionTime}`;
    }),
  );
}

/** Each pair of a token and its successor. */
function successions(): { name: string; age: Age; life: Life; next: Life }[] {
  return [...lives].flatMap(([name, own]) =>
    own.slice(1).map((next, before) => ({ name, age: AGE_OF.get(name)!, life: own[before]!, next })),
  );
}

function renewBeforeOf({ lifetime, renewBefore = lifetime / 3 }: Age): number {
  return renewBefore * 1_000;
}

test(`${NAMES.length} tokens live through ${RENEWALS} renewals, two of them in use all the time`, async () => {
  const permissions = ['read', 'write'].map((action) => ({ action, resource: 'sensors' }));
  await Promise.all(
    [...AGE_OF].map(([name, { lifetime, renewBefore, overlap }]) => {
      const rotation = {
        ...(renewBefore === undefined ? {} : { renewBefore: `${renewBefore}s` }),
        ...(overlap === undefined ? {} : { overlap: `${overlap}s` }),
      };
      return scene.apply(name, { permissions, lifetime: `${lifetime}s`, rotation });
    }),
  );
  readySince = await ready();
  for (const supply of SUPPLIES) consumers.push(await Consumer.start(processes, scene, `by-${supply}`, supply));

  const briefly = NAMES.filter((name) => AGE_OF.get(name) === BRIEF);
  const renewed = async (): Promise<boolean> => {
    const now = await tokensOf(scene, briefly);
    return [...now.values()].every(({ length }) => length > RENEWALS);
  };
  await waitFor(renewed, { what: 'all renewals', timeout: 480_000 });
  for (const consumer of consumers) await consumer.stop();
  lives = await livesOf(scene, NAMES, SKEW);
});

test('an application is told no 401 after its first 200, whether its token is in a file or in its environment', async () => {
  for (const consumer of consumers) {
    expect(await refusals(consumer)).toEqual([]);
    expect((await consumer.answers()).length).toBeGreaterThan(200);
  }
  const [byFile, byEnvironment] = consumers;
  expect(byFile?.starts).toBe(1);
  expect(byEnvironment?.starts).toBeGreaterThan(RENEWALS / 3);
});

test('nor would any other application: what a Secret holds is taken from the moment it is written', () => {
  expect(successions().filter(({ next }) => next.writtenAt !== undefined && next.writtenAt < next.activeAt)).toEqual(
    [],
  );
  expect(
    successions().filter(({ life, next }) => next.writtenAt !== undefined && endOf(life) <= next.writtenAt),
  ).toEqual([]);
});

test('no object was ever not Ready in between', async () => {
  expect(await ready()).toEqual(readySince);
});

test('never are two renewals of one object under way: each token is in the Secret before the next is created', () => {
  expect(successions().filter(({ life }) => life.writtenAt === undefined)).toEqual([]);
});

test('no overlap is shorter than asked, and those to its own end of a token are so', () => {
  const cut = successions().filter(({ age, life, next }) => {
    const asked = age.overlap === undefined ? Infinity : (next.writtenAt ?? Infinity) + age.overlap * 1_000;
    return endOf(life) < Math.min(asked, life.expiresAt);
  });
  expect(cut).toEqual([]);
  // Which an operator that never revokes would pass as well.
  const revoked = successions().filter(({ life }) => endOf(life) < life.expiresAt);
  expect(new Set(revoked.map(({ age }) => age))).toEqual(new Set([BRIEF, GENEROUS]));
});

test('each renewal comes when it is due, and so the number of tokens is what the arithmetic says', () => {
  const untimely = successions().filter(({ age, life, next }) => {
    const earliest = life.expiresAt - renewBeforeOf(age) * (1 + SPREAD) - WHOLE_SECONDS;
    return next.createdAt < earliest || next.createdAt >= life.expiresAt;
  });
  expect(untimely).toEqual([]);
  for (const [name, own] of lives) {
    const age = AGE_OF.get(name)!;
    const [longest, shortest] = [
      age.lifetime * 1_000,
      age.lifetime * 1_000 - renewBeforeOf(age) * (1 + SPREAD) - WHOLE_SECONDS,
    ];
    const lasted = own.at(-1)!.createdAt - own[0]!.createdAt;
    expect(own.length - 1).toBeGreaterThanOrEqual(Math.floor(lasted / longest));
    expect(own.length - 1).toBeLessThanOrEqual(Math.ceil(lasted / shortest));
  }
});

test('no request was made in vain: as many creations as tokens', () => {
  const creations = scene.simulator.requests.filter(
    ({ method, path }) => method === 'POST' && path.endsWith('/tokens'),
  );
  expect(creations.every(({ status }) => status === 200)).toBe(true);
  expect(new Set(creations.map(({ tokenId }) => tokenId)).size).toBe(scene.simulator.tokens().length);
});

test('every token but the current one, and those in their overlap, is revoked or has expired', async () => {
  for (const name of NAMES) {
    const settled = async (): Promise<boolean> => {
      const own = (await tokensOf(scene, [name])).get(name) ?? [];
      const now = Date.now() + SKEW;
      // Read later, so it names all of these that it is to name, but for the last: that may be on its way into the Secret.
      const { annotations = {} } = (await scene.secret(name)).metadata;
      const { tokenID, superseded = [] } = readLedger(annotations) ?? {};
      const named = new Set([
        tokenID,
        ...superseded.filter(({ revokeAfter }) => revokeAfter > now).map(({ id }) => id),
      ]);
      const left = own.slice(0, -1).filter((token) => endOf(token) > now && !named.has(token.id));
      if (left.length > 0) throw new Error(left.map(({ id }) => id).join(', '));
      return true;
    };
    await waitFor(settled, { what: `nothing but what Secret ${name} names to be alive` });
  }
});

test('when the objects go, no token is left alive', async () => {
  await Promise.all(NAMES.map((name) => scene.delete(name)));
  await Promise.all(NAMES.map((name) => scene.waitForEnd(name)));
  const now = Date.now() + SKEW;
  expect(scene.liveTokens().filter(({ expiresAt = Infinity }) => expiresAt > now)).toEqual([]);
});

finale(() => stage);
