import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';

import { buildGoTool, type GoTool } from '../go-tool.ts';
import { waitFor } from '../wait.ts';

describe('building a Go tool', () => {
  let directory: string;
  let environment: NodeJS.ProcessEnv;
  let lines: string[];
  let tool: GoTool;

  const build = (signal?: AbortSignal): Promise<string> =>
    buildGoTool(tool, (line) => lines.push(line), environment, signal);

  /** A `go` that says it is of this version and notes every build; it takes its time, so that builds would overlap. */
  async function installGo(version: string, compile = 'echo built > "$output"'): Promise<void> {
    const script = `#!/bin/sh
if [ "$1" = env ]; then echo ${version}; exit 0; fi
all="$*"
while [ "$1" != -o ]; do shift; done
output=$2
echo "$CGO_ENABLED $GOTOOLCHAIN $GOOS" >> ${directory}/builds
sleep 0.1
${compile}
`;
    await writeFile(join(directory, 'bin/go'), script);
    await chmod(join(directory, 'bin/go'), 0o755);
  }

  async function builds(): Promise<string[]> {
    return (await readFile(join(directory, 'builds'), 'utf8')).trim().split('\n');
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'influxtokens-go-tool-'));
    await mkdir(join(directory, 'bin'));
    await mkdir(join(directory, 'sources'));
    await writeFile(join(directory, 'sources/main.go'), 'package main');
    environment = {
      PATH: `${join(directory, 'bin')}:/usr/bin:/bin`,
      XDG_CACHE_HOME: join(directory, 'cache'),
      GOOS: 'plan9',
      GOTOOLCHAIN: 'local',
    };
    lines = [];
    tool = {
      name: 'a tool',
      directory: join(directory, 'sources'),
      sources: ['main.go'],
      commands: ['tool', 'alias'],
      cost: 'a moment',
    };
    await installGo('go1.26.0');
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('makes the binary and its links, once, even for two at a time', async () => {
    const [folder, same] = await Promise.all([build(), build()]);
    expect(same).toBe(folder);
    expect(await build()).toBe(folder);
    expect((await readdir(folder)).sort()).toEqual(['alias', 'tool']);
    expect(await readFile(join(folder, 'alias'), 'utf8')).toBe('built\n');
    expect(await builds()).toHaveLength(1);
    expect(lines).toEqual([
      'a tool: building it once from its Go sources; a moment',
      expect.stringMatching(/^a tool: built in \d+ s, kept in /),
    ]);
  });

  test('builds for this machine and may fetch a newer Go, whatever the environment says', async () => {
    await build();
    expect(await builds()).toEqual(['0 auto']);
  });

  test('changed sources or variables are another build', async () => {
    const folders = [await build()];
    await writeFile(join(directory, 'sources/main.go'), 'package main // changed');
    folders.push(await build());
    tool = { ...tool, variables: { 'main.version': 'v2' } };
    folders.push(await build());
    tool = { ...tool, tags: ['few'] };
    folders.push(await build());
    tool = { ...tool, package: 'example.com/cmd/tool' };
    folders.push(await build());
    expect(new Set(folders).size).toBe(5);
  });

  test('a program of another module is built by its path, with the tags that it is given', async () => {
    tool = { ...tool, tags: ['custom', 'few'], package: 'example.com/cmd/tool' };
    await installGo('go1.26.0', 'echo "$all" > "$output"');
    expect(await readFile(join(await build(), 'tool'), 'utf8')).toMatch(
      / -tags custom,few -o \S+ example\.com\/cmd\/tool$/m,
    );
  });

  test('a command that is a program of its own is built beside the others', async () => {
    await installGo('go1.26.0', 'echo "$all" > "$output"');
    const plain = await build();
    tool = { ...tool, programs: { own: 'example.com/cmd/own' } };
    const folder = await build();
    expect(folder).not.toBe(plain);
    expect((await readdir(folder)).sort()).toEqual(['alias', 'own', 'tool']);
    expect(await readFile(join(folder, 'alias'), 'utf8')).toMatch(/ \.$/m);
    expect(await readFile(join(folder, 'own'), 'utf8')).toMatch(/ example\.com\/cmd\/own$/m);
  });

  test('a failed build says what the compiler said, and leaves nothing that looks built', async () => {
    await installGo('go1.26.0', 'echo "main.go:1: undefined: x" >&2; exit 1');
    await expect(build()).rejects.toThrow(/^a tool: go build failed in .*:\nmain\.go:1: undefined: x$/);
    expect(await readdir(join(directory, 'cache/influxdb-token-operator'))).toEqual([]);
    await installGo('go1.26.0');
    await build();
  });

  test('a build that is broken off interrupts Go, waits for its end, and leaves nothing', async () => {
    const stopped = join(directory, 'stopped');
    const compile = `sleep 60 & trap "kill $!; touch ${stopped}; exit 1" INT; touch "$GOTMPDIR/work" ${stopped}.not; wait`;
    await installGo('go1.26.0', compile);
    const breakOff = new AbortController();
    const building = build(breakOff.signal);
    await waitFor(() => existsSync(`${stopped}.not`), { what: 'Go to compile' });
    breakOff.abort();
    await expect(building).rejects.toBe(breakOff.signal.reason);
    expect(existsSync(stopped)).toBe(true);
    expect(await readdir(join(directory, 'cache/influxdb-token-operator'))).toEqual([]);
  });

  test('a Go that cannot fetch toolchains is too old', async () => {
    await installGo('go1.20.14');
    await expect(build()).rejects.toThrow(
      'a tool: go1.20.14 is too old to build it with: install Go 1.21 or later (https://go.dev/dl)',
    );
  });
});
