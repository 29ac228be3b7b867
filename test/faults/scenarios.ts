// What can happen to a token, each with what it comes to: the table that crashes and bad answers are tried on.

import type { TokenKind } from '../../src/resources/group.ts';
import type { Reason } from '../../src/resources/reasons.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { LEDGER, readLedger } from '../../src/tokens/ledger.ts';
import type { Trial } from './trial.ts';

/** Something that is done to an object, and how it ends. */
export interface Scenario {
  readonly title: string;
  /** Of objects and namespaces. */
  readonly prefix: string;
  /** Of the tokens that it is about; all unless told. */
  readonly kind?: TokenKind;
  /** What is issued beforehand; absent: there is nothing yet. */
  readonly before?: Readonly<Record<string, unknown>>;
  /** Reads a database of its own besides the one of all. */
  readonly ownDatabase?: true;
  readonly act: (trial: Trial, name: string) => Promise<void>;
  /** What is not done yet, in words; `undefined` when it is. */
  readonly missing: (end: End) => string | undefined;
  /** Tokens that live in the end. */
  readonly live: number;
  /** Tokens that are made when nothing goes wrong, those of the beginning included. */
  readonly made: number;
}

/** How things stand with one object. */
export interface End {
  readonly object: TokenObject | undefined;
  /** Of its Secret, decoded; absent when there is none. */
  readonly data: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** `action resource` of the live tokens, sorted. */
  readonly permissions: readonly string[];
}

const NONCE = 'please';
const READ = { action: 'read', resource: 'sensors' } as const;
const WRITE = { action: 'write', resource: 'sensors' } as const;

const SCENARIOS: readonly Scenario[] = [
  {
    title: 'an issue',
    prefix: 'issue',
    act: (trial, name) => trial.scene.apply(name),
    missing: ready,
    live: 1,
    made: 1,
  },
  {
    title: 'an issue into a Secret that is to be retained',
    prefix: 'retain',
    act: (trial, name) => trial.scene.apply(name, { deletionPolicy: 'Retain' }),
    missing: ready,
    live: 1,
    made: 1,
  },
  {
    title: 'a change of the permissions',
    prefix: 'update',
    kind: 'DatabaseToken',
    before: { permissions: [READ] },
    act: (trial, name) => trial.scene.change(name, { spec: { permissions: [READ, WRITE] } }),
    missing: (end) => ready(end) ?? unless(end.permissions.length === 2, `permissions are ${end.permissions.join()}`),
    live: 1,
    made: 1,
  },
  {
    title: 'a change of what cannot be changed in place',
    prefix: 'describe',
    kind: 'ManagementToken',
    before: { rotation: { overlap: '0s' } },
    act: (trial, name) =>
      trial.scene.change(name, { spec: { description: `${trial.scene.namespace}/${name} [anew]` } }),
    missing: (end) => ready(end) ?? superseded(end, 0),
    live: 1,
    made: 2,
  },
  {
    title: 'a change of the keys',
    prefix: 'rekey',
    before: {},
    act: (trial, name) => trial.scene.change(name, { spec: { secret: { keys: { token: 'TOKEN', url: 'URL' } } } }),
    missing: (end) => ready(end) ?? unless(keysOf(end) === 'TOKEN,URL', `the keys are ${keysOf(end)}`),
    live: 1,
    made: 1,
  },
  {
    title: 'a rotation without overlap',
    prefix: 'rotate',
    before: { rotation: { overlap: '0s' } },
    act: (trial, name) => trial.scene.annotate(name, { 'influxtokens.dev/rotate': NONCE }),
    missing: (end) => ready(end) ?? handled(end, LEDGER.handledRotation) ?? superseded(end, 0),
    live: 1,
    made: 2,
  },
  {
    title: 'a rotation with an overlap',
    prefix: 'overlap',
    before: { rotation: { overlap: '1h' } },
    act: (trial, name) => trial.scene.annotate(name, { 'influxtokens.dev/rotate': NONCE }),
    missing: (end) => ready(end) ?? handled(end, LEDGER.handledRotation) ?? superseded(end, 1),
    live: 2,
    made: 2,
  },
  {
    title: 'the response to a leak',
    prefix: 'leak',
    before: {},
    act: (trial, name) => trial.scene.annotate(name, { 'influxtokens.dev/rotate-immediately': NONCE }),
    missing: (end) => ready(end) ?? handled(end, LEDGER.handledRotationImmediately) ?? superseded(end, 0),
    live: 1,
    made: 2,
  },
  {
    title: 'a change of the end',
    prefix: 'end',
    before: { expiresAt: '2035-01-01T00:00:00Z', rotation: { overlap: '0s' } },
    act: (trial, name) => trial.scene.change(name, { spec: { expiresAt: '2036-01-01T00:00:00Z' } }),
    missing: (end) =>
      ready(end) ??
      superseded(end, 0) ??
      unless(end.annotations[LEDGER.expiresAt]?.startsWith('2036') === true, 'the end is the old one'),
    live: 1,
    made: 2,
  },
  {
    title: 'a withdrawal of access',
    prefix: 'withdraw',
    kind: 'DatabaseToken',
    before: {},
    ownDatabase: true,
    act: (trial, name) => trial.allow(name, false),
    missing: (end) => says(end, 'AccessDenied') ?? unless(end.data === undefined, 'the Secret is still there'),
    live: 0,
    made: 1,
  },
  {
    title: 'the deletion of the Secret',
    prefix: 'unsecret',
    before: { rotation: { overlap: '0s' } },
    act: (trial, name) => trial.scene.deleteSecret(name),
    missing: (end) => ready(end) ?? superseded(end, 0),
    live: 1,
    made: 2,
  },
  {
    title: 'a deletion',
    prefix: 'delete',
    before: {},
    act: (trial, name) => trial.scene.delete(name),
    missing: (end) => gone(end) ?? unless(end.data === undefined, 'the Secret is still there'),
    live: 0,
    made: 1,
  },
  {
    title: 'a deletion that retains the token',
    prefix: 'leave',
    before: { deletionPolicy: 'Retain' },
    act: (trial, name) => trial.scene.delete(name),
    missing: (end) => gone(end) ?? unless(end.data !== undefined, 'the Secret is gone'),
    live: 1,
    made: 1,
  },
];

/** Those that tokens of a kind can play. */
export function scenariosFor(kind: TokenKind): readonly Scenario[] {
  return SCENARIOS.filter((each) => each.kind === undefined || each.kind === kind);
}

/** The scenario with that prefix. */
export function scenario(prefix: string): Scenario {
  const found = SCENARIOS.find((each) => each.prefix === prefix);
  if (found === undefined) throw new Error(`there is no scenario ${prefix}`);
  return found;
}

/** What is missing of the end of a scenario for an object, in words; `undefined` when it is reached. */
export async function missing(scenario: Scenario, trial: Trial, name: string): Promise<string | undefined> {
  const secret = await trial.scene.findSecret(name);
  const tokens = trial.tokensOf(name).filter(({ revokedAt }) => revokedAt === undefined);
  const end: End = {
    object: await trial.scene.find(name),
    data: secret?.data,
    annotations: secret?.metadata.annotations ?? {},
    permissions: tokens
      .flatMap(({ permissions }) => permissions.map((each) => `${each.action} ${each.resource}`))
      .sort(),
  };
  return scenario.missing(end) ?? unless(tokens.length === scenario.live, `${tokens.length} tokens of ${name} live`);
}

/** Whether the object of a scenario is at rest with its present spec. */
export function ready(end: Pick<End, 'object'>): string | undefined {
  return says(end, 'Issued');
}

function says({ object }: Pick<End, 'object'>, reason: Reason): string | undefined {
  if (object === undefined) return 'the object is gone';
  const { metadata, status } = object;
  const condition = status?.conditions?.find(({ type }) => type === 'Ready');
  const fits = condition?.reason === reason && condition.observedGeneration === metadata.generation;
  return unless(fits, `${metadata.name} is ${JSON.stringify(condition)} at generation ${metadata.generation}`);
}

function gone({ object }: End): string | undefined {
  return unless(object === undefined, `the object is still there: ${JSON.stringify(object?.status?.conditions)}`);
}

function handled({ annotations }: End, annotation: string): string | undefined {
  return unless(annotations[annotation] === NONCE, 'the rotation is not handled');
}

function superseded({ annotations }: End, count: number): string | undefined {
  const found = readLedger(annotations)?.superseded.length;
  return unless(found === count, `${found} tokens are superseded`);
}

function keysOf({ data = {} }: End): string {
  return Object.keys(data).sort().join();
}

function unless(fine: boolean, wrong: string): string | undefined {
  return fine ? undefined : wrong;
}
