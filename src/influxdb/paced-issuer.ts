// Sends an issuer as many calls at a time as it can take.

import { afterCall, isOut, mostCalls, UNKNOWN_CONCURRENCY, type Concurrency, type EndedCall } from './concurrency.ts';
import { IssuerError } from './errors.ts';
import type { TokenIssuer } from './issuer.ts';
import { Limiter } from './limiter.ts';

/**
 * The same issuer, with what concerns single tokens sent as `concurrency.ts` decides; the others wait in order. A list is not held up:
 * there is one at a time anyway, and it is the proof that a cluster has come back.
 *
 * While the server does not answer, who waits is turned away as `Unavailable`: nothing was sent, and each comes back when its own back-off
 * ends, rather than all at once and rather than holding up workers that other clusters need.
 *
 * @param now milliseconds, on a clock that never jumps
 */
export function pacedIssuer(issuer: TokenIssuer, now = (): number => performance.now()): TokenIssuer {
  const pace = new Pace(now);
  const update = issuer.update?.bind(issuer);
  return {
    list: (keep, signal, containing) => issuer.list(keep, signal, containing),
    create: (request, signal) => pace.call('create', () => issuer.create(request, signal), signal),
    get: (id, signal) => pace.call('get', () => issuer.get(id, signal), signal),
    ...(update === undefined
      ? {}
      : { update: (id, wanted, signal) => pace.call('update', () => update(id, wanted, signal), signal) }),
    revoke: (id, signal) => pace.call('revoke', () => issuer.revoke(id, signal), signal),
    get clockSkew() {
      return issuer.clockSkew;
    },
  };
}

class Pace {
  readonly #now: () => number;
  readonly #limiter = new Limiter(mostCalls(UNKNOWN_CONCURRENCY));
  #state: Concurrency = UNKNOWN_CONCURRENCY;

  constructor(now: () => number) {
    this.#now = now;
  }

  call<T>(operation: string, send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#limiter.run(async () => {
      const { epoch } = this.#state;
      const began = this.#now();
      const ended = (result: EndedCall['result']): void => {
        this.#learn({ operation, epoch, underWay: this.#limiter.running, result });
      };
      try {
        const answer = await send();
        ended({ was: 'answered', milliseconds: this.#now() - began });
        return answer;
      } catch (error) {
        if (error instanceof IssuerError) ended({ was: meaningOf(error) });
        throw error;
      }
    }, signal);
  }

  #learn(call: EndedCall): void {
    this.#state = afterCall(this.#state, call);
    this.#limiter.resize(mostCalls(this.#state));
    if (!isOut(this.#state)) return;
    this.#limiter.turnAway(
      new IssuerError('Unavailable', 'Nothing was sent, because the cluster leaves requests unanswered'),
    );
  }
}

/** What an error says of the load. */
function meaningOf({ kind, status }: IssuerError): 'refused' | 'overloaded' | 'silent' {
  if (status === 429 || (status !== undefined && status >= 500)) return 'overloaded';
  return status === undefined && (kind === 'Unavailable' || kind === 'OutcomeUnknown') ? 'silent' : 'refused';
}
