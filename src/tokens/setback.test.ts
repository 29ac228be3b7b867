import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { HOUR, id, NOW, nonce, SECOND } from '../../test/builders.ts';
import type { Setback } from './observed.ts';
import type { Failure } from './outcome.ts';
import { knowsNoDryRun, setbackOf } from './setback.ts';
import type { Step } from './step.ts';

type Of<K extends Failure['of']> = Extract<Failure, { of: K }>;
const issuer = (kind: Of<'issuer'>['kind'], more: Partial<Of<'issuer'>> = {}): Failure => ({
  of: 'issuer',
  kind,
  message: 'm',
  ...more,
});
const kubernetes = (more: Partial<Of<'kubernetes'>> = {}): Failure => ({
  of: 'kubernetes',
  refused: true,
  reason: 'Forbidden',
  status: 403,
  causes: [],
  message: 'm',
  ...more,
});
const lookUp: Step = { do: 'lookUp', id: id(1) };
const rehearse: Step = { do: 'rehearse' };

describe('what a failure means', () => {
  test.each<[string, Step, Failure, string]>([
    ['a credential that is refused', lookUp, issuer('CredentialsRejected', { status: 401 }), 'CredentialsRejected'],
    ['a credential that may not', lookUp, issuer('Refused', { status: 403 }), 'CredentialsRejected'],
    ['a request that the cluster refuses', lookUp, issuer('Refused', { status: 400 }), 'InvalidSpec'],
    ['a cluster that is not there', lookUp, issuer('Unavailable'), 'ClusterUnreachable'],
    ['an answer that nobody understands', lookUp, issuer('Unreadable'), 'ClusterUnreachable'],
    ['an answer that never came', lookUp, issuer('OutcomeUnknown'), 'ClusterUnreachable'],
    ['a quota', rehearse, kubernetes({ message: 'exceeded quota' }), 'SecretRejected'],
    ['a policy, when the Secret is deleted', { do: 'deleteSecret', uid: 'x' }, kubernetes(), 'SecretRejected'],
    ['missing rights on the object', { do: 'addFinalizer' }, kubernetes(), 'InternalError'],
    ['an API server that does not answer', rehearse, kubernetes({ refused: false }), 'InternalError'],
    ['a namespace on its way out', rehearse, kubernetes({ causes: ['NamespaceTerminating'] }), 'NamespaceTerminating'],
    [
      'a namespace that is gone',
      rehearse,
      kubernetes({ status: 404, reason: 'NotFound', message: 'namespaces "metrics" not found' }),
      'NamespaceTerminating',
    ],
  ])('%s', (_, step, failure, reason) => {
    expect(setbackOf(undefined, step, failure, 1, nonce(1), NOW).verdict.reason).toBe(reason);
  });
});

test('a failure in a row is tried again later and later, up to five minutes; a new generation begins anew', () => {
  const middle = '8000000000000000';
  let last: Setback | undefined;
  const pauses = Array.from({ length: 12 }, () => {
    last = setbackOf(last, lookUp, issuer('Unavailable'), 1, middle, NOW);
    return Math.round((last.retryAt - NOW) / SECOND);
  });
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
  expect(setbackOf(last, lookUp, issuer('Unavailable'), 2, middle, NOW).count).toBe(1);
});

test('what the server asks for is granted', () => {
  const { retryAt } = setbackOf(undefined, lookUp, issuer('Unavailable', { retryAfter: HOUR }), 1, nonce(1), NOW);
  expect(retryAt).toBe(NOW + HOUR);
});

test('however often it failed, the next try is in the future, at most six minutes away, and not in step with others', () => {
  const nonces = fc.stringMatching(/^[0-9a-f]{16}$/);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), nonces, (count, random) => {
      const before = { verdict: { reason: 'InternalError', message: '' }, retryAt: NOW, count, generation: 1 } as const;
      const { retryAt } = setbackOf(before, lookUp, issuer('Unavailable'), 1, random, NOW);
      expect(retryAt).toBeGreaterThan(NOW);
      expect(retryAt).toBeLessThanOrEqual(NOW + 360 * SECOND);
    }),
  );
  const at = (random: string) => setbackOf(undefined, lookUp, issuer('Unavailable'), 1, random, NOW).retryAt;
  expect(at('0'.repeat(16))).not.toBe(at('f'.repeat(16)));
});

test('a webhook that knows no dry run is told from one that refuses', () => {
  const says = 'admission webhook "x" does not support dry run';
  expect(knowsNoDryRun(kubernetes({ status: 400, message: says }))).toBe(true);
  expect(knowsNoDryRun(kubernetes({ status: 403, message: says }))).toBe(false);
  expect(knowsNoDryRun(kubernetes({ status: 400 }))).toBe(false);
  expect(knowsNoDryRun(issuer('Refused', { status: 400, message: says }))).toBe(false);
});
