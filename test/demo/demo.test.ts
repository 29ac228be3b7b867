import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CANARY } from '../simulator/simulator.ts';

const LONG = 180_000;

/** Takes the place of the system's folder for temporary files, so that whatever is left there is ours. */
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'influxtokens-demo-test-'));
});
afterEach(() => rm(temporary, { recursive: true, force: true }));

interface End {
  readonly code: unknown;
  readonly output: string;
}

/** What one does to end it: Ctrl-C, or to stop reading. */
type Interruption = (child: ChildProcess) => void;
const ctrlC: Interruption = (child) => child.kill('SIGINT');
const hangUp: Interruption = (child) => child.stdout?.destroy();

/** Runs it to its end, or interrupts it as soon as it has said something. */
async function demo(flags: readonly string[], interruptAt?: string, interrupt = ctrlC): Promise<End> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...flags], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let interrupted = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (interruptAt === undefined || interrupted || !output.includes(interruptAt)) return;
      interrupted = true;
      interrupt(child);
    });
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

/** Everything that runs inherits the folder for temporary files. */
function runningProcesses(): string[] {
  const all = execFileSync('ps', ['axeww', '-o', 'command='], { encoding: 'utf8', maxBuffer: 1e8 });
  return all.split('\n').filter((line) => line.includes(temporary));
}

describe('npm run demo', () => {
  test(
    'tells the story from an empty control plane to a revoked token, and never the token',
    async () => {
      const { code, output } = await demo([]);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('That was it') });
      expect(output.match(/^\d\. .*$/gm)).toEqual([
        '1. A Kubernetes control plane and an InfluxDB',
        '2. Install the kinds and start the operator',
        '3. Say where InfluxDB is, and who may ask for what',
        '4. Ask for three tokens',
        '5. What the application gets: a Secret',
        '6. Use it',
        '7. What a refusal looks like, and what success does',
        '8. A management token, for the automation of the platform team',
        '9. Delete the object: the token is revoked',
      ]);
      expect(output).toMatch(/dashboard +False +Activating[^]*dashboard +True +Issued[^]*HTTP 200[^]*HTTP 401/);
      expect(output).toMatch(/Warning +AccessDenied .*"metrics-team", which does not allow read on every database/);
      expect(output).toMatch(/automation +True +Issued +automation/);
      expect(output).not.toContain(CANARY);
      expect(output).not.toContain(Buffer.from(`apiv1_${CANARY}`).toString('base64'));
      expect(await readdir(temporary)).toEqual([]);
      expect(runningProcesses()).toEqual([]);
    },
    LONG,
  );

  test.each<[string, string, Interruption]>([
    ['Ctrl-C at', '1. A Kubernetes control plane', ctrlC],
    ['Ctrl-C at', '4. Ask for three tokens', ctrlC],
    ['a reader that stops at', '1. A Kubernetes control plane', hangUp],
  ])(
    '%s "%s" ends it, with nothing left behind',
    async (_, moment, interrupt) => {
      const { code, output } = await demo(['--keep'], moment, interrupt);
      expect({ code, output }).toEqual({ code: 130, output: expect.not.stringMatching(/That was it|Error/) });
      expect(await readdir(temporary)).toEqual([]);
      expect(runningProcesses()).toEqual([]);
    },
    LONG,
  );

  test(
    'with --keep everything runs on, and is told how to reach, until Ctrl-C',
    async () => {
      const { code, output } = await demo(['--keep'], 'Ctrl-C here ends it.');
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/export KUBECONFIG=\/\S+\n/) });
      expect(await readdir(temporary)).toEqual([]);
      expect(runningProcesses()).toEqual([]);
    },
    LONG,
  );

  test('a flag that it does not know is an error in one line', async () => {
    const { code, output } = await demo(['--no-such-flag']);
    expect(code).toBe(2);
    expect(output).toMatch(/^demo: Unknown option '--no-such-flag'.*\n$/);
  });
});
