import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { bundle, type BuiltFile } from '../../scripts/bundle.ts';
import { helpText } from '../../src/help.ts';
import { OPERATOR_VERSION } from '../../src/version.ts';

const root = join(import.meta.dirname, '../..');

let directory: string;
let files: readonly BuiltFile[];

beforeAll(async () => {
  files = await bundle();
  // Where no node_modules is near, so that the file has to do alone.
  directory = await mkdtemp(join(tmpdir(), 'influxtokens-bundle-'));
  await writeFile(join(directory, 'operator.cjs'), content('operator.cjs'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

test('the bundle runs without anything beside it', async () => {
  expect(await run('--version')).toEqual({ code: 0, stdout: `${OPERATOR_VERSION}\n`, stderr: '' });
  expect(await run('--help')).toEqual({ code: 0, stdout: helpText(), stderr: '' });
});

test('a wrong flag ends it with exit code 2 and one line that names the flag', async () => {
  const { code, stdout, stderr } = await run('--workers=none');
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^--workers: .+\n$/);
});

test.each(['json', 'pretty'])(
  'what is loaded only when it is needed is in it: reading a kubeconfig, logging %s',
  async (format) => {
    const kubeconfig = join(directory, 'absent.kubeconfig');
    const { code, stdout, stderr } = await run(`--kubeconfig=${kubeconfig}`, `--log-format=${format}`);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toContain(`--kubeconfig names ${kubeconfig}, which does not exist`);
    expect(stdout.startsWith('{')).toBe(format === 'json');
  },
);

test('is ASCII, which Node keeps in half the memory', async () => {
  const [file] = await bundle();
  expect(file?.path).toBe('operator.cjs');
  expect(file?.content).not.toMatch(/[^\0-\x7f]/);
  // A message may end with an ellipsis: what is not ASCII means what it meant.
  expect(file?.content).toContain('[.?!\\u2026]');
});

test('two builds have the same bytes, and tell nothing of the machine', async () => {
  const again = await bundle();
  expect(again.map(({ path }) => path)).toEqual(files.map(({ path }) => path));
  // Not by toEqual, which would print three megabytes.
  expect(again.every(({ content }, index) => content === files[index]?.content)).toBe(true);
  for (const { content } of files) {
    for (const folder of ['src', 'node_modules']) expect(content.includes(join(root, folder))).toBe(false);
  }
});

test('of the dependencies the bundle holds what is used: whole, they are eighteen megabytes', () => {
  expect(content('operator.cjs').length).toBeLessThan(4_000_000);
});

test('the licences of our own code and of the dependencies travel with it', () => {
  const headings = content('LICENSES.txt').match(/^\S+ [\d.]+, licence: .+$/gm) ?? [];
  expect(headings[0]).toBe(`influxdb-token-operator ${OPERATOR_VERSION}, licence: Apache-2.0`);
  const names = headings.map((heading) => heading.split(' ')[0]);
  expect(names).toEqual(expect.arrayContaining(['@kubernetes/client-node', 'pino', 'undici', 'zod']));
  expect(names).not.toContain('esbuild');
});

test('the bill of materials lists what the bundle holds, as the licences do, each with its hash', () => {
  const { metadata, components }: Bill = JSON.parse(content('sbom.cdx.json'));
  expect(metadata.component).toMatchObject({ name: 'influxdb-token-operator', version: OPERATOR_VERSION });
  const licensed = content('LICENSES.txt').match(/^\S+ [\d.]+(?=, licence: )/gm) ?? [];
  const [own, ...listed] = licensed.map((heading) => heading.replace(' ', '@'));
  expect(own).toBe(`influxdb-token-operator@${OPERATOR_VERSION}`);
  expect(components.map((component) => component['bom-ref']).sort()).toEqual(listed.sort());
  expect(components.filter(({ hashes, licenses }) => hashes.length === 0 || licenses.length === 0)).toEqual([]);
});

interface Bill {
  readonly metadata: { readonly component: object };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly hashes: readonly object[];
    readonly licenses: readonly object[];
  }[];
}

function content(path: string): string {
  return files.find((file) => file.path === path)?.content ?? '';
}

/** Runs it with an environment that tells it nothing. */
function run(...args: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: directory, env: { HOME: directory } };
    execFile(process.execPath, [join(directory, 'operator.cjs'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}
