// The test files of Argo CD's resource customizations, as its own test reads them: health_test.yaml and action_test.yaml.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { CUSTOMIZATIONS, type Kind } from '../../scripts/argocd.ts';

const root = join(import.meta.dirname, '../..', CUSTOMIZATIONS);

/** What Argo CD says of the health of an object. */
export interface Health {
  readonly status: 'Progressing' | 'Healthy' | 'Degraded' | 'Suspended';
  readonly message: string;
}

/** An action as the discovery script names it. */
export interface DiscoveredAction {
  readonly name: string;
  readonly disabled?: boolean;
}

/** `health_test.yaml`. */
export interface HealthTests {
  readonly tests: readonly { readonly inputPath: string; readonly healthStatus: Health }[];
}

/** `actions/action_test.yaml`. */
export interface ActionTests {
  readonly discoveryTests: readonly { readonly inputPath: string; readonly result: readonly DiscoveredAction[] }[];
  readonly actionTests: readonly {
    readonly action: string;
    readonly inputPath: string;
    readonly expectedOutputPath: string;
  }[];
}

/** The folder of a kind. */
export const folderOf = (kind: Kind): string => join(root, kind);

/** Reads a YAML file. */
export async function readYaml<T>(...path: readonly string[]): Promise<T> {
  const content: T = JSON.parse(JSON.stringify(load(await readFile(join(...path), 'utf8'))));
  return content;
}
