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
  return EXPLANATIONS.find(([codes]) => codes.test(code))?.[1](field) ?? `the connection failed (${code})`;
}

/** Whether an explanation also says what to look at. */
export function advises(explanation: string): boolean {
  return explanation.includes('; ');
}

/** The first that fits is told. The codes of certificates are OpenSSL's, as Node spells them. */
const EXPLANATIONS: readonly (readonly [RegExp, (field: string) => string])[] = [
  [TIMEOUT, () => 'it did not answer in time'],
  [/^(ENOTFOUND|EAI_\w+)$/, (field) => `its name cannot be resolved; check ${field}`],
  [
    new RegExp(`^${LINK_LOCAL}$`),
    (field) =>
      `its name leads to a link-local address, where clouds answer with the credentials of machines; check ${field}`,
  ],
  [
    /^ECONNREFUSED$/,
    (field) =>
      `it refuses the connection; check host and port of ${field}, and HTTPS_PROXY and NO_PROXY where they are set`,
  ],
  [
    /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN)$/,
    () => 'there is no route to it; check network and network policies',
  ],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_UNTRUSTED|INVALID_CA)$/,
    () =>
      "its certificate is not signed by a trusted authority; put the authority's certificate into spec.tls.caBundle",
  ],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    (field) => `its certificate is for another host name; put a name that the certificate holds into ${field}`,
  ],
  [/^CERT_HAS_EXPIRED$/, () => 'its certificate has expired; renew it'],
  [/^CERT_NOT_YET_VALID$/, () => 'its certificate is not valid yet; check the clocks'],
  [/^(CERT_|CRL_|ERR_TLS_CERT)\w+$/, () => 'its certificate is not acceptable'],
  [
    /^ERR_SSL_WRONG_VERSION_NUMBER$/,
    (field) => `it does not speak TLS on this port; check scheme and port of ${field}`,
  ],
  [/^(EPROTO|ERR_SSL_\w+)$/, () => 'TLS could not be agreed on; it needs TLS 1.2 or later'],
  [/^(NOT_HTTP|HPE_\w+)$/, (field) => `what it answered is not HTTP; check scheme and port of ${field}`],
  [/^(UND_ERR_ABORTED|UND_ERR_PRX_\w+)$/, () => 'the proxy did not let us through; check HTTPS_PROXY and NO_PROXY'],
  [/^ABORTED$/, () => 'the operator gave up waiting'],
  [/^(UND_ERR_DESTROYED|UND_ERR_CLOSED)$/, () => 'the connection was closed by the operator'],
  [/^(ECONNRESET|ECONNABORTED|EPIPE|UND_ERR_SOCKET)$/, () => 'the connection was cut'],
];
