import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { codeBlocks, page, section } from './markdown.ts';
import { Reader } from './reader.ts';

let reader: Reader;

beforeAll(async () => {
  reader = await Reader.sitsDown();
}, 120_000);

afterAll(() => reader.leaves());

test('the quick start works as it is written, from the installation to the removal of everything', async () => {
  const { text } = await page('docs/quick-start.md');
  const [cluster = '', token = ''] = codeBlocks('yaml', text);
  await reader.saves('cluster.yaml', cluster);
  await reader.saves('token.yaml', token);
  const [install = '', ...rest] = codeBlocks('sh', text);
  const [remove = ''] = rest.splice(-1);

  await reader.types([install]);
  await reader.getsAnOperator();
  await reader.types(rest);
  const live = (): string[] =>
    reader.simulator.tokens().flatMap(({ id, revokedAt }) => (revokedAt === undefined ? id : []));
  // The rotation's predecessor lives through its overlap.
  expect(live()).toHaveLength(2);

  await reader.types([remove]);
  expect(live()).toEqual([]);

  await reader.types([
    'kubectl apply -f token.yaml',
    'kubectl -n metrics wait --for=condition=Ready databasetoken/collector',
  ]);
  expect(live()).toHaveLength(1);
  await reader.types(codeBlocks('sh', section('Uninstall', (await page('deploy/README.md')).text)));
  expect(live()).toEqual([]);
  expect(await reader.types(['kubectl get crds,namespaces,clusterroles --output name'])).not.toContain('influxtokens');
}, 180_000);
