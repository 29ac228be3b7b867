import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { freePort } from '../free-port.ts';

test('a port on which somebody listens is passed over', async () => {
  const before = await freePort();
  const taken = createServer().listen(before + 1, '127.0.0.1');
  await once(taken, 'listening');
  try {
    expect(await freePort()).not.toBe(before + 1);
  } finally {
    taken.close();
  }
});
