import { describe, expect, test } from '@jest/globals';

import { aForeignSecret, aSecret, CLUSTER_UID, DAY, given, HOUR, id, NOW, type Given } from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import type { Verdict } from '../resources/conditions.ts';
import { statusOf } from './status.ts';

const ISSUED: Verdict = { reason: 'Issued', message: 'ok' };
const status = (situation: Given, verdict: Verdict = ISSUED) => statusOf(situation.build(), verdict, NOW);

describe('status', () => {
  test('shows what the ledger says', () => {
    const superseded = [{ id: id(2), revokeAfter: NOW + DAY }];
    const ledger = { issuedAt: NOW, expiresAt: NOW + 720 * HOUR, superseded };
    expect(status(given().spec({ lifetime: '720h' }).finalized().secret(aSecret()).issued(ledger))).toMatchObject({
      observedGeneration: 1,
      token: {
        id: id(1),
        clusterUID: CLUSTER_UID,
        createdAt: '2030-01-01T00:00:00Z',
        expiresAt: '2030-01-31T00:00:00Z',
      },
      secretName: 'telegraf',
      nextRotation: expect.stringMatching(/^2030-01-(20|21)T/),
      superseded: [{ id: id(2), revokeAfter: '2030-01-02T00:00:00Z' }],
    });
  });

  test('can be rebuilt from the Secret when it was lost', () => {
    const issued = given().issued().build();
    const { status: _, ...object } = issued.object;
    const { o } = story({ ...issued, object }).run();
    expect(o.object.status).toMatchObject({ token: issued.object.status?.token, secretName: 'telegraf' });
  });

  test('of a new object names no token', () => {
    const { token, secretName, superseded, nextRotation } = status(given(), { reason: 'Issuing', message: '' });
    expect([token, secretName, superseded, nextRotation]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('is the very object that is there when nothing changed, so that nothing is written', () => {
    const { o } = story(given().build()).run();
    const verdict: Verdict = { reason: 'Issued', message: o.object.status?.conditions?.[0]?.message ?? '' };
    expect(statusOf(o, verdict, NOW + HOUR)).toBe(o.object.status);
  });

  test('keeps token and Secret while the spec is not valid', () => {
    expect(status(given().issued().invalid('spec: no'), { reason: 'InvalidSpec', message: 'no' })).toMatchObject({
      token: { id: id(1) },
      secretName: 'telegraf',
    });
  });

  test.each([
    [
      'was deleted',
      given()
        .issued({ superseded: [{ id: id(2), revokeAfter: NOW }] })
        .secretGone(),
    ],
    [
      'is foreign',
      given()
        .issued({ superseded: [{ id: id(2), revokeAfter: NOW }] })
        .secret(aForeignSecret()),
    ],
  ])('keeps the ids of live tokens while the Secret %s: they still have to be replaced or revoked', (_, situation) => {
    expect(status(situation)).toMatchObject({ token: { id: id(1) }, superseded: [{ id: id(2) }] });
  });

  test('forgets tokens that have ended once the Secret is gone', () => {
    const situation = given()
      .issued({ superseded: [{ id: id(2), revokeAfter: NOW }] })
      .secretGone();
    const { token, superseded } = status(situation.memory({ ended: [id(1), id(2)] }));
    expect([token, superseded]).toEqual([undefined, undefined]);
  });
});

describe('a suspension', () => {
  const ready = (o: ReturnType<Given['build']>) => o.object.status?.conditions?.find(({ type }) => type === 'Ready');

  test('that ends leaves the object as it was, even if its cluster does not answer just then', () => {
    const one = story(given().issued().cluster({ suspended: true }).build());
    expect(ready(one.run().o)).toMatchObject({ status: 'True', reason: 'Suspended' });
    const resumed = one.later(HOUR, (o) => given().with(o).cluster({ suspended: false }).unreachable().build()).run();
    expect(ready(resumed.o)?.status).toBe('True');
  });

  test('does not make a spec that changed meanwhile pass for one that is in effect', () => {
    const one = story(given().issued().cluster({ suspended: true }).build());
    one.run();
    one.later(HOUR, (o) => given().with(o).edited({ description: 'New' }).build()).run();
    const { told } = one.later(HOUR, (o) => given().with(o).cluster({ suspended: false }).build()).run();
    expect(told).toEqual(['lookAtSecret', 'lookUp 1', 'change 1']);
  });
});
