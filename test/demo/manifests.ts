// The manifests of the demo, with the values of the simulator in the place of their placeholders.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ready } from '../simulator/remote.ts';

/** What the placeholders in examples/demo stand for. */
export type Values = Readonly<Record<'INFLUXDB_URL' | 'INFLUXDB_CA' | 'INFLUXDB_ADMIN_TOKEN', string>>;

/** The values of a simulator. */
export function valuesOf({ url, caBundle, adminToken }: Pick<Ready, 'url' | 'caBundle' | 'adminToken'>): Values {
  return {
    INFLUXDB_URL: url,
    INFLUXDB_CA: Buffer.from(caBundle).toString('base64'),
    INFLUXDB_ADMIN_TOKEN: adminToken,
  };
}

/** Puts values in the place of `${NAME}`, as envsubst does; throws for a name that has none. */
export function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`there is no value for \${${name}}`);
    return value;
  });
}

/** The text of a file of examples/demo. */
export function manifest(file: string): Promise<string> {
  return readFile(join(import.meta.dirname, '../../examples/demo', file), 'utf8');
}
