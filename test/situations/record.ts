// Records every situation for the tests of Argo CD's customizations: `npm run record`. Wanted when a message or a condition changes.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { format } from 'prettier';
import { KINDS } from '../../scripts/argocd.ts';
import { folderOf, type Health } from '../argocd/customization-tests.ts';
import { healthOf } from '../argocd/lua.ts';
import { playAll, Stages } from './played.ts';
import { recordingOf } from './recording.ts';

const yaml = (value: unknown): Promise<string> =>
  format(dump(value, { lineWidth: -1 }), { parser: 'yaml', singleQuote: true });

const stages = await Stages.start();
try {
  const played = await playAll(stages);
  for (const kind of KINDS) {
    const folder = folderOf(kind);
    await rm(join(folder, 'testdata'), { recursive: true, force: true });
    await mkdir(join(folder, 'testdata'), { recursive: true });
    const tests: { healthStatus: Health; inputPath: string }[] = [];
    for (const one of played.filter(({ situation }) => situation.kind === kind)) {
      const { name, health } = one.situation;
      const recording = recordingOf(one);
      const inputPath = `testdata/${name}.yaml`;
      await writeFile(join(folder, inputPath), await yaml(recording));
      const { status, message } = healthOf(kind, recording);
      if (status !== health) throw new Error(`${kind} ${name} is ${status}, and should be ${health}: ${message}`);
      tests.push({ healthStatus: { status, message }, inputPath });
    }
    await writeFile(join(folder, 'health_test.yaml'), await yaml({ tests }));
    console.log(`${kind}: ${tests.length} recorded`);
  }
} finally {
  await stages.stop();
}
