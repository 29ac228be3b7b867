// The fields and rules of a request for a token that DatabaseToken and ManagementToken have in common.

import * as z from 'zod';
import { DURATION_PATTERN, parseDuration } from './duration.ts';
import { duration, instant, isDurationCel, objectName, oneLine, positiveDuration } from './rules.ts';
import { type Rule, text, type TransitionRule, withRules } from './schema.ts';

/** How the text begins by which a token is known to be ours, at the end of its description. Nobody else may write it there. */
export const MARKER_START = '[influxtokens ';

/** The InfluxDBCluster that a token object means when it names none. */
export const DEFAULT_CLUSTER = 'default';

/** The longest description that a token may be given, in characters; our marker comes after it. */
export const LONGEST_DESCRIPTION = 128;

/** Fields of a spec that every kind of token has, but `secret`. */
export const commonFields = {
  clusterRef: z
    .exactOptional(
      z
        .object({ name: objectName.meta({ description: 'Name of the InfluxDBCluster.' }) })
        .meta({ 'x-kubernetes-map-type': 'atomic' }),
    )
    .meta({
      description: `The InfluxDBCluster that the token is issued on. Default: the one named "${DEFAULT_CLUSTER}". Cannot be changed.`,
    }),
  description: z
    .exactOptional(
      withRules(text(LONGEST_DESCRIPTION), [
        oneLine,
        {
          cel: `!self.contains('${MARKER_START}')`,
          check: (self) => !self.includes(MARKER_START),
          message: `must not contain "${MARKER_START}", by which the operator knows its own tokens; use other words`,
        },
      ]),
    )
    .meta({
      description:
        `What the token is called in InfluxDB, in one line of at most ${LONGEST_DESCRIPTION} characters. ` +
        'Default: <namespace>/<name> of this object. Example: Telegraf in metrics.',
    }),
  expiresAt: z.exactOptional(instant).meta({
    description:
      'A fixed end of the token (RFC 3339); it is not renewed. At most one of expiresAt and lifetime; with neither, the token does not expire. ' +
      'A change issues a new token. Example: 2030-01-01T00:00:00Z.',
  }),
  lifetime: z.exactOptional(positiveDuration).meta({
    description:
      'How long each token lives, as a duration of hours, minutes and seconds; it is renewed before it ends. At least 1h, unless the operator is ' +
      'told otherwise. At most one of expiresAt and lifetime; with neither, the token does not expire. A change issues a new token. ' +
      'Example: 720h, which is 30 days.',
  }),
  rotation: z
    .exactOptional(
      z.object({
        renewBefore: z.exactOptional(positiveDuration).meta({
          description:
            'How long before the end of its lifetime a token is renewed, as a duration. Only with lifetime, and shorter than it. ' +
            'Default: a third of the lifetime. Example: 240h.',
        }),
        overlap: z.exactOptional(duration).meta({
          description:
            'How long the old token lives on after its successor was written to the Secret, as a duration: applications that hold it in their ' +
            'environment need a restart meanwhile. Default: until the old token expires by itself, or 24h when it does not. Example: 24h.',
        }),
      }),
    )
    .meta({
      description:
        'When tokens are replaced. A token is also replaced, once, when the annotation influxtokens.dev/rotate gets a new value.',
    }),
  deletionPolicy: z.exactOptional(z.enum(['Revoke', 'Retain'])).meta({
    description:
      'What becomes of the token and its Secret when this object is deleted. Revoke: both go. Retain: both stay, and nobody manages them any more. ' +
      'Default: Revoke.',
  }),
  suspend: z.exactOptional(z.boolean()).meta({
    description:
      'While true, nothing is issued, changed or revoked for this object; a deletion waits as well. Default: false.',
  }),
};

/** What the rules of every token spec look at. */
export interface Schedule {
  readonly expiresAt?: string;
  readonly lifetime?: string;
  readonly rotation?: { readonly renewBefore?: string };
}

const durationForm = new RegExp(DURATION_PATTERN);

/** Whether both are durations, and the first is the shorter one. What is no duration is told elsewhere. */
function isShorter(one: string, other: string): boolean {
  return !durationForm.test(one) || !durationForm.test(other) || parseDuration(one) < parseDuration(other);
}

/** Rules between the fields of a spec that every kind of token has. */
export const commonRules: readonly Rule<Schedule>[] = [
  {
    cel: '!(has(self.expiresAt) && has(self.lifetime))',
    check: (self) => self.expiresAt === undefined || self.lifetime === undefined,
    message: 'must not stand beside lifetime; keep expiresAt for a fixed end, or lifetime for a token that is renewed',
    path: ['expiresAt'],
  },
  {
    cel: '!self.?rotation.?renewBefore.hasValue() || has(self.lifetime)',
    check: (self) => self.rotation?.renewBefore === undefined || self.lifetime !== undefined,
    message: 'needs lifetime, because only a token with a lifetime is renewed; set lifetime or remove renewBefore',
    path: ['rotation', 'renewBefore'],
  },
  {
    cel:
      '!self.?rotation.?renewBefore.hasValue() || !has(self.lifetime)' +
      ` || !${isDurationCel('self.rotation.renewBefore')} || !${isDurationCel('self.lifetime')}` +
      ' || duration(self.rotation.renewBefore) < duration(self.lifetime)',
    check: ({ lifetime, rotation: { renewBefore } = {} }) =>
      renewBefore === undefined || lifetime === undefined || isShorter(renewBefore, lifetime),
    message: 'must be shorter than lifetime; remove it for a third of the lifetime',
    path: ['rotation', 'renewBefore'],
  },
];

/** Rules for an object as a whole; paths begin at its root. What an absent field means counts, not whether it is written. */
export const tokenTransitionRules: readonly TransitionRule[] = [
  {
    cel: unchanged(
      (object) => `has(${object}.spec.clusterRef) ? ${object}.spec.clusterRef.name : '${DEFAULT_CLUSTER}'`,
    ),
    message: 'cannot be changed, because the token lives on that cluster; create another object and delete this one',
    path: ['spec', 'clusterRef'],
  },
  {
    cel: unchanged(
      (object) =>
        `has(${object}.spec.secret) && has(${object}.spec.secret.name) ? ${object}.spec.secret.name : ${object}.metadata.name`,
    ),
    message: 'cannot be changed, because applications read that Secret; create another object and delete this one',
    path: ['spec', 'secret', 'name'],
  },
];

/** Conditional expressions rather than optional values, whose cost the API server takes for unlimited. */
function unchanged(value: (object: 'self' | 'oldSelf') => string): string {
  return `(${value('self')}) == (${value('oldSelf')})`;
}
