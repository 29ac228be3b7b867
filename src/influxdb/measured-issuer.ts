// Counts and times the calls to an issuer.

import { IssuerError } from './errors.ts';
import type { TokenIssuer } from './issuer.ts';

/** Is told of every call that ended: `result` is `Success` or the kind of its error; for metrics. */
export type CallObserver = (operation: string, result: string, milliseconds: number) => void;

/**
 * The same issuer, with every call told to the observer. A change is refused when `mayAct` says no at the moment of sending: a process
 * that was paused past its Lease must not mint or revoke what it had in hand.
 */
export function measuredIssuer(issuer: TokenIssuer, observe: CallObserver, mayAct: () => boolean): TokenIssuer {
  const change = <T>(operation: string, call: () => Promise<T>): Promise<T> =>
    measured(operation, observe, async () => {
      refuseUnlessLeading(mayAct);
      return call();
    });
  const update = issuer.update?.bind(issuer);
  return {
    list: (keep, signal, containing) => measured('list', observe, () => issuer.list(keep, signal, containing)),
    create: (request, signal) => change('create', () => issuer.create(request, signal)),
    get: (id, signal) => measured('get', observe, () => issuer.get(id, signal)),
    ...(update === undefined
      ? {}
      : { update: (id, wanted, signal) => change('update', () => update(id, wanted, signal)) }),
    revoke: (id, signal) => change('revoke', () => issuer.revoke(id, signal)),
    get clockSkew() {
      return issuer.clockSkew;
    },
    get credentialEnd() {
      return issuer.credentialEnd;
    },
  };
}

/** Throws an `IssuerError` that says that nothing was sent. */
export function refuseUnlessLeading(mayAct: () => boolean): void {
  if (!mayAct()) throw new IssuerError('Unavailable', 'Not sent, because this process does not lead.');
}

/** Calls, and tells the observer how it went. */
export async function measured<T>(operation: string, observe: CallObserver, call: () => Promise<T>): Promise<T> {
  const began = performance.now();
  try {
    const answer = await call();
    observe(operation, 'Success', performance.now() - began);
    return answer;
  } catch (error) {
    observe(operation, error instanceof IssuerError ? error.kind : 'Aborted', performance.now() - began);
    throw error;
  }
}
