import { expect, test } from '@jest/globals';
import type { KubernetesClient, KubernetesRequest } from './client.ts';
import { whileLeading } from './while-leading.ts';

test('a process that does not lead any more reads, but changes nothing', async () => {
  const sent: string[] = [];
  const client: KubernetesClient = {
    request: async <T>({ method }: KubernetesRequest): Promise<T> => {
      sent.push(method);
      return JSON.parse('{}');
    },
    stream: async () => Promise.reject(new Error('not asked for here')),
  };
  let leading = true;
  const guarded = whileLeading(client, () => leading);
  await guarded.request({ method: 'PATCH', path: '/x' });
  leading = false;
  await guarded.request({ method: 'GET', path: '/x' });
  await expect(guarded.request({ method: 'POST', path: '/x' })).rejects.toThrow('does not lead');
  expect(sent).toEqual(['PATCH', 'GET']);
});
