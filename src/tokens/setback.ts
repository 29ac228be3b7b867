// What a failure means for the object, and when it is tried again.

import type { Verdict } from '../resources/conditions.ts';
import type { Memory, Setback } from './observed.ts';
import type { Failure } from './outcome.ts';
import type { Step } from './step.ts';

const SECOND = 1_000;
const LONGEST = 300 * SECOND;

/** The setback that follows a failure: the pause doubles from one second to five minutes, or is what the server asked for. */
export function setbackOf(
  before: Memory['setback'],
  step: Step,
  failure: Failure,
  generation: number,
  nonce: string,
  now: number,
): Setback {
  const count = before === undefined || before.generation !== generation ? 1 : before.count + 1;
  const pause = Math.min(LONGEST, SECOND * 2 ** (count - 1));
  // Objects that failed together must not come back together.
  const spread = 0.8 + 0.4 * (Number.parseInt(nonce.slice(0, 4), 16) / 0xffff);
  const retryAt = now + Math.max(failure.retryAfter ?? 0, pause * spread);
  return { verdict: verdictOf(step, failure), retryAt, count, generation };
}

function verdictOf(step: Step, failure: Failure): Verdict {
  const { message } = failure;
  if (failure.of === 'issuer') {
    const told = { message, ...(failure.advises === true ? { remedy: '' } : {}) };
    switch (failure.kind) {
      case 'CredentialsRejected':
        return { reason: 'CredentialsRejected', ...told };
      case 'Refused':
        if (failure.status === 403) return { reason: 'CredentialsRejected', ...told };
        return {
          reason: 'InvalidSpec',
          message: `The cluster refuses this token: ${message}`,
          remedy: failure.advises === true ? '' : 'Ask for what the cluster takes: a changed spec is tried at once.',
        };
      case 'Unusable':
        return { reason: 'InfluxctlMissing', ...told };
      case 'NotFound':
      case 'Unavailable':
      case 'Unreadable':
      case 'OutcomeUnknown':
        return { reason: 'ClusterUnreachable', ...told };
    }
  }
  if (!failure.refused) return { reason: 'InternalError', message: `The Kubernetes API gave no answer: ${message}` };
  if (namespaceGoes(failure)) return { reason: 'NamespaceTerminating', message };
  if (concernsSecret(step)) return { reason: 'SecretRejected', message };
  return { reason: 'InternalError', message };
}

function concernsSecret(step: Step): boolean {
  return ['rehearse', 'publish', 'rewrite', 'lookAtSecret', 'deleteSecret'].includes(step.do);
}

/** https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle: 403 with this cause; 404 once it is gone. */
function namespaceGoes(failure: Extract<Failure, { of: 'kubernetes' }>): boolean {
  return (
    failure.causes.includes('NamespaceTerminating') ||
    (failure.status === 404 && failure.message.includes('namespaces'))
  );
}

/** A webhook that knows no dry run makes the API server answer 400 to every one: then only a live look can tell that the name is free. */
export function knowsNoDryRun(failure: Failure): boolean {
  return failure.of === 'kubernetes' && failure.status === 400 && failure.message.includes('dry run');
}
