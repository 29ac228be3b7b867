// What the bundle is made of, as a software bill of materials (CycloneDX): what npm says of the lock file, cut down to what is in the bundle.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Development dependencies as well: a dependency may use what only those bring, as `debug` does `supports-color`. */
const NPM_SBOM = ['sbom', '--package-lock-only', '--sbom-type=application', '--sbom-format=cyclonedx'];
/** It lists every package of the lock file. */
const LONGEST = 16 * 1024 * 1024;

/** As much of a CycloneDX document as is changed here. */
interface Document {
  readonly serialNumber?: string;
  readonly metadata: {
    readonly timestamp?: string;
    readonly tools?: unknown;
    readonly component: { readonly 'bom-ref': string; readonly name: string };
  };
  readonly components: readonly { readonly 'bom-ref': string }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}

/** The document for these packages, whose folders are relative to `root`. Without what differs from one run to the next: two builds have the same bytes. */
export async function sbom(root: string, packages: Iterable<string>): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', NPM_SBOM, { cwd: root, maxBuffer: LONGEST });
  const document: Document = JSON.parse(stdout);
  const { serialNumber: _, metadata, components, dependencies, ...rest } = document;
  const { timestamp: __, tools: ___, component, ...about } = metadata;
  const used = new Set(await Promise.all([...packages].map((folder) => identify(join(root, folder)))));
  const result = {
    ...rest,
    // npm calls it by the folder that the checkout happens to be in.
    metadata: { ...about, component: { ...component, name: component['bom-ref'].replace(/@[^@]*$/, '') } },
    components: components.filter((one) => used.has(one['bom-ref'])),
    dependencies: dependencies
      .filter(({ ref }) => used.has(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => used.has(other)) })),
  };
  return `${JSON.stringify(result, undefined, 2)}\n`;
}

async function identify(folder: string): Promise<string> {
  const { name, version }: { name: string; version: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  return `${name}@${version}`;
}
