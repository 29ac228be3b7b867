import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { aLedger, HOUR, id, NOW } from '../../test/builders.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { digest, LEDGER, readLedger, writeLedger, type Ledger } from './ledger.ts';

const seconds = fc.integer({ min: 0, max: 253_402_300_799 }).map((second) => second * 1000);
const text = fc.oneof(
  fc.string({ minLength: 1, unit: 'grapheme' }),
  fc.constantFrom('Привет, мир', '🦔'.repeat(300), '"]}', '\0', ' '),
);
const superseded = fc.uniqueArray(fc.record({ id: fc.uuid(), revokeAfter: seconds }), {
  selector: (token) => token.id,
  maxLength: 5,
});
const ledgers: fc.Arbitrary<Ledger> = fc.record(
  {
    object: text,
    clusterUID: fc.uuid(),
    tokenID: fc.uuid(),
    attempt: fc.stringMatching(/^[0-9a-f]{16}$/),
    issuedAt: seconds,
    expiresAt: seconds,
    fence: fc.nat(),
    superseded,
    handledRotation: text,
    handledRotationImmediately: text,
    digest: text,
  },
  {
    requiredKeys: ['object', 'clusterUID', 'tokenID', 'attempt', 'issuedAt', 'fence', 'superseded', 'digest'],
    noNullPrototype: true,
  },
);

describe('a ledger', () => {
  test('is read as it was written, whatever people wrote into it', () => {
    fc.assert(fc.property(ledgers, (ledger) => expect(readLedger(writeLedger(ledger))).toEqual(ledger)));
  });

  test('is read beside any other annotations', () => {
    const others = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(ledgers, others, (ledger, more) =>
        expect(readLedger({ ...more, ...writeLedger(ledger) })).toEqual(ledger),
      ),
    );
  });

  test('is never half-read: without one of its annotations, or with another text in it, it is that of nobody or complete', () => {
    const keys = fc.constantFrom(...Object.values(LEDGER));
    fc.assert(
      fc.property(ledgers, keys, fc.option(fc.string(), { nil: undefined }), (ledger, key, damage) => {
        const { [key]: _, ...others } = writeLedger(ledger);
        const read = readLedger(damage === undefined ? others : { ...others, [key]: damage });
        // What is read at all is written again to the same text: nothing was guessed.
        expect(read === undefined || writeLedger(read)[key] === damage).toBe(true);
      }),
    );
  });
});

describe('a ledger that was damaged is no ledger', () => {
  const written = writeLedger(aLedger({ expiresAt: NOW, superseded: [{ id: id(2), revokeAfter: NOW }] }));

  test.each([
    ['no version', LEDGER.version, undefined],
    ['the version of a later operator', LEDGER.version, '2'],
    ['no object', LEDGER.object, undefined],
    ['no token', LEDGER.tokenID, ''],
    ['a token that no server would take for one', LEDGER.tokenID, '../../admin'],
    ['no attempt', LEDGER.attempt, undefined],
    ['no cluster', LEDGER.clusterUID, undefined],
    ['a cluster with a name of a kilometre', LEDGER.clusterUID, 'x'.repeat(1000)],
    ['no digest', LEDGER.digest, undefined],
    ['no time of issue', LEDGER.issuedAt, undefined],
    ['a time of issue in words', LEDGER.issuedAt, 'yesterday'],
    ['a time of issue of another form', LEDGER.issuedAt, '1 Jan 2030'],
    ['a time of issue beyond the year 9999', LEDGER.issuedAt, '+275760-09-13T00:00:00.000Z'],
    ['a day that is none', LEDGER.expiresAt, '2030-02-31T00:00:00Z'],
    ['an unreadable end', LEDGER.expiresAt, 'never'],
    ['no fence', LEDGER.fence, undefined],
    ['an empty fence', LEDGER.fence, ''],
    ['a fence that is no number', LEDGER.fence, 'high'],
    ['a fence that compares as another text than it counts', LEDGER.fence, '0x10'],
    ['a fence with a leading zero', LEDGER.fence, '01'],
    ['a fence below nothing', LEDGER.fence, '-1'],
    ['a fence that cannot count up', LEDGER.fence, '9007199254740991'],
    ['superseded tokens that are no JSON', LEDGER.superseded, '[{'],
    ['superseded tokens that are no list', LEDGER.superseded, '{}'],
    ['a superseded token without an end', LEDGER.superseded, `[{"id":"${id(2)}"}]`],
    ['a superseded token that is none', LEDGER.superseded, '[{"id":"x","revokeAfter":"2030-01-01T00:00:00Z"}]'],
    ['nothing among the superseded tokens', LEDGER.superseded, '[null]'],
    [
      'the same token superseded twice',
      LEDGER.superseded,
      JSON.stringify([1, 2].map(() => ({ id: id(2), revokeAfter: '2030-01-01T00:00:00Z' }))),
    ],
  ])('with %s', (_, key, value) => {
    const { [key]: __, ...others } = written;
    expect(readLedger(written)).toBeDefined();
    expect(readLedger(value === undefined ? others : { ...others, [key]: value })).toBeUndefined();
  });
});

test('instants are written in whole seconds', () => {
  expect(writeLedger(aLedger({ issuedAt: NOW + 999 }))[LEDGER.issuedAt]).toBe('2030-01-01T00:00:00Z');
  expect(writeLedger(aLedger({ expiresAt: NOW + HOUR }))[LEDGER.expiresAt]).toBe('2030-01-01T01:00:00Z');
});

test('what is absent has no annotation', () => {
  const keys = Object.keys(writeLedger(aLedger()));
  expect(keys).not.toContain(LEDGER.expiresAt);
  expect(keys).not.toContain(LEDGER.superseded);
  expect(keys).not.toContain(LEDGER.handledRotation);
});

test('a digest stands for one string of one token, and shows neither', () => {
  const one = digest('id', new TokenString('string'));
  expect(one).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(digest('id', new TokenString('string'))).toBe(one);
  expect(digest('id', new TokenString('strinG'))).not.toBe(one);
  expect(digest('ids', new TokenString('tring'))).not.toBe(one);
});
