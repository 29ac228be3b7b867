import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'smol-toml';

import { writeCommand } from '../../test/influxctl/script.ts';
import { waitFor } from '../../test/wait.ts';
import { systemClock } from '../controller/clock.ts';
import { Influxctl, type Invocation } from './influxctl.ts';
import { TokenString } from './token-string.ts';

const CREDENTIAL = 'M.V1.credential-of-the-administrator';
const { signal } = new AbortController();

let directory: string;
let base: string;
let leads: boolean;
let influxctl: Influxctl | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'influxctl-'));
  base = await mkdtemp(join(tmpdir(), 'influxctl-base-'));
  leads = true;
});

afterEach(async () => {
  influxctl?.close();
  await Promise.all([directory, base].map((path) => rm(path, { recursive: true, force: true })));
});

/** Answers `version`, and for the rest waits until the file `go` is there. */
const WAITING = `
  import { appendFileSync, existsSync } from 'node:fs';
  if (process.argv[2] === 'version') console.log('influxctl version v2.10.3');
  else {
    appendFileSync('DIRECTORY/pids', process.pid + '\\n');
    const timer = setInterval(() => { if (existsSync('DIRECTORY/go')) clearInterval(timer); }, 20);
  }`;

async function installed(code = WAITING): Promise<Influxctl> {
  const path = await writeCommand(directory, code.replaceAll('DIRECTORY', directory));
  return at(path);
}

function at(path: string): Influxctl {
  const environment = { PATH: '/bin', https_proxy: 'http://proxy:3128', NO_PROXY: 'cluster.local', SECRET: CREDENTIAL };
  influxctl = new Influxctl({ path, clock: systemClock, environment, mayAct: () => leads, base });
  return influxctl;
}

function invocation(change: Partial<Invocation> = {}): Invocation {
  return {
    settings: { product: { product: 'Clustered' }, url: 'https://influxdb.example.com', caBundle: 'the bundle' },
    credential: new TokenString(CREDENTIAL),
    args: ['management', 'list'],
    effect: 'read',
    signal,
    ...change,
  };
}

async function running(count: number): Promise<string[]> {
  return waitFor(
    async () => {
      const pids = (await readFile(join(directory, 'pids'), 'utf8')).trim().split('\n');
      return pids.length === count && pids;
    },
    { what: `${count} runs` },
  );
}

const go = () => writeCommand(directory, '', 'go');

describe('while it runs', () => {
  test('argv and environment show no secret; the configuration does, to the owner alone, and is gone afterwards', async () => {
    const run = (await installed()).run(invocation());
    const [pid] = await running(1);
    const [argv, environment] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8')),
    );
    const args = (argv ?? '').split('\0').slice(2, -1);
    expect(args).toEqual([
      '--config',
      expect.stringMatching(/\/config\.toml$/),
      '--profile',
      'operator',
      '--timeout',
      '30s',
      'management',
      'list',
    ]);
    const [, config = ''] = args;
    expect(environment?.split('\0').filter(Boolean).toSorted()).toEqual([
      `HOME=${join(config, '..')}`,
      'HTTPS_PROXY=http://proxy:3128',
      'NO_PROXY=cluster.local',
    ]);
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    const { profile } = parse(await readFile(config, 'utf8'));
    expect(profile).toMatchObject([{ mgmt_token: CREDENTIAL, tls: { ca: join(config, '../ca.pem') } }]);
    await go();
    await run;
    await expect(stat(join(config, '..'))).rejects.toThrow('ENOENT');
  });

  test('two run at a time, and the third when its turn comes', async () => {
    const one = await installed();
    const runs = Promise.all([1, 2, 3].map(() => one.run(invocation())));
    await running(2);
    await go();
    await runs;
    await running(3);
  });

  test('a change whose turn comes after our lead is not begun', async () => {
    const one = await installed();
    const runs = [one.run(invocation()), one.run(invocation())];
    await running(2);
    const change = one.run(invocation({ effect: 'change' }));
    leads = false;
    await go();
    await expect(change).rejects.toMatchObject({ kind: 'Unavailable', message: expect.stringContaining('lead') });
    await Promise.all(runs);
    await running(2);
  });

  test('the end of the operator ends it, and leaves no file', async () => {
    const one = await installed();
    const run = one.run(invocation());
    await running(1);
    one.close();
    expect(await readdir(base)).toEqual([]);
    expect(await run).toMatchObject({ ended: 'exited' });
  });
});

describe('a command that is not fit', () => {
  const version = (words: string): string => `console.log(${JSON.stringify(words)})`;

  test.each([
    ['influxctl version 2.9.8', '2.9; install influxctl 2.10.0 or later'],
    ['v1.12.0', '1.12; install'],
    ['hello', 'point --influxctl at influxctl'],
  ])('%j is refused with the remedy', async (words, remedy) => {
    const run = (await installed(version(words))).run(invocation());
    await expect(run).rejects.toMatchObject({ kind: 'Unusable', message: expect.stringContaining(remedy) });
  });

  test.each(['influxctl v2.10.0-rc1', 'Version: 2.11.4 (git: abc)', '3.0.0'])('%j is taken', async (words) => {
    expect(await (await installed(version(words))).run(invocation())).toMatchObject({ code: 0 });
  });

  test('one that is not there is told, and taken as soon as it is', async () => {
    const one = at(join(directory, 'influxctl'));
    await expect(one.run(invocation())).rejects.toMatchObject({
      kind: 'Unusable',
      message: expect.stringContaining('(ENOENT); install influxctl there, or correct --influxctl'),
    });
    await writeCommand(directory, version('2.10.0'));
    expect(await one.run(invocation())).toMatchObject({ code: 0 });
  });

  test('a place that cannot be written to is told, and nothing of what was to be written', async () => {
    await rm(base, { recursive: true });
    const run = (await installed()).run(invocation());
    await expect(run).rejects.toMatchObject({ kind: 'Unusable', message: expect.stringContaining('TMPDIR') });
  });
});
