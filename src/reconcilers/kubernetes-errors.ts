// What an error of the Kubernetes client means for a step.

import { KubernetesError } from '../kubernetes/client.ts';
import type { Failure } from '../tokens/outcome.ts';

/** The failure that an error of the Kubernetes client is. */
export function kubernetesFailure(error: KubernetesError): Failure {
  return {
    of: 'kubernetes',
    refused: error.outcome === 'refused',
    reason: error.reason,
    ...(error.status === undefined ? {} : { status: error.status }),
    causes: (error.details ?? []).flatMap(({ reason }) => reason ?? []),
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    message: error.message,
  };
}

/** A create found the name taken. */
export function taken(error: KubernetesError): boolean {
  return error.status === 409 && error.reason === 'AlreadyExists';
}

/** The whole of what the API server says of a JSON Patch that does not fit the object; a 422 of validation or admission says what is wrong. */
const PATCH_UNFIT = 'the server rejected our request due to an error in our request';

/** A JSON Patch whose `test` (or `remove`) no longer fits. */
export function lostSwap(error: KubernetesError): boolean {
  if (error.status === 409 && error.reason === 'Conflict') return true;
  return error.status === 422 && (error.details ?? []).length === 0 && error.message.startsWith(PATCH_UNFIT);
}

/** `undefined` where the API server itself says that there is no such object. */
export async function orNotFound<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 404 && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
