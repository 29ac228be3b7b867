import { describe, expect, test } from '@jest/globals';

import {
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
  serverToken,
  UNREACHABLE,
} from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import { advice } from '../resources/conditions.ts';
import type { Outcome } from './outcome.ts';

const ABANDON = { 'influxtokens.dev/abandon': 'the cluster burnt down' };

const refusal: Outcome = {
  got: 'failure',
  failure: { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message: 'no' },
};

describe('a deleted object', () => {
  test('that never had a token goes at once', () => {
    expect(story(given().finalized().deleted().build()).run()).toMatchObject({ told: ['removeFinalizer'], over: true });
  });

  test('without our finalizer is none of our business', () => {
    expect(
      story(
        given()
          .metadata({ finalizers: ['other'] })
          .deleted()
          .build(),
      ).run().told,
    ).toEqual([]);
  });

  test('goes once its token is revoked, and its owned Secret is left to the garbage collector', () => {
    const one = story(given().issued().deleted().build());
    expect(one.run()).toMatchObject({ told: ['lookUp 1', 'revoke 1', 'removeFinalizer'], over: true });
    expect(one.world.tokens.get(id(1))?.revokedAt).toBeDefined();
  });

  test('needs nothing from its namespace: the id in status is enough', () => {
    const o = given().issued().secretGone().deleted().with({ namespaceTerminating: true }).build();
    expect(story(o).run().told).toEqual(['lookUp 1', 'revoke 1', 'removeFinalizer']);
  });

  test('has all its tokens revoked: in status, Secret, memory and by marker', () => {
    const o = given()
      .issued({ superseded: [{ id: id(2), revokeAfter: NOW + DAY }] })
      .memory({ pending: aPending(3) })
      .inventory([serverToken(1), serverToken(4)])
      .deleted()
      .build();
    const one = story(o);
    one.world.tokens.set(id(4), serverToken(4));
    const { told } = one.run();
    expect(told.filter((step) => step.startsWith('revoke'))).toEqual(['revoke 1', 'revoke 2', 'revoke 3', 'revoke 4']);
    expect(told.at(-1)).toBe('removeFinalizer');
  });

  test('whose token is revoked already goes at once', () => {
    const one = story(given().issued().deleted().build());
    one.world.tokens.set(id(1), serverToken(1, { revokedAt: NOW - HOUR }));
    expect(one.run().told).toEqual(['lookUp 1', 'removeFinalizer']);
  });

  test('that names the token of somebody else lets go of it untouched, and says so', () => {
    const one = story(given().issued().deleted().build());
    one.world.tokens.set(id(1), serverToken(1, { description: 'root' }));
    const { steps, told } = one.run();
    expect(told).toEqual(['lookUp 1', 'removeFinalizer']);
    expect(steps.at(-1)).toMatchObject({ left: [id(1)], because: expect.stringContaining('marker') });
  });

  test('takes a 404 for the end of its token only beside a list that shows others of ours', () => {
    const one = story(given().issued().deleted().build());
    one.world.tokens.clear();
    expect(one.run().told).toEqual(['lookUp 1', 'takeInventory', 'removeFinalizer']);
  });

  test('is not let go while the cluster knows none of our tokens, unless somebody abandons them', () => {
    const unknown = (annotations: Record<string, string>) => {
      const one = story(given().issued().deleted().annotations(annotations).build()).on('takeInventory', () => ({
        got: 'inventory',
        inventory: { begun: NOW, finished: NOW, knowsUs: false, tokens: [] },
      }));
      one.world.tokens.clear();
      return one.run();
    };
    expect(unknown({})).toMatchObject({ told: ['lookUp 1', 'takeInventory'], verdict: { reason: 'ClusterMismatch' } });
    expect(unknown(ABANDON).told).toEqual(['lookUp 1', 'takeInventory', 'removeFinalizer']);
  });

  test.each([
    ['is missing', given().issued().noCluster(), 'Revoking'],
    ['does not answer', given().issued().unreachable(), 'Revoking'],
    ['is suspended', given().issued().cluster({ suspended: true }), 'Suspended'],
  ] as const)(
    'waits while its cluster %s; abandoned it goes, and what stays alive is named',
    (_, situation, reason) => {
      const waits = story(situation.deleted().build()).run();
      expect({ told: waits.told, reason: waits.verdict.reason }).toEqual({ told: [], reason });
      const { steps, over } = story(situation.deleted().annotations(ABANDON).build()).run();
      expect(steps).toEqual([{ do: 'removeFinalizer', left: [id(1)], because: 'abandoned: the cluster burnt down' }]);
      expect(over).toBe(true);
    },
  );

  test('can be abandoned by the administrator, at the InfluxDBCluster', () => {
    const o = given().issued().unreachable().cluster({ abandon: 'gone' }).deleted().build();
    expect(story(o).run().told).toEqual(['removeFinalizer']);
  });

  test('that is abandoned is revoked all the same where the cluster answers', () => {
    expect(story(given().issued().deleted().annotations(ABANDON).build()).run().told).toContain('revoke 1');
  });

  test('that is abandoned goes when the cluster answers, but does not revoke', () => {
    const one = story(given().issued().deleted().annotations(ABANDON).build()).on('revoke', () => ({
      got: 'failure',
      failure: { of: 'issuer', kind: 'OutcomeUnknown', status: 500, message: 'it answered 500' },
    }));
    expect(one.run()).toMatchObject({ told: ['lookUp 1', 'revoke 1', 'removeFinalizer'], over: true });
  });

  test('says how to let go from the first try that fails', () => {
    const one = story(given().issued().deleted().build()).on('lookUp', () => ({
      got: 'failure',
      failure: { of: 'issuer', kind: 'Unavailable', message: 'it refuses the connection' },
    }));
    const { verdict } = one.run();
    expect(verdict.reason).toBe('Revoking');
    expect(advice(verdict)).toBe(
      'it refuses the connection. Check spec.url and spec.tls of the InfluxDBCluster, and whether the cluster is well. It is tried again, or let it go with the annotation influxtokens.dev/abandon: <reason>.',
    );
  });

  test('is revoked with the last good credential when that went missing', () => {
    const hindrance = { reason: 'CredentialsMissing', message: 'no Secret' } as const;
    expect(story(given().issued().cluster({ hindrance }).deleted().build()).run().over).toBe(true);
  });

  test('does not wait for what failed before it was deleted', () => {
    const setback = { verdict: UNREACHABLE, retryAt: NOW + HOUR, count: 12, generation: 1 } as const;
    expect(story(given().issued().memory({ setback }).deleted().build()).run().over).toBe(true);
  });

  test.each(['lookUp', 'revoke', 'removeFinalizer'] as const)('waits when %s fails, and goes later', (what) => {
    const one = story(given().issued().deleted().build()).on(what, () => refusal);
    const { steps, wakeAt } = one.run();
    expect(steps.filter((step) => step.do === what)).toHaveLength(1);
    expect(wakeAt).toBeGreaterThan(NOW);
    expect(
      one
        .calm()
        .later(5 * MINUTE)
        .run().over,
    ).toBe(true);
  });

  test('looks for tokens whose creation was never confirmed', () => {
    const one = story(
      given()
        .finalized()
        .memory({ unsettled: [{ attempt: nonce(9), at: NOW }] })
        .deleted()
        .build(),
    );
    one.world.tokens.set(id(9), serverToken(9));
    expect(one.later(1).run().told).toEqual(['takeInventory', 'lookUp 9', 'revoke 9', 'removeFinalizer']);
  });

  test('whose Secret lost its owner has it deleted, as nobody else would', () => {
    const o = given()
      .issued()
      .secret(aSecret({ ownerUIDs: [], owners: [] }))
      .deleted()
      .build();
    expect(story(o).run().told).toEqual(['lookUp 1', 'revoke 1', 'lookAtSecret', 'deleteSecret', 'removeFinalizer']);
  });
});

describe('a deleted object that retains its token', () => {
  const retained = given()
    .spec({ deletionPolicy: 'Retain' })
    .issued()
    .secret(aSecret({ ownerUIDs: [], owners: [] }));

  test('goes at once, and what stays alive is named', () => {
    const { steps, over } = story(retained.deleted().build()).run();
    expect(steps).toEqual([{ do: 'removeFinalizer', left: [id(1)], because: 'deletionPolicy: Retain' }]);
    expect(over).toBe(true);
  });

  test.each([
    ['anyway', retained],
    ['even if its cluster is gone', retained.noCluster()],
    ['even if its spec is not valid', retained.invalid('spec: no')],
  ])('takes itself off the owners of its Secret, or that would be collected; %s', (_, situation) => {
    const one = story(situation.secret(aSecret()).deleted().build());
    expect(one.run().told).toEqual(['lookAtSecret', 'disown', 'removeFinalizer']);
    expect(one.world.secret).toMatchObject({ ownerUIDs: [], ledger: { tokenID: id(1), fence: 2 } });
  });

  test('hands over a Secret that was edited by hand just the same', () => {
    const one = story(retained.secret(aSecret()).deleted().build());
    one.world.secret = { ...aSecret(), seen: 'live', intact: false, asWanted: false };
    expect(one.run().told).toEqual(['lookAtSecret', 'disown', 'removeFinalizer']);
  });

  test('waits when handing over fails', () => {
    const one = story(retained.secret(aSecret()).deleted().build()).on('disown', () => refusal);
    expect(one.run().told).toEqual(['lookAtSecret', 'disown']);
    expect(
      one
        .calm()
        .later(5 * MINUTE)
        .run().over,
    ).toBe(true);
  });

  test('revokes a successor that was never written, and nothing else', () => {
    const one = story(
      retained
        .memory({ pending: aPending(3) })
        .deleted()
        .build(),
    );
    expect(one.run()).toMatchObject({
      told: ['lookAtSecret', 'lookUp 3', 'revoke 3', 'removeFinalizer'],
      over: true,
    });
    expect(one.world.tokens.get(id(1))?.revokedAt).toBeUndefined();
  });

  test('keeps a successor that was written after all', () => {
    const one = story(
      retained
        .memory({ pending: aPending(3, { unsure: true }) })
        .deleted()
        .build(),
    );
    const ledger = aLedger({ tokenID: id(3), attempt: nonce(3), superseded: [{ id: id(1), revokeAfter: NOW + DAY }] });
    one.world.secret = { ...aSecret({ ledger, ownerUIDs: [] }), seen: 'live', intact: true, asWanted: true };
    expect(one.run().told).toEqual(['lookAtSecret', 'removeFinalizer']);
  });
});
