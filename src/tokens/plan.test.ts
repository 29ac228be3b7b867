import { describe, expect, test } from '@jest/globals';

import {
  aForeignSecret,
  aLedger,
  aSecret,
  given,
  HOUR,
  id,
  MINUTE,
  NOW,
  OBJECT_UID,
  SECOND,
} from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import { plan } from './plan.ts';

describe('a new object', () => {
  test('gets its finalizer, a rehearsal, a token, its Secret and a probe, in this order', () => {
    const { told, verdict, o } = story(given().build()).run();
    expect(told).toEqual(['addFinalizer', 'rehearse', 'mint: first', 'publish 101', 'probe 101']);
    expect(verdict.reason).toBe('Issued');
    expect(o.object.status?.token?.id).toBe(id(101));
  });

  test('a pass that finds nothing to do takes no step and wakes for nothing', () => {
    const one = story(given().build());
    one.run();
    const { told, wakeAt, o } = one.later(HOUR).run();
    expect(told).toEqual([]);
    expect(wakeAt).toBeUndefined();
    expect(o.object.status).toBe(one.run().o.object.status);
  });

  test('is asked of the server with its marker and its end, which also stands in the ledger', () => {
    const { steps } = story(given().spec({ lifetime: '720h' }).build()).run();
    const mint = steps.find((step) => step.do === 'mint');
    const expiresAt = NOW + 720 * HOUR;
    expect(mint?.request).toMatchObject({ permissions: [{ action: 'read', resource: 'sensors' }], expiresAt });
    expect(mint?.request.description).toMatch(
      new RegExp(`^metrics/telegraf \\[influxtokens cafe0123/${OBJECT_UID}/[0-9a-f]{16}\\]$`),
    );
    const publish = steps.find((step) => step.do === 'publish');
    expect(publish?.ledger).toMatchObject({ tokenID: id(101), expiresAt, issuedAt: NOW, fence: 1, superseded: [] });
  });

  test('a token that the data API does not take yet is Activating, then NotAccepted, and is probed on', () => {
    const one = story(given().build()).on('probe', ({ tokenID }) => ({
      got: 'probed',
      tokenID,
      verdict: { kind: 'not-active' },
    }));
    expect(one.run()).toMatchObject({ verdict: { reason: 'Activating' }, wakeAt: NOW + SECOND });
    expect(one.later(9 * MINUTE).run().verdict.reason).toBe('Activating');
    expect(one.later(MINUTE).run().verdict.reason).toBe('NotAccepted');
    expect(one.later(5 * MINUTE).run()).toMatchObject({ told: ['probe 101'], verdict: { reason: 'NotAccepted' } });
    expect(
      one
        .calm()
        .later(5 * MINUTE)
        .run().verdict.reason,
    ).toBe('Issued');
  });

  test('a data API that gives no verdict for five minutes leaves the token IssuedUnverified, and says why', () => {
    const one = story(given().build()).on('probe', ({ tokenID }) => ({
      got: 'probed',
      tokenID,
      verdict: { kind: 'no-verdict', message: 'it answered 503' },
    }));
    expect(one.run().verdict.reason).toBe('Activating');
    const { verdict } = one.later(5 * MINUTE).run();
    expect(verdict).toMatchObject({ reason: 'IssuedUnverified', message: expect.stringContaining('503') });
  });

  test.each(['forbidden', 'no-database'] as const)(
    'a token for which the data API says %s is live, with a note',
    (kind) => {
      const { verdict } = story(given().build())
        .on('probe', ({ tokenID }) => ({ got: 'probed', tokenID, verdict: { kind, message: 'look here' } }))
        .run();
      expect(verdict).toMatchObject({ reason: 'Issued', message: expect.stringContaining('look here') });
    },
  );

  test('a token for every database cannot be probed, and is not', () => {
    const o = given()
      .spec({ permissions: [{ action: 'read', resource: '*' }] })
      .build();
    expect(story(o).run()).toMatchObject({
      told: ['addFinalizer', 'rehearse', 'mint: first', 'publish 101'],
      verdict: { reason: 'Issued' },
    });
  });

  test('a cluster with its probe disabled is not probed', () => {
    expect(story(given().cluster({ probing: false }).build()).run().told).not.toContain('probe 101');
  });
});

describe('nothing is minted', () => {
  test.each([
    ['an invalid spec', given().invalid('spec.lifetime: must be longer'), 'InvalidSpec'],
    ['a missing cluster', given().noCluster(), 'ClusterNotFound'],
    ['a cluster that does not answer', given().unreachable(), 'ClusterUnreachable'],
    ['an object that is suspended', given().spec({ suspend: true }), 'Suspended'],
    ['a cluster that is suspended', given().cluster({ suspended: true }), 'Suspended'],
    ['a request that no rule allows', given().denied(), 'AccessDenied'],
    ['an end in the past', given().spec({ expiresAt: '2029-12-31T23:59:59Z' }), 'Expired'],
    ['a namespace that is being deleted', given().with({ namespaceTerminating: true }), 'NamespaceTerminating'],
    [
      'a Secret that went with its namespace before its object',
      given().issued().secretGone().with({ namespaceTerminating: true }),
      'NamespaceTerminating',
    ],
  ] as const)('for %s, and no request goes out', (_, situation, reason) => {
    const { told, verdict } = story(situation.build()).run();
    expect({ told, reason: verdict.reason }).toEqual({ told: [], reason });
  });

  test('when the dry run finds a foreign Secret: it is looked at, named and left alone', () => {
    const one = story(given().finalized().build());
    one.world.secret = { ...aForeignSecret(), seen: 'live', intact: false, asWanted: false };
    const { told, verdict, wakeAt } = one.run();
    expect(told).toEqual(['rehearse', 'lookAtSecret']);
    expect(verdict).toMatchObject({ reason: 'SecretConflict', message: expect.stringContaining('Deployment/web') });
    expect(wakeAt).toBe(NOW + 5 * MINUTE);
    expect(one.world.tokens.size).toBe(0);
  });

  test('when another object holds the Secret: it keeps it, and is named', () => {
    const ledger = aLedger({ object: 'ManagementToken/metrics/other/uid' });
    const { told, verdict } = story(
      given()
        .finalized()
        .secret(aSecret({ ledger, ownerUIDs: ['uid'] }))
        .build(),
    ).run();
    expect(told).toEqual([]);
    expect(verdict.message).toContain('ManagementToken/metrics/other');
  });

  test('by the clock of the server, not ours: it says when a token ends', () => {
    const late = given().spec({ expiresAt: '2030-01-01T00:10:00Z' }).cluster({ clockSkew: HOUR });
    expect(story(late.build()).run().verdict.reason).toBe('Expired');
    const early = given().spec({ expiresAt: '2029-12-31T23:50:00Z' }).cluster({ clockSkew: -HOUR });
    expect(story(early.build()).run().verdict.reason).toBe('Issued');
  });
});

test('a setback is waited out, except for a changed spec', () => {
  const setback = {
    verdict: { reason: 'SecretRejected', message: 'quota' },
    retryAt: NOW + MINUTE,
    count: 3,
    generation: 1,
  } as const;
  const o = given().finalized().memory({ setback }).build();
  expect(plan(o, NOW)).toMatchObject({ verdict: { reason: 'SecretRejected' }, wakeAt: NOW + MINUTE });
  expect(plan(o, NOW).step).toBeUndefined();
  expect(plan(given().with(o).edited({ description: 'New' }).build(), NOW).step).toEqual({ do: 'rehearse' });
  expect(plan(o, NOW + MINUTE).step).toEqual({ do: 'rehearse' });
});
