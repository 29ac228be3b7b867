// A copy of the sources in which a defence is taken out, and what a test then says.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Edit, Mutation } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');
const PARTS = ['src', 'test', 'scripts', 'deploy', 'crds', 'examples', 'docs'];
const FILES = ['package.json', 'tsconfig.json', 'jest.config.js', 'README.md', 'LICENSE'];

/** What the named test did. */
export interface Verdict {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  /** Of a suite that could not even begin: then nothing is proved. */
  readonly broken: string | undefined;
}

/** The part of Jest's report that is read. */
interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** The content of a file with an edit; throws where its text does not stand there exactly once. */
export function edited(content: string, { file, from, to }: Edit): string {
  const parts = content.split(from);
  if (parts.length !== 2) throw new Error(`${file} holds ${parts.length - 1} times and not once: ${from}`);
  return parts.join(to);
}

/** A copy of the sources, one mutation at a time. */
export class Mutant {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async create(): Promise<Mutant> {
    const directory = await mkdtemp(join(tmpdir(), 'influxtokens-mutant-'));
    await Promise.all([
      ...PARTS.map((part) => cp(join(ROOT, part), join(directory, part), { recursive: true })),
      ...FILES.map((file) => cp(join(ROOT, file), join(directory, file))),
      symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules')),
    ]);
    return new Mutant(directory);
  }

  /** Runs the test of a mutation on the sources with it, or as they are. */
  async run({ edits, test: [file, name] }: Mutation, mutated: boolean): Promise<Verdict> {
    const originals = new Map<string, string>();
    for (const edit of mutated ? edits : []) {
      const path = join(this.#directory, edit.file);
      const content = await readFile(path, 'utf8');
      if (!originals.has(path)) originals.set(path, content);
      await writeFile(path, edited(content, edit));
    }
    try {
      return await this.#jest(file, name);
    } finally {
      for (const [path, content] of originals) await writeFile(path, content);
    }
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #jest(file: string, name: string): Promise<Verdict> {
    const report = join(this.#directory, 'report.json');
    await rm(report, { force: true });
    const unit = file.startsWith('src/') || file.startsWith('test/unit/');
    const child = spawn(
      process.execPath,
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        `--selectProjects=${unit ? 'unit' : 'integration'}`,
        '--runInBand',
        `--cacheDirectory=${join(this.#directory, '.cache')}`,
        `--testPathPatterns=${escape(file)}$`,
        `--testNamePattern=${escape(name)}`,
        '--json',
        `--outputFile=${report}`,
      ],
      {
        cwd: this.#directory,
        stdio: ['ignore', 'ignore', 'pipe'],
        // Without its defence many a test waits for what never comes.
        env: unit ? { ...process.env, TEST_PATIENCE: '15000' } : process.env,
      },
    );
    const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
    const { testResults }: Report = await readFile(report, 'utf8')
      .then(JSON.parse)
      .catch(() => Promise.reject(new Error(`Jest gave no report on ${file}:\n${said.slice(-2_000)}`)));
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    const named = (status: string): string[] =>
      results.filter((result) => result.status === status).map(({ fullName }) => fullName);
    const ran = results.some(({ status }) => status === 'passed' || status === 'failed');
    const broken = !ran ? `nothing ran: ${testResults[0]?.message ?? said.slice(-2_000)}` : undefined;
    return { passed: named('passed'), failed: named('failed'), broken };
  }
}

function escape(words: string): string {
  return words.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
