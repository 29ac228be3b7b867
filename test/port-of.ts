// The port of a server of a test.

import type { Server } from 'node:net';

/** The TCP port on which a server listens; 0 while it does not. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
