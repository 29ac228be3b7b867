// What can go wrong below HTTP, told in a few words with the likely remedy.

import { LINK_LOCAL } from './elsewhere.ts';

/** How far an exchange had come. */
export interface Progress {
  /** Whether anything of the request may have reached the server. `false` is certain: nothing was written to any connection. */
  readonly sent: boolean;
  /** Whether status and headers of an answer had come, so that only its body is missing. */
  readonly answered: boolean;
}

/** An exchange that got no complete answer. It carries a code and no cause: a raw error may hold what was received. */
export class NetworkFailure extends Error implements Progress {
  override readonly name = 'NetworkFailure';
  /** As Node or undici calls it (`ECONNREFUSED`), or `TOO_SLOW` (our own deadline), `ABORTED` (the caller's signal), `NOT_HTTP`, `UNKNOWN`. */
  readonly code: string;
  readonly sent: boolean;
  readonly answered: boolean;

  constructor(code: string, progress: Progress) {
    super(`network failure ${code}`);
    this.code = code;
    this.sent = progress.sent;
    this.answered = progress.answered;
  }

  /** Whether it was only a matter of time. */
  get slow(): boolean {
    return TIMEOUT.test(this.code);
  }
}

const TIMEOUT = /^(TOO_SLOW|ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/;

/** The code of an error of Node or undici. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'UNKNOWN';
  // undici's parser gives its errors a code only sometimes.
  if ('name' in error && error.name === 'HTTPParserError') return 'NOT_HTTP';
  return 'code' in error && typeof error.code === 'string' && /^\w{1,60}$/.test(error.code) ? error.code : 'UNKNOWN';
}

/** Says what happened and what to look at. `field` is the field of the InfluxDBCluster that holds the URL. */
export function explain(code: string, field: string): string {
  const { what, remedy } = explanationOf(code);
  return remedy === undefined ? what : `${what}; ${remedy(field)}`;
}

/** Whether an explanation also says what to look at. */
export function advises(code: string): boolean {
  return explanationOf(code).remedy !== undefined;
}

interface Explanation {
  readonly what: string;
  readonly remedy?: (field: string) => string;
}

function explanationOf(code: string): Explanation {
  return EXPLANATIONS.find(({ codes }) => codes.test(code)) ?? { what: `the connection failed (${code})` };
}

/** The first that fits is told. The codes of certificates are OpenSSL's, as Node spells them. */
const EXPLANATIONS: readonly (Explanation & { readonly codes: RegExp })[] = [
  { codes: TIMEOUT, what: 'it did not answer in time' },
  {
    codes: /^(ENOTFOUND|EAI_\w+)$/,
    what: 'its name cannot be resolved',
    remedy: (field) => `check ${field}`,
  },
  {
    codes: new RegExp(`^${LINK_LOCAL}$`),
    what: 'its name leads to a link-local address, where clouds answer with the credentials of machines',
    remedy: (field) => `check ${field}`,
  },
  {
    codes: /^ECONNREFUSED$/,
    what: 'it refuses the connection',
    remedy: (field) => `check host and port of ${field}, and HTTPS_PROXY and NO_PROXY where they are set`,
  },
  {
    codes: /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/,
    what: 'there is no route to it',
    remedy: () => 'check network and network policies',
  },
  {
    codes: /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED|INVALID_CA)$/,
    what: 'its certificate is not signed by a trusted authority',
    remedy: () => "put the authority's certificate into spec.tls.caBundle",
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    what: 'its certificate is for another host name',
    remedy: (field) => `put a name that the certificate holds into ${field}`,
  },
  { codes: /^CERT_HAS_EXPIRED$/, what: 'its certificate has expired', remedy: () => 'renew it' },
  { codes: /^CERT_NOT_YET_VALID$/, what: 'its certificate is not valid yet', remedy: () => 'check the clocks' },
  { codes: /^(CERT_|CRL_|ERR_TLS_CERT)\w+$/, what: 'its certificate is not acceptable' },
  {
    codes: /^ERR_SSL_WRONG_VERSION_NUMBER$/,
    what: 'it does not speak TLS on this port',
    remedy: (field) => `check scheme and port of ${field}`,
  },
  {
    codes: /^(EPROTO|ERR_SSL_\w+)$/,
    what: 'TLS could not be agreed on',
    remedy: () => 'it needs TLS 1.2 or later',
  },
  {
    codes: /^(NOT_HTTP|HPE_\w+)$/,
    what: 'what it answered is not HTTP',
    remedy: (field) => `check scheme and port of ${field}`,
  },
  {
    codes: /^(UND_ERR_ABORTED|UND_ERR_PRX_\w+)$/,
    what: 'the proxy did not let us through',
    remedy: () => 'check HTTPS_PROXY and NO_PROXY',
  },
  { codes: /^ABORTED$/, what: 'the operator gave up waiting' },
  { codes: /^(UND_ERR_DESTROYED|UND_ERR_CLOSED)$/, what: 'the connection was closed by the operator' },
  { codes: /^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/, what: 'the connection was cut' },
];
