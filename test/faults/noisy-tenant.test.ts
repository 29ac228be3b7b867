import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { createCrowd } from './crowd.ts';

jest.setTimeout(600_000);

const CROWD = 5_000;
/** Far more than pass while a watch brings the one, and far less than a single line would make it wait for. */
const FEW = CROWD / 10;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start();
});

afterAll(async () => {
  await stage.stop();
});

test('a tenant with 5,000 objects does not hold up the one object of another', async () => {
  const noisy = await stage.scene('noisy');
  const quiet = await stage.scene('quiet', { clusterName: noisy.cluster, without: ['cluster', 'credential'] });
  const rule = { databases: ['sensors'], actions: ['read'], maxTokens: CROWD };
  const access = [noisy, quiet].map(({ namespace }) => ({
    ...rule,
    name: namespace,
    namespaces: { names: [namespace] },
  }));
  await noisy.createCluster({ access });
  await noisy.waitForCluster('Connected');
  await stage.operator.stop();
  await createCrowd(noisy, CROWD);
  await stage.startOperator();
  await waitFor(() => noisy.simulator.tokens().length > CROWD / 10, { what: 'a tenth of the crowd', timeout: 120_000 });

  const asked = performance.now();
  const before = noisy.simulator.tokens().length;
  await quiet.apply('alone');
  await quiet.waitForReason('alone', 'Issued');
  const took = Math.round(performance.now() - asked);
  const tokens = noisy.simulator.tokens();
  const place = tokens.findIndex(({ description }) => description.startsWith(`${quiet.namespace}/alone `));
  console.info(
    `Ready after ${took} ms; ${place - before} tokens of the crowd came in between, ${tokens.length} of ${CROWD} by now`,
  );
  expect(place - before).toBeLessThan(FEW);
  expect(tokens.length).toBeLessThan(CROWD / 2);
  expect(await noisy.accepts((await quiet.secret('alone')).data['token'])).toBe(true);
});
