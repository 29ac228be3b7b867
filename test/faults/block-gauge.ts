// Loaded into an operator before it starts: each SIGUSR2 has it print how long its event loop was blocked at most since the last. The gauge
// that it shows by itself forgets all that happens within a quarter of a second of a look, and whoever waits looks more often.

/** Milliseconds from one look of its own to the next. */
const PAUSE = 10;

interface Look {
  /** Milliseconds. */
  readonly at: number;
  /** CPU time of the event loop's thread, milliseconds. */
  readonly busy: number;
}

function look(): Look {
  const { user, system } = process.threadCpuUsage();
  return { at: performance.now(), busy: (user + system) / 1000 };
}

let last = look();
let longest = 0;
let busiest = 0;

setInterval(() => {
  const now = look();
  longest = Math.max(longest, now.at - last.at - PAUSE);
  // Of a look that came in time, what was done since the last was no block.
  if (now.at - last.at > PAUSE + 1) busiest = Math.max(busiest, now.busy - last.busy);
  last = now;
}, PAUSE).unref();

process.on('SIGUSR2', () => {
  console.log(`longest block: ${longest} ms, with ${busiest} ms of work`);
  longest = 0;
  busiest = 0;
});
