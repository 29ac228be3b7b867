import { beforeAll, describe, expect, test } from '@jest/globals';
import { folderOf, readYaml } from '../../argocd/customization-tests.ts';
import { SITUATIONS } from '../../situations/played.ts';
import { buildKstatus, kstatusOf, type Verdict } from './kstatus.ts';

let verdicts: readonly Verdict[];

beforeAll(async () => {
  const program = await buildKstatus(console.error);
  const recorded = SITUATIONS.map(({ kind, name }) => readYaml<object>(folderOf(kind), `testdata/${name}.yaml`));
  verdicts = await kstatusOf(program, await Promise.all(recorded));
}, 1_800_000);

describe('Flux, by kstatus, sees', () => {
  test.each(SITUATIONS)('$kind $name as $kstatus', (situation) => {
    expect(verdicts[SITUATIONS.indexOf(situation)]).toMatchObject({ status: situation.kstatus });
  });
});
