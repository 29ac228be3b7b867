// How every test file on a stage ends: with a look at what all that was played has left behind.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { auditLog } from '../controlplane/flags.ts';
import { LeakDetector } from './leaks.ts';
import type { Stage } from './stage.ts';

/** Secrets are looked at without their data, everything else whole. */
const RESOURCES = [
  'secrets',
  'configmaps',
  'leases',
  'events',
  'databasetokens',
  'managementtokens',
  'influxdbclusters',
];
const METADATA_ONLY = '-o=jsonpath={range .items[*]}{.metadata}{"\\n"}{end}';

/** Declares the last tests of a file. */
export function finale(stage: () => Stage): void {
  test('the operator met no error of its own', async () => {
    const lines = (await stage().operatorLog()).split('\n');
    expect(lines.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
  });

  test('no token string, no part of one and no credential shows outside of Secrets', async () => {
    const detector = new LeakDetector();
    for (const { simulator } of stage().scenes) {
      detector.add('a credential', simulator.adminToken);
      for (const { id, string } of simulator.tokens()) if (string !== undefined) detector.add(`token ${id}`, string);
    }
    const places = await everything(stage());
    for (const [place, text] of Object.entries(places))
      expect({ [place]: detector.find(text) }).toEqual({ [place]: [] });
  });
}

async function everything(stage: Stage): Promise<Record<string, string>> {
  const places: Record<string, string> = {
    log: await stage.operatorLog(),
    metrics: (await stage.operator.page('/metrics')).text,
    audit: await readFile(join(stage.controlPlane.directory, auditLog), 'utf8'),
  };
  for (const resource of RESOURCES) {
    const format = resource === 'secrets' ? [METADATA_ONLY] : ['-o=json'];
    places[resource] = await stage.kubectl('get', resource, '--all-namespaces', '--show-managed-fields', ...format);
  }
  return places;
}
