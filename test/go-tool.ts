// Builds a Go program of the tests once and keeps it in the user's cache, keyed by its sources.

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { withFileLock } from './file-lock.ts';

/** A Go program and how it is to be built. */
export interface GoTool {
  /** What messages and the cache folder call it. */
  readonly name: string;
  /** The folder of its module. */
  readonly directory: string;
  /** The files of that folder that decide what is built: another content is another build. */
  readonly sources: readonly string[];
  /** The names it can be started under; the first is the binary itself, the others are links to it. */
  readonly commands: readonly [string, ...string[]];
  /** The import path of the program, where it is not the folder's own but one that its go.mod names as a `tool`. */
  readonly package?: string;
  /** Commands that are programs of their own, by their import paths. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Build tags, which leave out what a test has no use for. */
  readonly tags?: readonly string[];
  /** Values for package-level string variables: import path and name to value, as the linker's `-X` takes them. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What a first build costs, in words: said before it begins. */
  readonly cost: string;
  /** What to do other than install Go, said when Go is missing. */
  readonly alternative?: string;
}

/** Go 1.21 is the first that fetches by itself the toolchain that a go.mod asks for. */
const oldestGo = 21;
const signOfLifeEvery = 10_000;

/**
 * The folder with the tool's commands, built now unless it was built before. Two processes at once build it once, and a build
 * that was broken off, as by `signal`, leaves nothing that looks finished. `report` hears, line by line, what happens and that it
 * still happens. Throws an error that says what to do when Go is missing or the build fails.
 */
export async function buildGoTool(
  tool: GoTool,
  report: (line: string) => void,
  environment: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<string> {
  const folder = join(cacheFolder(environment), `${tool.name.replaceAll(' ', '-')}-${await fingerprint(tool)}`);
  if (existsSync(folder)) {
    return folder;
  }
  await mkdir(cacheFolder(environment), { recursive: true });
  const waiting = signsOfLife((seconds) => report(`${tool.name}: another process is building it (${seconds} s)`));
  const make = async (): Promise<string> => {
    waiting.stop();
    if (!existsSync(folder)) {
      await build(tool, folder, report, environment, signal);
    }
    return folder;
  };
  return withFileLock(`${folder}.lock`, make, signal).finally(waiting.stop);
}

/** `$XDG_CACHE_HOME` or `~/.cache`, and there a folder of this project's own. */
function cacheFolder(environment: NodeJS.ProcessEnv): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'influxdb-token-operator');
}

async function fingerprint(tool: GoTool): Promise<string> {
  const { commands, package: program, programs, tags } = tool;
  const hash = createHash('sha256').update(JSON.stringify([commands, linkerFlags(tool)]));
  if (program !== undefined || tags !== undefined) hash.update(JSON.stringify([program ?? '.', tags ?? []]));
  if (programs !== undefined) hash.update(JSON.stringify(programs));
  for (const source of tool.sources) {
    hash.update(`\0${source}\0`).update(await readFile(join(tool.directory, source)));
  }
  return hash.digest('hex').slice(0, 16);
}

function linkerFlags(tool: GoTool): string {
  const variables = Object.entries(tool.variables ?? {}).map(([variable, value]) => `-X ${variable}=${value}`);
  return ['-s', '-w', ...variables].join(' ');
}

async function build(
  tool: GoTool,
  folder: string,
  report: (line: string) => void,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  await requireGo(tool, environment);
  report(`${tool.name}: building it once from its Go sources; ${tool.cost}`);
  const unfinished = `${folder}.${process.pid}`;
  const scratch = `${unfinished}.tmp`;
  const [binary, ...links] = tool.commands;
  const started = Date.now();
  try {
    await mkdir(unfinished, { recursive: true });
    await mkdir(scratch);
    // An interrupted go leaves its temporary files behind.
    const programs = { [binary]: tool.package ?? '.', ...tool.programs };
    for (const [name, program] of Object.entries(programs)) {
      const output = join(unfinished, name);
      await compile({ tool, program, output }, report, { ...environment, GOTMPDIR: scratch }, signal);
    }
    for (const link of links) {
      await symlink(binary, join(unfinished, link));
    }
    await rename(unfinished, folder).catch((error: unknown) => {
      if (!existsSync(folder)) {
        throw error;
      }
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    // A compiler that go has left running may still be writing.
    await rm(scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
  report(`${tool.name}: built in ${Math.round((Date.now() - started) / 1000)} s, kept in ${folder}`);
}

async function compile(
  { tool, program, output }: { readonly tool: GoTool; readonly program: string; readonly output: string },
  report: (line: string) => void,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  // Flags stand on the command line, where they win over the user's GOFLAGS; -v names each package when it is compiled.
  const flags = ['-v', '-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags', linkerFlags(tool)];
  if (tool.tags !== undefined) flags.push('-tags', tool.tags.join(','));
  const go = spawn('go', ['build', ...flags, '-o', output, program], {
    cwd: tool.directory,
    env: goEnvironment(environment),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lastLines: string[] = [];
  createInterface({ input: go.stderr }).on('line', (line) => {
    lastLines.push(line);
    lastLines.splice(0, lastLines.length - 20);
  });
  const life = signsOfLife((seconds) =>
    report(`${tool.name}: building, ${seconds} s; ${lastLines.at(-1) ?? 'go starts'}`),
  );
  const interrupt = (): boolean => go.kill('SIGINT');
  signal?.addEventListener('abort', interrupt);
  const [code] = await once(go, 'close').finally(life.stop);
  signal?.removeEventListener('abort', interrupt);
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(`${tool.name}: go build failed in ${tool.directory}:\n${lastLines.join('\n')}`);
  }
}

async function requireGo(tool: GoTool, environment: NodeJS.ProcessEnv): Promise<void> {
  const remedy = ['install Go 1.21 or later (https://go.dev/dl)', tool.alternative].filter(Boolean).join(', or ');
  const version = await installedGo(environment).catch((error: unknown) => {
    throw new Error(`${tool.name}: there is no working \`go\` on the PATH to build it with: ${remedy}`, {
      cause: error,
    });
  });
  const minor = /^go1\.(\d+)/.exec(version)?.[1];
  if (minor !== undefined && Number(minor) < oldestGo) {
    throw new Error(`${tool.name}: ${version} is too old to build it with: ${remedy}`);
  }
}

/** Asked outside of any module and without fetching toolchains, so that it answers for the Go that is installed. */
async function installedGo(environment: NodeJS.ProcessEnv): Promise<string> {
  const env = { ...goEnvironment(environment), GOTOOLCHAIN: 'local' };
  const { stdout } = await promisify(execFile)('go', ['env', 'GOVERSION'], { cwd: tmpdir(), env });
  return stdout.trim();
}

/** The user's environment, less what would build for another machine, from other sources, or with a C compiler that may be missing. */
function goEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { GOOS: _system, GOARCH: _processor, ...rest } = environment;
  // Distributions and container images set GOTOOLCHAIN=local, with which a Go older than go.mod's would refuse.
  return { ...rest, CGO_ENABLED: '0', GOWORK: 'off', GO111MODULE: 'on', GOTOOLCHAIN: 'auto' };
}

function signsOfLife(say: (seconds: number) => void): { stop: () => void } {
  const started = Date.now();
  const timer = setInterval(() => say(Math.round((Date.now() - started) / 1000)), signOfLifeEvery);
  return { stop: () => clearInterval(timer) };
}
