// What a run of influxctl that did not simply succeed may be taken for: by how it ended and by the words that it printed.
//
// Its exit codes are documented nowhere and its words may change, so they only choose the message and how soon it is tried again. Whether
// something happened is judged by the list, before and after.

import type { CommandResult } from './command-runner.ts';
import { IssuerError, type IssuerErrorKind } from './errors.ts';
import { printable } from './printable.ts';
import type { TokenString } from './token-string.ts';

/** What was tried, as messages name it. */
export interface Attempt {
  /** `creating a management token` */
  readonly name: string;
  readonly effect: 'read' | 'change';
  /** Host and port of the cluster. */
  readonly host: string;
  /** Our own credential, which no message may repeat. */
  readonly credential: TokenString;
}

interface Sign {
  readonly words: RegExp;
  readonly kind: IssuerErrorKind;
  readonly what: string;
  readonly remedy?: string;
}

/** The first that fits is told. gRPC's names of statuses, HTTP's and Go's words for what goes wrong on the network. */
const SIGNS: readonly Sign[] = [
  {
    words: /flag provided but not defined|unknown (flag|command)|no help topic/i,
    kind: 'Unusable',
    what: 'the command does not know what it was asked',
    remedy: 'install influxctl 2.10.0 or later',
  },
  {
    words: /\boauth|no users?\b|users? (not found|does not exist|must)/i,
    kind: 'Refused',
    what: 'management tokens need one user who has logged in to the cluster through OAuth',
    remedy: 'log in once with influxctl from a terminal',
  },
  {
    words: /\bunauthenticated\b|\bunauthori[sz]ed\b|\b401\b|invalid (management )?token/i,
    kind: 'CredentialsRejected',
    what: 'the credential was refused',
    remedy: 'put a valid management token into the Secret that spec.credentials.secretRef names',
  },
  {
    words: /permission ?denied|\bforbidden\b|\b403\b/i,
    kind: 'CredentialsRejected',
    what: 'the credential may not do that',
    remedy: 'put a management token into the Secret that spec.credentials.secretRef names',
  },
  {
    words: /\b(InvalidArgument|FailedPrecondition|OutOfRange|Unimplemented|ResourceExhausted)\b|\b400\b/,
    kind: 'Refused',
    what: 'it was refused',
  },
  {
    words: /x509|certificate|tls: |server gave HTTP response to HTTPS client/i,
    kind: 'Unavailable',
    what: 'TLS failed',
    remedy: 'check spec.tls and the scheme of spec.url',
  },
  {
    words: /connection refused|no such host|no route to host|network is unreachable|proxyconnect/i,
    kind: 'Unavailable',
    what: 'it cannot be reached',
    remedy: 'check spec.url, and HTTPS_PROXY and NO_PROXY where they are set',
  },
];

const LOGIN = /log ?in|browser|device|https?:\/\//i;
/** As much of the output as is looked at; what matters comes last. */
const TAIL = 4_096;
/** A run of what tokens are made of, far shorter than any token: after a creation even a part of one must not be quoted. */
const TOKEN_PART = /[\w.+/=-]{16,}/g;

/** For a run that did not end well. A change that was not surely refused is `OutcomeUnknown`. */
export function errorForRun(attempt: Attempt, { ended, code, stdout, stderr }: CommandResult): IssuerError {
  const said = `${stdout.subarray(-TAIL).toString()}\n${stderr.subarray(-TAIL).toString()}`;
  const otherwise = attempt.effect === 'change' ? 'OutcomeUnknown' : 'Unavailable';
  switch (ended) {
    case 'aborted':
      return failed(attempt, otherwise, 'the operator gave up waiting');
    case 'tooLarge':
      return failed(attempt, attempt.effect === 'change' ? 'OutcomeUnknown' : 'Unreadable', 'its output is too large');
    case 'tooSlow':
      if (!LOGIN.test(said)) return failed(attempt, otherwise, 'it did not end in time and was killed');
      return failed(
        attempt,
        'CredentialsRejected',
        'it wanted a person to log in, so the credential is no valid management token; put one into the Secret that spec.credentials.secretRef names',
        true,
      );
    case 'exited': {
      const sign = SIGNS.find(({ words }) => words.test(said));
      const quoted = quote(attempt, stderr.length > 0 ? stderr : stdout);
      if (sign === undefined) {
        const how = code === undefined ? 'it was killed' : `it ended with exit code ${code}`;
        return failed(attempt, otherwise, `${how}${quoted}`);
      }
      const { kind, what, remedy } = sign;
      const told = remedy === undefined ? what : `${what}; ${remedy}`;
      return failed(attempt, kind, `${told}${quoted}`, remedy !== undefined);
    }
  }
}

/** For a list that cannot be read, or a change that it does not show; `why` is told as it is. */
export function errorForContent(attempt: Attempt, why: string): IssuerError {
  return failed(attempt, attempt.effect === 'change' ? 'OutcomeUnknown' : 'Unreadable', why);
}

function failed({ name, host }: Attempt, kind: IssuerErrorKind, message: string, advising = false): IssuerError {
  const consequence = kind === 'OutcomeUnknown' ? '; whether it took effect is unknown' : '';
  return new IssuerError(kind, `influxctl, ${name} at ${host}: ${message}${consequence}`, { advises: advising });
}

/** Its last words. */
function quote({ effect, credential }: Attempt, output: Buffer): string {
  const tail = output.subarray(-TAIL).toString();
  const last = tail.trim().split('\n').at(-1) ?? '';
  const safe = effect === 'change' ? last.replaceAll(TOKEN_PART, '[redacted]') : last;
  const words = printable(safe, [credential]);
  return words === '' ? '' : ` (it said: ${words})`;
}
