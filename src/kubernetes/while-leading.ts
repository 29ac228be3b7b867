// Changes only while this process leads: a process that was paused past its Lease must not send what it had in hand.

import { KubernetesError, type KubernetesClient } from './client.ts';

/**
 * The same client, but a change is refused when `mayAct` says no at the moment of sending. `mayAct` looks at the time itself, because
 * after a pause the timer that tells of the loss has not run yet.
 */
export function whileLeading(client: KubernetesClient, mayAct: () => boolean): KubernetesClient {
  return {
    request: async <T>(request: Parameters<KubernetesClient['request']>[0]): Promise<T> => {
      if (request.method !== 'GET' && !mayAct()) {
        throw new KubernetesError(
          'Aborted',
          'unknown',
          `not sent, because this process does not lead (${request.method} ${request.path})`,
        );
      }
      return client.request<T>(request);
    },
    stream: (request) => client.stream(request),
  };
}
