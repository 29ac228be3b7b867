// Outlives the process that started it, however that ends, to end its children and remove their folder: started by guarded-processes.ts.

import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Ends a process and whatever it started in its own process group. One that is gone already is as good. */
function kill(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

const [directory = ''] = process.argv.slice(2);
const leaders = new Set<number>();

// Standard input is a pipe that only the guarded process writes to: the system closes it even after a SIGKILL, and the loop ends.
for await (const line of createInterface({ input: process.stdin })) {
  const leader = Number(line.slice(1));
  if (line.startsWith('+')) {
    leaders.add(leader);
  } else {
    leaders.delete(leader);
  }
}
leaders.forEach(kill);
// A process that was killed just now may still be writing its last file.
await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
