// Telegraf, built once from its sources with the few plugins that the example uses.

import { buildGoTool } from '../../go-tool.ts';
import { join } from 'node:path';

/** The path of the program. */
export async function telegraf(): Promise<string> {
  const folder = await buildGoTool(
    {
      name: 'telegraf',
      directory: import.meta.dirname,
      sources: ['go.mod', 'go.sum'],
      package: 'github.com/influxdata/telegraf/cmd/telegraf',
      // "custom" leaves out every plugin that is not named.
      tags: ['custom', 'inputs.cpu', 'outputs.influxdb_v2', 'secretstores.docker'],
      commands: ['telegraf'],
      cost: 'about a minute on 2 cores',
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  return join(folder, 'telegraf');
}
