import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { codeBlocks, page, section } from './markdown.ts';
import { Reader } from './reader.ts';

jest.setTimeout(180_000);

let reader: Reader;

// The tests follow on each other, as the pages do.
beforeAll(async () => {
  reader = await Reader.sitsDown();
}, 120_000);

afterAll(() => reader.leaves());

/** The ids of the tokens that are not revoked. */
function live(): string[] {
  return reader.simulator.tokens().flatMap(({ id, revokedAt }) => (revokedAt === undefined ? id : []));
}

test('the quick start works as it is written, from the installation to the revoked token', async () => {
  const { text } = await page('docs/quick-start.md');
  const [cluster = '', token = ''] = codeBlocks('yaml', text);
  await reader.saves('cluster.yaml', cluster);
  await reader.saves('token.yaml', token);
  const [install = '', ...rest] = codeBlocks('sh', text);
  const [remove = ''] = rest.splice(-1);

  await reader.types([install]);
  await reader.getsAnOperator();
  await reader.types(rest);
  // The rotation's predecessor lives through its overlap.
  expect(live()).toHaveLength(2);

  await reader.types([remove]);
  expect(live()).toEqual([]);
});

test('what deploy says about its removal leaves nothing behind', async () => {
  await reader.types([
    'kubectl apply -f token.yaml',
    'kubectl -n metrics wait --for=condition=Ready databasetoken/collector --timeout=60s',
  ]);
  expect(live()).toHaveLength(1);
  // The third block is for those who installed with Helm.
  const [tokens = '', operator = ''] = codeBlocks('sh', section('Uninstall', (await page('deploy/README.md')).text));
  await reader.types([tokens, operator]);
  expect(live()).toEqual([]);
  expect(await reader.types(['kubectl get crds,namespaces,clusterroles --output name'])).not.toContain('influxtokens');
});
