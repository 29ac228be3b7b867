import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { codeBlocks, commands, page, section } from './markdown.ts';
import { Reader } from './reader.ts';

jest.setTimeout(180_000);

let reader: Reader;

beforeEach(async () => {
  reader = await Reader.sitsDown();
}, 120_000);

afterEach(() => reader.leaves());

/** The commands of the sentence of the README that tells how to try it without an image. */
async function triesIt(): Promise<readonly string[]> {
  const { text } = await page('README.md');
  const [, sentence = ''] = /^To try it from your machine instead, ([^]+?):/m.exec(text) ?? [];
  return Array.from(sentence.matchAll(/`([^`]+)`/g), ([, command = '']) => command);
}

/** The manifests that the README shows for one's own cluster. */
async function manifests(): Promise<readonly string[]> {
  return codeBlocks('yaml', section('On your own cluster', (await page('README.md')).text));
}

/** Makes the cluster known, as the README has it unless an access rule is told. */
async function connects(rule?: string): Promise<void> {
  const [cluster = ''] = await manifests();
  await reader.saves(
    'cluster.yaml',
    rule === undefined ? cluster : cluster.replace(/^  access:\n[^]*/m, indented(rule)),
  );
  await reader.types([
    'kubectl -n influxtokens-system create secret generic influxdb-admin --from-file=token=management-token.txt',
    'kubectl apply -f cluster.yaml',
    'kubectl wait --for=condition=Ready influxdbcluster/default --timeout=60s',
  ]);
}

function indented(block: string): string {
  return block.replaceAll(/^(?=.)/gm, '  ');
}

test('it works from one’s own machine as the README has it', async () => {
  const [crds = '', namespace = '', start = '', ...more] = await triesIt();
  expect(more).toEqual([]);
  await reader.types([crds, namespace, 'kubectl create namespace metrics']);
  await reader.keepsRunning(start);
  await connects();
  const [, token = ''] = await manifests();
  await reader.saves('telegraf.yaml', token);
  await reader.types([
    'kubectl apply -f telegraf.yaml',
    'kubectl -n metrics wait --for=condition=Ready databasetoken/telegraf --timeout=60s',
  ]);
  expect(reader.simulator.tokens()).toEqual([expect.objectContaining({ description: expect.any(String) })]);
});

test('it issues management tokens from one’s own machine as their guide has it', async () => {
  const { text } = await page('docs/guides/management-tokens.md');
  const start =
    codeBlocks('sh', text)
      .flatMap(commands)
      .find((command) => command.startsWith('npm start')) ?? '';
  const blocks = codeBlocks('yaml', text);
  const rule = blocks.find((block) => block.startsWith('access:')) ?? '';
  const token = blocks.find((block) => block.includes('kind: ManagementToken')) ?? '';
  const [crds = '', namespace = ''] = await triesIt();
  await reader.types([crds, namespace, 'kubectl create namespace platform']);
  await reader.keepsRunning(start);
  await connects(rule);
  await reader.saves('automation.yaml', token);
  const printed = await reader.types([
    'kubectl apply -f automation.yaml',
    'kubectl -n platform wait --for=condition=Ready managementtoken/automation --timeout=60s',
    "kubectl -n platform get secret automation -o jsonpath='{.data.token}' | base64 -d",
  ]);
  const alive = reader.simulator.tokens().filter(({ revokedAt }) => revokedAt === undefined);
  expect(alive.some(({ string, management }) => management === true && printed.endsWith(string ?? 'none'))).toBe(true);
});
