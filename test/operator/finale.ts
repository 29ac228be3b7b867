// How every test file on a stage ends: with a look at what all that was played has left behind.

import { expect, test } from '@jest/globals';
import { LeakDetector } from './leaks.ts';
import type { Stage } from './stage.ts';

/** Looked at whole; Secrets are without their data. */
const RESOURCES = 'configmaps,leases,events,databasetokens,managementtokens,influxdbclusters';
const METADATA_ONLY = 'jsonpath={range .items[*]}{.metadata}{"\\n"}{end}';

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
  const all = (what: string, format: string): Promise<string> =>
    stage.kubectl('get', what, '--all-namespaces', '--show-managed-fields', `--output=${format}`);
  return {
    log: await stage.operatorLog(),
    metrics: (await stage.operator.page('/metrics')).text,
    audit: await stage.auditLog(),
    secrets: await all('secrets', METADATA_ONLY),
    objects: await all(RESOURCES, 'json'),
  };
}
