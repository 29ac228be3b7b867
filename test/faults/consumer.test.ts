import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { GuardedProcesses } from '../guarded-processes.ts';
import { finale } from '../operator/finale.ts';
import { Stage } from '../operator/stage.ts';
import { waitFor } from '../wait.ts';
import { Consumer, refusals, type Supply } from '../consumer/consumer.ts';

jest.setTimeout(180_000);

const PERMISSIONS = [
  { action: 'read', resource: 'sensors' },
  { action: 'write', resource: 'sensors' },
];

let stage: Stage;
let processes: GuardedProcesses;

beforeAll(async () => {
  stage = await Stage.borrow({ operatorFlags: ['--minimum-lifetime=1s'] });
  processes = await GuardedProcesses.create('influxtokens-consumer');
});

afterAll(async () => {
  await processes.end();
  await stage.stop();
});

test.concurrent.each<Supply>(['file', 'environment'])(
  'an application with its token in the %s is served without a break through renewals and a rotation',
  async (supply) => {
    const scene = await stage.scene(supply, { simulator: { activationDelay: 1_500, databases: ['sensors'] } });
    // Renewed every 16 s; the old token lives on for the 14 s in which an application has to be restarted.
    await scene.apply('app', { permissions: PERMISSIONS, lifetime: '30s', rotation: { renewBefore: '14s' } });
    await scene.waitForReason('app', 'Issued');
    const consumer = await Consumer.start(processes, scene, 'app', supply);
    const uses = async (count: number): Promise<void> => {
      const current = async (): Promise<boolean> => {
        const { length, [length - 1]: last } = scene.simulator.tokens();
        return length >= count && last?.string === consumer.token;
      };
      await waitFor(current, { what: `the application to use token ${count}`, timeout: 60_000 });
    };

    await uses(3);
    // It ends the overlap before it, so nobody asks for it while something still uses the token before.
    await scene.annotate('app', { 'influxtokens.dev/rotate': 'monday' });
    await uses(5);
    // The tokens that it was served with are gone by now, but for the last two.
    const used = scene.simulator
      .tokens()
      .filter(({ revokedAt, expiresAt }) => revokedAt ?? (expiresAt ?? Infinity) < Date.now());
    expect(used.length).toBeGreaterThanOrEqual(2);
    await consumer.stop();

    expect(await refusals(consumer)).toEqual([]);
    expect((await consumer.answers()).length).toBeGreaterThan(200);
    expect(consumer.starts).toBe(supply === 'file' ? 1 : scene.simulator.tokens().length);
  },
);

test('an application that misses a rotation is told 401 when the overlap has ended, so this test would see one', async () => {
  const scene = await stage.scene('missed');
  await scene.apply('app', { permissions: PERMISSIONS, rotation: { overlap: '0s' } });
  await scene.waitForReason('app', 'Issued');
  const consumer = await Consumer.start(processes, scene, 'app', 'file');
  for (const { id } of scene.liveTokens()) scene.simulator.revokeToken(id);
  await waitFor(async () => (await refusals(consumer)).length > 0, { what: 'a refusal' });
  await consumer.stop();
  expect((await refusals(consumer))[0]).toMatch(/^401 at /);
});

finale(() => stage);
