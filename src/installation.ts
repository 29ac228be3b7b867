// Which installation this is: what tells its tokens from those of all others on the same InfluxDB cluster.

import { createHash } from 'node:crypto';

import { sleep, type Clock } from './controller/clock.ts';
import type { Log } from './controller/log.ts';
import { KubernetesError, type KubernetesClient } from './kubernetes/client.ts';
import { resourcePath } from './kubernetes/paths.ts';

/** What is worked with. */
export interface InstallationOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  /** The operator's own. */
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Between tries to reach the API server, which may come up after us. */
const RETRY = 2_000;

/**
 * The same cluster and namespace give the same, also after a restore: 16 hexadecimal digits. Waits for an API server that gives no usable answer;
 * `undefined` when the signal fires meanwhile. Throws an `Error` that says what to do when the API server says no.
 */
export async function installationOf(options: InstallationOptions): Promise<string | undefined> {
  const { client, namespace, clock, log, signal } = options;
  const path = resourcePath({ group: '', version: 'v1', plural: 'namespaces', name: 'kube-system' });
  let told = '';
  while (!signal.aborted) {
    try {
      const { metadata } = await client.request<{ metadata: { uid: string } }>({ method: 'GET', path, signal });
      return createHash('sha256').update(`${metadata.uid}/${namespace}`).digest('hex').slice(0, 16);
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      if (error.outcome === 'refused' && error.status !== 429) throw new Error(refused(error), { cause: error });
      if (!signal.aborted && error.reason !== told) {
        log.warn({ err: error }, 'the API server gives no usable answer; trying on');
        told = error.reason;
      }
    }
    await sleep(clock, RETRY, signal);
  }
  return undefined;
}

function refused({ message }: KubernetesError): string {
  return `namespace kube-system cannot be read, whose UID tells the tokens of this installation from those of others: ${message}; allow get on namespaces, or give --installation`;
}
