import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import type { Fault } from '../simulator/simulator.ts';
import { finale } from './finale.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.start({ operatorFlags: ['--inventory-interval=2s'] });
});

afterAll(async () => {
  await stage.stop();
});

/** Each after the token was created, so that its string is lost. */
const FAULTS: readonly (readonly [string, Fault])[] = [
  ['is a 500', { kind: 'status', status: 500, effect: true }],
  ['is a 409', { kind: 'status', status: 409, effect: true }],
  ['is a 502 of a proxy', { kind: 'status', status: 502, body: 'html', effect: true }],
  ['is a redirect', { kind: 'redirect', location: 'https://login.example.com', effect: true }],
  ['never comes, as the connection is reset', { kind: 'reset', effect: true }],
  ['is cut off', { kind: 'cut' }],
  ['is only half of the JSON', { kind: 'malformed' }],
  ['lacks the string', { kind: 'alter', fields: { accessToken: null } }],
  ['comes after a proxy sent the request twice', { kind: 'twice' }],
];

test.concurrent.each(FAULTS)(
  'a creation whose answer %s ends with one live token, the right one in the Secret',
  async (_, fault) => {
    const scene = await stage.scene('lost');
    scene.simulator.inject({ ...fault, method: 'POST', path: '/tokens$', times: 1 });
    await scene.apply('one');
    await scene.waitForReason('one', 'Issued');
    await waitFor(() => scene.simulator.tokens().length === 2 && scene.liveTokens().length === 1, {
      what: 'the orphan to be revoked',
      timeout: 60_000,
    });
    const secret = await scene.secret('one');
    const [live] = scene.liveTokens();
    expect(secret.data['token']).toBe(live?.string);
    expect((await scene.token('one')).status?.token?.id).toBe(live?.id);
    expect(scene.requests('POST')).toBeLessThanOrEqual(2);
  },
);

test.concurrent('a creation that is refused for good is not tried in vain', async () => {
  const scene = await stage.scene('refused');
  scene.simulator.inject({ kind: 'status', status: 400, method: 'POST', path: '/tokens$', times: 1 });
  await scene.apply('one');
  const refused = await scene.waitForReason('one', 'InvalidSpec');
  expect(refused.message).toContain('it answered 400');
  await scene.change('one', { spec: { description: 'Another try' } });
  await scene.waitForReason('one', 'Issued');
  expect(scene.simulator.tokens()).toHaveLength(1);
});

test.concurrent('a revocation whose answer is lost is made sure of', async () => {
  const scene = await stage.scene('revoke');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');
  scene.simulator.inject({ kind: 'reset', effect: true, method: 'DELETE', times: 1 });
  await scene.delete('one');
  await scene.waitForEnd('one');
  expect(scene.liveTokens()).toEqual([]);
});

test.concurrent('a change whose answer is lost is made sure of, and is not made twice', async () => {
  const scene = await stage.scene('change');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');
  scene.simulator.inject({ kind: 'reset', effect: true, method: 'PATCH', times: 1 });
  await scene.change('one', { spec: { description: 'Changed' } });
  await scene.waitForReason('one', 'Issued');
  expect(scene.liveTokens()[0]?.description).toMatch(/^Changed /);
  expect(scene.requests('PATCH')).toBe(1);
});

test.concurrent('a change that the cluster takes but does not show is tried once and then told', async () => {
  const scene = await stage.scene('ignored');
  await scene.apply('one');
  await scene.waitForReason('one', 'Issued');
  const [token] = scene.liveTokens();
  const withdraw = scene.simulator.inject({
    kind: 'alter',
    fields: { description: token?.description },
    path: '/tokens',
  });
  await scene.change('one', { spec: { description: 'Changed' } });
  await scene.waitForReason('one', 'NotApplied');
  expect(scene.requests('PATCH')).toBe(1);
  withdraw();
  await scene.change('one', { spec: { description: 'Changed again' } });
  await scene.waitForReason('one', 'Issued');
  expect(scene.liveTokens()[0]?.description).toMatch(/^Changed again /);
});

finale(() => stage);
