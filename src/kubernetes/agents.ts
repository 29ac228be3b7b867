// The pooled connections to the API server: one Agent for requests, one for watches and the lists before them.

import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';

/** How to speak TLS to the API server. */
export interface TlsSettings extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'> {
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

/** What requests go over. */
export interface Agents {
  readonly requests: Dispatcher;
  /** And of the lists before them, whose connections they then take. */
  readonly watches: Dispatcher;
}

/** More than the workers and reflectors ever use at once, and few enough for the API server not to notice. */
export const MOST_CONNECTIONS = 48;

const COMMON = {
  // Over HTTP/2 one lost packet holds up every request at once, and a watch in the same connection the writes.
  allowH2: false,
  // Under the idle limits of common load balancers (60 s): one that hangs up first costs a request whose outcome is unknown.
  keepAliveTimeout: 20_000,
} as const;
/** Below the time of a request, so that an unreachable server is told apart from a slow one. */
const CONNECT_TIMEOUT = 5_000;

/** Opens the two pools, directly or through an HTTP proxy; nothing is connected before the first request. */
export function openAgents(settings: TlsSettings, proxy: string | undefined): Agents {
  const { rejectUnauthorized, servername, ...secure } = settings;
  const tls = {
    // Parsed here, once: else every new connection would parse the CA again.
    secureContext: createSecureContext(secure),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
    allowH2: false,
    timeout: CONNECT_TIMEOUT,
    // As client-go: a connection that a firewall forgot is noticed.
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  const open = (options: { readonly connections?: number; readonly bodyTimeout?: number }): Dispatcher => {
    if (proxy === undefined) return new Agent({ ...COMMON, ...options, connect: tls });
    return new ProxyAgent({ ...COMMON, ...options, uri: proxy, requestTls: tls });
  };
  // A watch may be silent for as long as the reflector lets it, and each holds a connection for minutes.
  return { requests: open({ connections: MOST_CONNECTIONS }), watches: open({ bodyTimeout: 0 }) };
}
