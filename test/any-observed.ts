// Random situations of an object, and of the server behind it, for property tests.

import * as fc from 'fast-check';

import type { Observed } from '../src/tokens/observed.ts';
import type { Outcome } from '../src/tokens/outcome.ts';
import {
  aForeignSecret,
  aLedger,
  aPending,
  aSecret,
  DAY,
  given,
  HOUR,
  id,
  MINUTE,
  NOW,
  nonce,
  SECOND,
  serverToken,
  UNREACHABLE,
  type Given,
} from './builders.ts';

type Change = (o: Given) => Given;

const instant = fc.constantFrom(NOW - 2 * DAY, NOW - 1, NOW, NOW + 1, NOW + HOUR, NOW + 30 * DAY);
const number = fc.integer({ min: 1, max: 5 });
const superseded = fc.uniqueArray(fc.record({ id: number.map(id), revokeAfter: instant }), {
  selector: (token) => token.id,
  maxLength: 3,
});
const ledger = fc.record(
  {
    tokenID: number.map(id),
    expiresAt: instant,
    superseded,
    fence: fc.constantFrom(0, 1, 7),
    handledRotation: fc.constantFrom('a', 'b'),
    handledRotationImmediately: fc.constantFrom('a', 'b'),
  },
  { requiredKeys: [] },
);
const bool = fc.boolean();

const secretView = fc.oneof(
  fc.constantFrom(
    { present: false, seen: 'cached' } as const,
    { present: false, seen: 'cached', doubted: true } as const,
    { present: false, seen: 'live' } as const,
  ),
  fc
    .record({
      foreignWriter: bool,
      terminating: bool,
      intact: bool,
      asWanted: bool,
      owned: bool,
      seen: fc.constantFrom('cached' as const, 'live' as const),
      ledger,
    })
    .map(({ owned, seen, intact, asWanted, ledger: change, ...rest }) =>
      aSecret({
        ...rest,
        seen,
        ledger: aLedger(change),
        ...(seen === 'live' ? { intact, asWanted } : {}),
        ...(owned ? {} : { ownerUIDs: [] }),
      }),
    ),
  fc.constant(aForeignSecret()),
  fc.constant(aSecret({ ledger: aLedger({ object: 'DatabaseToken/metrics/telegraf/former' }), ownerUIDs: ['former'] })),
);

const pending = fc.record(
  { probeFirst: bool, unsure: bool, givenUp: bool, atOnce: bool },
  { requiredKeys: ['probeFirst'] },
);

/** One more fact about the object; any of them may come together. */
const change: fc.Arbitrary<Change> = fc.oneof(
  ledger.map(
    (one): Change =>
      (o) =>
        o.issued(one),
  ),
  secretView.map(
    (secret): Change =>
      (o) =>
        o.secret(secret),
  ),
  fc.record({ suspend: bool, deletionPolicy: fc.constantFrom('Revoke' as const, 'Retain' as const) }).map(
    (spec): Change =>
      (o) =>
        o.spec(spec),
  ),
  fc.constantFrom('1h', '720h').map(
    (lifetime): Change =>
      (o) =>
        o.spec({ lifetime }),
  ),
  instant.map(
    (end): Change =>
      (o) =>
        o.spec({ expiresAt: new Date(end).toISOString() }),
  ),
  fc.constantFrom('a', 'b').map(
    (value): Change =>
      (o) =>
        o.annotations({ 'influxtokens.dev/rotate': value }),
  ),
  fc.constantFrom('a', 'b').map(
    (value): Change =>
      (o) =>
        o.annotations({ 'influxtokens.dev/rotate-immediately': value }),
  ),
  fc.constant<Change>((o) => o.annotations({ 'influxtokens.dev/abandon': 'yes' })),
  fc.constant<Change>((o) => o.finalized().deleted()),
  fc.constant<Change>((o) => o.edited({ description: 'New' })),
  fc.constant<Change>((o) => o.noCluster()),
  fc.constant<Change>((o) => o.unreachable()),
  fc.constant<Change>((o) => o.cluster({ hindrance: { reason: 'InvalidSpec', message: 'no' }, canRevoke: true })),
  fc
    .record({
      suspended: bool,
      probing: bool,
      changesInPlace: bool,
      withdrawal: fc.constantFrom('Keep' as const, 'Revoke' as const),
      clockSkew: fc.constantFrom(0, HOUR, -HOUR),
    })
    .map(
      (view): Change =>
        (o) =>
          o.cluster(view),
    ),
  fc.constant<Change>((o) => o.denied()),
  fc.constant<Change>((o) => o.invalid('spec: no')),
  fc.constant<Change>((o) => o.with({ namespaceTerminating: true })),
  fc.uniqueArray(number, { maxLength: 3 }).map(
    (numbers): Change =>
      (o) =>
        o.inventory(numbers.map((one) => serverToken(one))),
  ),
  pending.map(
    (one): Change =>
      (o) =>
        o.memory({ pending: aPending(6, one) }),
  ),
  fc.constant<Change>((o) => o.memory({ unsettled: [{ attempt: nonce(9), at: NOW - SECOND }] })),
  fc.constant<Change>((o) => o.memory({ ledgerWrittenAt: NOW - SECOND, ended: [id(2)] })),
  fc.constant<Change>((o) =>
    o.memory({ setback: { verdict: UNREACHABLE, retryAt: NOW + MINUTE, count: 2, generation: 1 } }),
  ),
);
/** Situations of an object, the impossible included: the plan must take whatever it is shown. */
export const observed: fc.Arbitrary<Observed> = fc
  .array(change, { maxLength: 8 })
  .map((changes) => changes.reduce((o, one) => one(o), given()).build());

/** What really is on the server; it need not be what was observed. */
export const reality = fc.record({
  stranger: fc.option(number, { nil: undefined }),
  revoked: fc.option(number, { nil: undefined }),
  unknown: fc.option(number, { nil: undefined }),
  knowsUs: bool,
});

/** Ways in which a step may fail. */
export const failure = fc.constantFrom<Outcome>(
  { got: 'failure', failure: { of: 'issuer', kind: 'OutcomeUnknown', message: 'it answered 500' } },
  { got: 'failure', failure: { of: 'issuer', kind: 'Unavailable', message: 'connection refused' } },
  {
    got: 'failure',
    failure: { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message: 'no' },
  },
  {
    got: 'failure',
    failure: { of: 'kubernetes', refused: false, reason: 'Timeout', causes: [], message: 'no answer' },
  },
);

/** What really is on the server. */
export type Reality = typeof reality extends fc.Arbitrary<infer T> ? T : never;
