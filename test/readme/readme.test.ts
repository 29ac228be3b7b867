import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Reader } from '../docs/reader.ts';
import { codeBlocks, README, section } from './readme.ts';

let reader: Reader;

beforeAll(async () => {
  reader = await Reader.sitsDown();
}, 120_000);

afterAll(() => reader.leaves());

test('the quick start works as the README has it, with the rights that deploy gives', async () => {
  const quickStart = section('On your own cluster');
  const [cluster = '', token = ''] = codeBlocks('yaml', quickStart);
  await reader.saves('influxdb-cluster.yaml', cluster);
  await reader.saves('telegraf.yaml', token);
  const [install = [], ...rest] = codeBlocks('sh', quickStart).map((block) => block.trimEnd().split('\n'));

  // There is nobody to pull an image here.
  expect(install.slice(0, 2)).toEqual([
    expect.stringMatching(/^docker build /),
    expect.stringMatching(/^docker push /),
  ]);
  await reader.types(install.slice(2));
  await reader.getsAnOperator();

  const output = await reader.types(rest.flat());
  const [shown = ''] = codeBlocks('text', quickStart);
  const words = (table: string): string[] => table.replaceAll(/\d+s/g, '').split(/\s+/).filter(Boolean);
  expect(words(output.slice(output.lastIndexOf('NAME')))).toEqual(words(shown));

  const remove = 'kubectl -n metrics delete databasetoken telegraf';
  expect(README).toContain(`\`${remove}\``);
  await reader.types([remove]);
  expect(reader.simulator.tokens()).toEqual([expect.objectContaining({ revokedAt: expect.any(Number) })]);
}, 120_000);
