// CPU time as Linux counts it: of the process under test, of the API server, and of everybody else on the machine.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

/** `USER_HZ`, in which /proc counts; the kernel's interface fixes it at 100 on every architecture that Node runs on. */
const MILLISECONDS_PER_TICK = 10;

/** CPU time that a process, all its threads together, has used so far, in milliseconds (proc(5), utime and stime). */
export async function processCPU(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MILLISECONDS_PER_TICK;
}

/** Whose time is counted. All of them live until the last reading. */
export interface Parties {
  /** The process under test. */
  readonly subject: number;
  readonly apiServer: number;
  /** Who else takes part: the rest of the control plane, the simulator, the benchmark. */
  readonly others: readonly number[];
}

/** What was used between two moments; CPU times in milliseconds. */
export interface Usage {
  readonly subject: number;
  readonly apiServer: number;
  /** How many cores those used on average who have no part in the measurement: the noise. */
  readonly strangers: number;
}

/** Counts from a moment on. */
export class CPUMeter {
  readonly #parties: Parties;
  readonly #before: Reading;

  private constructor(parties: Parties, before: Reading) {
    this.#parties = parties;
    this.#before = before;
  }

  static async start(parties: Parties): Promise<CPUMeter> {
    return new CPUMeter(parties, await read(parties));
  }

  /** What was used since the start. */
  async read(): Promise<Usage> {
    const before = this.#before;
    const after = await read(this.#parties);
    const parties = after.all - before.all;
    return {
      subject: after.subject - before.subject,
      apiServer: after.apiServer - before.apiServer,
      strangers: Math.max(0, (after.machine - before.machine - parties) / (after.at - before.at)),
    };
  }
}

interface Reading {
  readonly at: number;
  readonly subject: number;
  readonly apiServer: number;
  /** Of all parties together. */
  readonly all: number;
  readonly machine: number;
}

async function read({ subject, apiServer, others }: Parties): Promise<Reading> {
  const [machine, ...times] = await Promise.all([machineCPU(), ...[subject, apiServer, ...others].map(processCPU)]);
  const [ofSubject = 0, ofAPIServer = 0] = times;
  const all = times.reduce((total, time) => total + time, 0);
  return { at: performance.now(), subject: ofSubject, apiServer: ofAPIServer, all, machine };
}

/** Of everything together; waiting is not counted. */
async function machineCPU(): Promise<number> {
  const [line = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) * MILLISECONDS_PER_TICK;
}

/** The cores that there are to use. */
export const CORES = availableParallelism();
