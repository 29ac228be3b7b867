import { describe, expect, test } from '@jest/globals';

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
} from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import type { Observed } from './observed.ts';
import type { Failure, Outcome } from './outcome.ts';

const failed = (failure: Partial<Extract<Failure, { of: 'kubernetes' }>> = {}): Outcome => ({
  got: 'failure',
  failure: { of: 'kubernetes', refused: false, reason: 'Timeout', causes: [], message: 'no answer', ...failure },
});
const live = { seen: 'live', intact: true, asWanted: true } as const;

describe('a first token that could not be written for sure', () => {
  const begun = () => {
    const one = story(given().build()).on('publish', () => failed());
    const told = one.run();
    expect(told.told).toEqual(['addFinalizer', 'rehearse', 'mint: first', 'publish 101']);
    expect(told.o.memory.pending?.unsure).toBe(true);
    return one.calm().later(MINUTE);
  };

  test('is looked for before the next try, and written again when it is not there', () => {
    const one = begun();
    expect(one.run().told).toEqual(['lookAtSecret', 'publish 101', 'probe 101']);
    expect(one.world.tokens.size).toBe(1);
  });

  test('is not written twice when it has arrived after all', () => {
    const one = begun();
    const ledger = aLedger({ tokenID: id(101), attempt: nonce(0xf) });
    one.world.secret = { ...aSecret({ ledger }), ...live };
    expect(one.run()).toMatchObject({ told: ['lookAtSecret', 'probe 101'], verdict: { reason: 'Issued' } });
  });

  test('that arrived at an unknown time makes no orphan safe to revoke: the fence is bumped first', () => {
    const one = begun();
    const ledger = aLedger({ tokenID: id(101), attempt: nonce(0xf) });
    one.world.secret = { ...aSecret({ ledger }), ...live };
    one.world.tokens.set(id(7), serverToken(7));
    const tokens = [...one.world.tokens.values()];
    const seen = one
      .later(0, (o) =>
        given()
          .with(o)
          .inventory(tokens, NOW + SECOND)
          .build(),
      )
      .run();
    expect(seen.told.slice(0, 2)).toEqual(['lookAtSecret', 'rewrite']);
  });

  test('is not revoked when it may have arrived in a Secret of ours whose annotations were taken off since', () => {
    const one = begun();
    const { ledger: _, ...stripped } = aSecret({ seen: 'live', intact: false, asWanted: false });
    one.world.secret = stripped;
    const { told, o } = one.run();
    expect(told).toEqual(['lookAtSecret']);
    expect(o.memory.unsettled).toHaveLength(1);
    expect(one.world.tokens.get(id(101))?.revokedAt).toBeUndefined();
  });

  test('is not revoked when it may have arrived in a Secret of ours that was made to name another token since', () => {
    const one = begun();
    const ledger = aLedger({ tokenID: id(9) });
    one.world.secret = aSecret({ seen: 'live', ledger, intact: false, asWanted: false });
    const { o } = one.on('mint', () => failed()).run();
    expect(o.memory.unsettled).toHaveLength(1);
    expect(one.world.tokens.get(id(101))?.revokedAt).toBeUndefined();
  });

  test('is not revoked either when it is a successor, and the annotations were taken off after it had arrived', () => {
    const asked = given().issued().annotations({ 'influxtokens.dev/rotate-immediately': 'leaked' }).build();
    const one = story(asked).on('publish', ({ pending }) =>
      pending.created.info.id === id(101) ? failed() : undefined,
    );
    expect(one.run().told).toContain('publish 101');
    const { ledger: _, ...stripped } = aSecret({ seen: 'live', intact: false, asWanted: false });
    one.world.secret = stripped;
    const { told, o } = one.later(MINUTE).run();
    expect(told).not.toContain('revoke 101');
    expect(o.memory.unsettled).toHaveLength(1);
    expect(one.world.tokens.get(id(101))?.revokedAt).toBeUndefined();
  });

  test('is given up and revoked when a foreign Secret has taken the name', () => {
    const one = begun();
    one.world.secret = { ...aForeignSecret(), ...live };
    const { told, verdict } = one.run();
    expect(told).toEqual(['lookAtSecret', 'lookUp 101', 'revoke 101']);
    expect(verdict.reason).toBe('SecretConflict');
  });

  test('is looked at only when its time has come, but at once when the spec changed', () => {
    const one = story(given().build()).on('publish', () => failed());
    one.run();
    expect(one.later(100).run()).toMatchObject({ told: [], verdict: { reason: 'InternalError' } });
    const edited = one
      .calm()
      .later(100, (o) => given().with(o).edited({ description: 'New' }).build())
      .run();
    expect(edited.told).toEqual(['lookAtSecret', 'publish 101', 'lookUp 101', 'change 101', 'probe 101']);
  });

  test('is revoked with its object when the namespace began to go in the meantime', () => {
    const gone = failed({ refused: true, status: 403, causes: ['NamespaceTerminating'], reason: 'Forbidden' });
    const one = story(given().build()).on('publish', () => gone);
    expect(one.run().verdict.reason).toBe('NamespaceTerminating');
    const deleted = one
      .later(SECOND, (o) =>
        given()
          .with({ ...o, namespaceTerminating: true })
          .deleted()
          .build(),
      )
      .run();
    expect(deleted).toMatchObject({ told: ['lookUp 101', 'revoke 101', 'removeFinalizer'], over: true });
  });

  test('is written all the same while suspended: nothing outside changes, and the string would be lost', () => {
    const one = story(given().build()).on('publish', () => failed());
    one.run();
    const { told, verdict } = one
      .calm()
      .later(MINUTE, (o) => given().with(o).spec({ suspend: true }).build())
      .run();
    expect({ told, reason: verdict.reason }).toEqual({ told: ['lookAtSecret', 'publish 101'], reason: 'Suspended' });
  });

  test.each([
    ['is gone', (o: Observed) => given().with(o).noCluster().build(), 'ClusterNotFound'],
    [
      'has an invalid spec',
      (o: Observed) =>
        given()
          .with(o)
          .cluster({ hindrance: { reason: 'InvalidSpec', message: 'spec.url' }, canRevoke: false })
          .build(),
      'InvalidSpec',
    ],
  ] as const)('waits while its cluster %s, as the Secret cannot be composed', (_, change, reason) => {
    const one = story(given().build()).on('publish', () => failed());
    one.run();
    const { told, verdict, o } = one.calm().later(MINUTE, change).run();
    expect({ told, reason: verdict.reason }).toEqual({ told: [], reason });
    expect(o.memory.pending).toBeDefined();
  });
});

describe('a token that was given up', () => {
  const refused = given()
    .issued()
    .memory({ pending: aPending(3, { givenUp: true }) });

  test('is left to the inventory while the cluster cannot be asked', () => {
    for (const situation of [
      refused.unreachable(),
      refused.cluster({ suspended: true }),
      refused.spec({ suspend: true }),
    ]) {
      const { told, o } = story(situation.build()).run();
      expect(told).toEqual([]);
      expect(o.memory).toMatchObject({ unsettled: [{ attempt: nonce(3), at: NOW }] });
      expect(o.memory.pending).toBeUndefined();
    }
  });

  test('is left to the inventory when revoking it fails, instead of tried again and again', () => {
    const one = story(refused.build()).on('revoke', () => ({
      got: 'failure',
      failure: { of: 'issuer', kind: 'OutcomeUnknown', message: 'it answered 500' },
    }));
    const { told, o } = one.run();
    expect(told).toEqual(['lookUp 3', 'revoke 3']);
    expect(o.memory.unsettled).toHaveLength(1);
    const tokens = [...one.world.tokens.values()];
    const found = one
      .calm()
      .later(DAY, (seen) =>
        given()
          .with(seen)
          .inventory(tokens, NOW + HOUR)
          .build(),
      )
      .run();
    expect(found.told).toContain('revoke 3');
  });
});
