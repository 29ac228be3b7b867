import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { TOKEN_KINDS } from '../../src/resources/group.ts';
import { waitFor } from '../wait.ts';
import type { Fault } from '../simulator/simulator.ts';
import { finale } from '../operator/finale.ts';
import type { Scene } from '../operator/scene.ts';
import { Stage } from '../operator/stage.ts';

jest.setTimeout(400_000);

/** Each after the token was created, so that its string is lost. */
const FAULTS: readonly (readonly [string, Fault])[] = [
  ['is a 500', { kind: 'status', status: 500, effect: true }],
  ['is a 409', { kind: 'status', status: 409, effect: true }],
  ['is a 502 of a proxy', { kind: 'status', status: 502, body: 'html', effect: true }],
  ['is a redirect', { kind: 'redirect', location: 'https://login.example.com', effect: true }],
  ['never comes, as the connection is reset', { kind: 'reset', effect: true }],
  ['is cut off', { kind: 'cut' }],
  ['is only half of the JSON', { kind: 'malformed' }],
  ['lacks the string', { kind: 'alter', fields: { accessToken: null, token: null } }],
  ['comes after a proxy sent the request twice', { kind: 'twice' }],
];

describe.each(TOKEN_KINDS)('%s:', (kind) => {
  let stage: Stage;
  const open = (prefix: string): Promise<Scene> => stage.scene(prefix, { kind });

  beforeAll(async () => {
    const influxctl = kind === 'ManagementToken' ? { influxctl: {} } : {};
    stage = await Stage.borrow({ operatorFlags: ['--inventory-interval=2s'], ...influxctl });
  });

  afterAll(async () => {
    await stage.stop();
  });

  test.concurrent.each(FAULTS)(
    'a creation whose answer %s ends with one live token, the right one in the Secret',
    async (_, fault) => {
      const scene = await open('lost');
      scene.simulator.inject({ ...fault, method: 'POST', path: '/tokens$', times: 1 });
      await scene.apply('one');
      await scene.waitForReason('one', 'Issued');
      await waitFor(() => scene.simulator.tokens().length === 2 && scene.liveTokens().length === 1, {
        what: 'the orphan to be revoked',
        timeout: 2 * scene.patience,
      });
      const secret = await scene.secret('one');
      const [live] = scene.liveTokens();
      expect(secret.data['token']).toBe(live?.string);
      expect((await scene.token('one')).status?.token?.id).toBe(live?.id);
      expect(scene.requests('POST')).toBeLessThanOrEqual(2);
    },
  );

  test.concurrent('a creation that is refused for good is not tried in vain', async () => {
    const scene = await open('refused');
    scene.simulator.inject({ kind: 'status', status: 400, method: 'POST', path: '/tokens$', times: 1 });
    await scene.apply('one');
    const refused = await scene.waitForReason('one', 'InvalidSpec');
    expect(refused.message).toContain(kind === 'DatabaseToken' ? 'it answered 400' : 'it was refused');
    await scene.change('one', { spec: { description: 'Another try' } });
    await scene.waitForReason('one', 'Issued');
    expect(scene.simulator.tokens()).toHaveLength(1);
  });

  test.concurrent('a revocation whose answer is lost is made sure of', async () => {
    const scene = await open('revoke');
    await scene.apply('one');
    await scene.waitForReason('one', 'Issued');
    scene.simulator.inject({ kind: 'reset', effect: true, method: 'DELETE', times: 1 });
    await scene.delete('one');
    await scene.waitForEnd('one');
    expect(scene.liveTokens()).toEqual([]);
  });

  // A management token cannot be changed.
  if (kind === 'DatabaseToken') {
    test.concurrent('a change whose answer is lost is made sure of, and is not made twice', async () => {
      const scene = await open('change');
      await scene.apply('one');
      await scene.waitForReason('one', 'Issued');
      scene.simulator.inject({ kind: 'reset', effect: true, method: 'PATCH', times: 1 });
      await scene.change('one', { spec: { description: 'Changed' } });
      await scene.waitForReason('one', 'Issued');
      expect(scene.liveTokens()[0]?.description).toMatch(/^Changed /);
      expect(scene.requests('PATCH')).toBe(1);
    });

    test.concurrent('a change that the cluster takes but does not show is tried once and then told', async () => {
      const scene = await open('ignored');
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
  }

  finale(() => stage);
});
