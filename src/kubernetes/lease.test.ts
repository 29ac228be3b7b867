import { describe, expect, test } from '@jest/globals';
import { electorStep, look, type Lease, type LeaseSpec, type SeenLease } from './lease.ts';

const NOW = Date.UTC(2026, 0, 1);
const TIME = '2026-01-01T00:00:00.000000Z';

function lease(spec: LeaseSpec): Lease {
  const metadata = { namespace: 'ns', name: 'lease', resourceVersion: '7' };
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
}

function seen(spec: LeaseSpec, unchangedFor = 0): SeenLease {
  return { lease: lease(spec), seenAt: NOW, unchangedFor };
}

const follower = { identity: 'me', duration: 15_000, leading: false };
const leader = { ...follower, leading: true };
const theirs = {
  holderIdentity: 'other',
  leaseDurationSeconds: 15,
  renewTime: 'then',
  acquireTime: 'then',
  leaseTransitions: 4,
};
const mine = { ...theirs, holderIdentity: 'me' };
const taken = {
  holderIdentity: 'me',
  leaseDurationSeconds: 15,
  renewTime: TIME,
  acquireTime: TIME,
  leaseTransitions: 5,
};

describe('a candidate', () => {
  test.each([
    ['makes a Lease where there is none', undefined, { kind: 'create', spec: { ...taken, leaseTransitions: 0 } }],
    ['takes one that nobody holds', seen({ ...theirs, holderIdentity: '' }), { kind: 'update', spec: taken }],
    ['takes one without a spec', seen({}), { kind: 'update', spec: { ...taken, leaseTransitions: 1 } }],
    ['waits while another holds it', seen(theirs, 14_999), { kind: 'wait', holder: 'other' }],
    ['takes it when it has seen no renewal for its duration', seen(theirs, 15_000), { kind: 'update', spec: taken }],
    [
      'waits for as long as the holder said',
      seen({ ...theirs, leaseDurationSeconds: 60 }, 59_999),
      { kind: 'wait', holder: 'other' },
    ],
    [
      'goes on with its own, which an unanswered write may have given it',
      seen(mine),
      { kind: 'update', spec: { ...mine, renewTime: TIME } },
    ],
  ])('%s', (_, before, step) => {
    expect(electorStep(before, follower, NOW)).toEqual(step);
  });

  test('keeps what other tools wrote into the Lease', () => {
    const extended = { ...theirs, strategy: 'x' };
    expect(electorStep(seen(extended, 15_000), follower, NOW)).toMatchObject({ spec: { strategy: 'x' } });
  });
});

describe('a leader', () => {
  test.each([
    [
      'renews its Lease, which then counts as acquired when it was',
      seen(mine),
      { kind: 'update', spec: { ...mine, renewTime: TIME } },
    ],
    ['has lost when another holds it', seen(theirs), { kind: 'lost', holder: 'other' }],
    ['has lost when its name was taken off it', seen({ ...mine, holderIdentity: '' }), { kind: 'lost', holder: '' }],
    [
      'makes the Lease anew when it was deleted',
      undefined,
      { kind: 'create', spec: { ...taken, leaseTransitions: 0 } },
    ],
  ])('%s', (_, before, step) => {
    expect(electorStep(before, leader, NOW)).toEqual(step);
  });
});

describe('a look', () => {
  test('adds up the time in which nothing changed, by our own clock', () => {
    let view = look(lease(theirs), undefined, NOW);
    for (const seconds of [2, 4, 6]) view = look(lease(theirs), view, NOW + seconds * 1_000);
    expect(view.unchangedFor).toBe(6_000);
  });

  test('begins anew with every renewal', () => {
    const view = look(lease(theirs), undefined, NOW);
    expect(look(lease({ ...theirs, renewTime: 'later' }), view, NOW + 2_000).unchangedFor).toBe(0);
  });

  test('is not disturbed by a label', () => {
    const labelled = { ...lease(theirs), metadata: { ...lease(theirs).metadata, resourceVersion: '8', labels: {} } };
    expect(look(labelled, look(lease(theirs), undefined, NOW), NOW + 2_000).unchangedFor).toBe(2_000);
  });

  test.each([
    ['forward by an hour counts half a duration', 3_600_000, 7_500],
    ['back by an hour counts nothing', -3_600_000, 0],
  ])('across a clock set %s', (_, jump, counted) => {
    expect(look(lease(theirs), look(lease(theirs), undefined, NOW), NOW + jump).unchangedFor).toBe(counted);
  });
});
