import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { SimulatedToken } from '../simulator/simulator.ts';
import { waitFor } from '../wait.ts';
import { finale } from './finale.ts';
import type { DecodedSecret } from './objects.ts';
import type { Scene } from './scene.ts';
import { Stage } from './stage.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.borrow({ operatorFlags: ['--inventory-interval=2s', '--minimum-lifetime=1s'] });
});

afterAll(async () => {
  await stage.stop();
});

async function issued(prefix: string, spec = {}): Promise<{ scene: Scene; before: DecodedSecret }> {
  const scene = await stage.scene(prefix);
  await scene.apply('rotated', spec);
  await scene.waitForReason('rotated', 'Issued');
  return { scene, before: await scene.secret('rotated') };
}

/** The Secret holds another token than before, which is taken, and all is well. */
async function expectSuccessor(scene: Scene, before: DecodedSecret): Promise<DecodedSecret> {
  const after = await scene.waitForAnotherToken('rotated', before);
  const id = after.metadata.annotations?.['influxtokens.dev/token-id'];
  const told = async (): Promise<boolean> => (await scene.token('rotated')).status?.token?.id === id;
  await waitFor(told, { what: 'the status to name the successor' });
  await scene.waitForReason('rotated', 'Issued');
  expect(await scene.accepts(after.data['token'])).toBe(true);
  return after;
}

test.concurrent('a rotation that is asked for happens once, and the old token lives on for its overlap', async () => {
  const { scene, before } = await issued('rotate');
  await scene.annotate('rotated', { 'influxtokens.dev/rotate': 'monday' });
  const after = await expectSuccessor(scene, before);
  expect(after.metadata.uid).toBe(before.metadata.uid);
  expect(after.metadata.annotations?.['influxtokens.dev/handled-rotation']).toBe('monday');
  expect(await scene.accepts(before.data['token'])).toBe(true);
  const { status } = await scene.token('rotated');
  expect(status?.superseded).toEqual([{ id: expect.any(String), revokeAfter: expect.any(String) }]);
  expect(await scene.waitForEvent('rotated', 'Rotated')).toContain('A rotation was requested.');

  await stage.kubectl('annotate', 'idbt', 'rotated', `--namespace=${scene.namespace}`, 'example.com/other=change');
  const lists = scene.lists();
  await waitFor(() => scene.lists() > lists + 1, { what: 'two inventories' });
  expect(await scene.secret('rotated')).toEqual(after);
  expect(scene.requests('POST')).toBe(2);
});

test.concurrent('a token with a lifetime is renewed before it ends, and lives to its own end', async () => {
  const { scene, before } = await issued('lifetime', { lifetime: '30s', rotation: { renewBefore: '26s' } });
  const { status } = await scene.token('rotated');
  const end = Date.parse(status?.token?.expiresAt ?? '');
  expect(Date.parse(status?.nextRotation ?? '')).toBeLessThanOrEqual(end - 26_000);
  const after = await scene.waitForAnotherToken('rotated', before);
  expect(Date.parse(after.metadata.annotations?.['influxtokens.dev/expires-at'] ?? '')).toBeGreaterThan(end);
  expect(await scene.accepts(before.data['token'])).toBe(true);
  expect(await scene.accepts(after.data['token'])).toBe(true);
});

test.concurrent('the old token is revoked when its overlap has ended', async () => {
  const { scene, before } = await issued('overlap', { rotation: { overlap: '1s' } });
  await scene.annotate('rotated', { 'influxtokens.dev/rotate': 'monday' });
  await expectSuccessor(scene, before);
  await waitFor(() => scene.liveTokens().length === 1, { what: 'the end of the old token' });
  await waitFor(async () => (await scene.token('rotated')).status?.superseded === undefined, { what: 'the status' });
  expect(await scene.accepts((await scene.secret('rotated')).data['token'])).toBe(true);
});

test.concurrent('an immediate rotation revokes the old token as soon as the Secret is written', async () => {
  const { scene, before } = await issued('leak');
  await scene.annotate('rotated', { 'influxtokens.dev/rotate-immediately': 'leaked' });
  await expectSuccessor(scene, before);
  await waitFor(async () => !(await scene.accepts(before.data['token'])), { what: 'the end of the old token' });
  expect(scene.liveTokens()).toHaveLength(1);
});

test.concurrent('a second rotation within an overlap ends the first', async () => {
  const { scene, before } = await issued('second');
  await scene.annotate('rotated', { 'influxtokens.dev/rotate': 'one' });
  const between = await expectSuccessor(scene, before);
  await scene.annotate('rotated', { 'influxtokens.dev/rotate': 'two' });
  await expectSuccessor(scene, between);
  expect(await scene.accepts(before.data['token'])).toBe(false);
  expect(await scene.accepts(between.data['token'])).toBe(true);
  expect(scene.liveTokens()).toHaveLength(2);
});

test.concurrent('a rotation request that is there from the start is none', async () => {
  const scene = await stage.scene('start');
  await scene.apply('rotated', {}, { 'influxtokens.dev/rotate': 'monday' });
  await scene.waitForReason('rotated', 'Issued');
  const lists = scene.lists();
  await waitFor(() => scene.lists() > lists, { what: 'an inventory' });
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent(
  'while a successor is slow to activate, the Secret keeps the token that works, and Ready stays',
  async () => {
    const { scene, before } = await issued('slow');
    scene.simulator.configure({ activationDelay: 2_000 });
    await scene.annotate('rotated', { 'influxtokens.dev/rotate': 'monday' });
    const rotating = await scene.waitForReason('rotated', 'Rotating');
    expect(rotating.status).toBe('True');
    expect((await scene.secret('rotated')).data).toEqual(before.data);
    const after = await expectSuccessor(scene, before);
    // It was taken from the moment it was written: nobody was let in with less.
    expect(await scene.accepts(after.data['token'])).toBe(true);
    expect(scene.requests('POST')).toBe(2);
  },
);

test.concurrent('a Secret that was deleted is written again with a new token', async () => {
  const { scene, before } = await issued('deleted');
  await scene.deleteSecret('rotated');
  const after = await expectSuccessor(scene, before);
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(await scene.accepts(before.data['token'])).toBe(true);
  expect(await scene.waitForEvent('rotated', 'Reissued')).toContain('The Secret was deleted.');
  expect((await scene.token('rotated')).status?.superseded).toHaveLength(1);
});

test.concurrent('a token that was edited by hand is replaced', async () => {
  const { scene, before } = await issued('edited');
  const token = Buffer.from('edited by hand').toString('base64');
  await scene.changeSecret('rotated', { data: { token } });
  const after = await expectSuccessor(scene, { ...before, data: { token: 'edited by hand' } });
  expect(after.data['token']).not.toBe(before.data['token']);
  expect(await scene.waitForEvent('rotated', 'Reissued')).toContain('edited by hand');
  expect(scene.requests('POST')).toBe(2);
});

test.concurrent('what others add to the Secret stays, and leads to nothing', async () => {
  const { scene, before } = await issued('added');
  await scene.changeSecret('rotated', { metadata: { labels: { team: 'a' } }, data: { other: 'eA==' } });
  const lists = scene.lists();
  await waitFor(() => scene.lists() > lists + 1, { what: 'two inventories' });
  expect((await scene.secret('rotated')).data).toEqual({ ...before.data, other: 'x' });
  expect(scene.requests('POST')).toBe(1);
});

test.concurrent('a token that was revoked outside is found by the inventory and replaced', async () => {
  const { scene, before } = await issued('revoked');
  for (const { id } of scene.liveTokens()) scene.simulator.revokeToken(id);
  await expectSuccessor(scene, before);
  expect(scene.liveTokens()).toHaveLength(1);
  expect(await scene.waitForEvent('rotated', 'Reissued')).toContain('revoked outside');
});

test.concurrent.each([
  ['description', ({ description }: SimulatedToken) => ({ description: description.replace(/^[^[]*/, 'Changed ') })],
  ['permissions', () => ({ permissions: [{ action: 'write', resource: '*' }] as const })],
])('a token whose %s changed outside is changed back, with an Event', async (what, alter) => {
  const { scene, before } = await issued('altered');
  const [token] = scene.liveTokens();
  if (token === undefined) throw new Error('there is no token');
  scene.simulator.alterToken(token.id, alter(token));
  await waitFor(() => scene.requests('PATCH') === 1, { what: 'the change back' });
  await scene.waitForReason('rotated', 'Issued');
  expect(scene.liveTokens()).toEqual([token]);
  expect(await scene.secret('rotated')).toEqual(before);
  expect(await scene.waitForEvent('rotated', 'Restored')).toContain(`${what} changed outside the operator`);
});

test.concurrent('a token that has less than it asks for is not given it back once its access is narrower', async () => {
  const scene = await stage.scene('narrowed');
  const permissions = [
    { action: 'read', resource: 'sensors' },
    { action: 'write', resource: 'sensors' },
  ] as const;
  await scene.apply('narrowed', { permissions });
  await scene.waitForReason('narrowed', 'Issued');
  const [token] = scene.liveTokens();
  if (token === undefined) throw new Error('there is no token');
  const rule = { name: 'test', namespaces: { names: [scene.namespace] }, databases: ['sensors'] };
  await scene.changeCluster({ spec: { access: [{ ...rule, actions: ['read'] }] } });
  await scene.waitForReason('narrowed', 'AccessDenied');

  // An administrator takes by hand what no rule allows any more; while the rule stood it would have been put back.
  scene.simulator.alterToken(token.id, { permissions: [permissions[0]] });
  const lists = scene.lists();
  await waitFor(() => scene.lists() > lists + 1, { what: 'two inventories' });
  expect(scene.requests('PATCH')).toBe(0);
  await scene.apply('narrowed', { permissions: [permissions[0]] });
  await scene.waitForReason('narrowed', 'Issued');
  expect(scene.liveTokens()).toMatchObject([{ id: token.id, permissions: [permissions[0]] }]);
  expect(scene.requests('POST')).toBe(1);

  await scene.changeCluster({ spec: { access: [{ ...rule, actions: ['read', 'write'] }] } });
  await scene.apply('narrowed', { permissions });
  await scene.waitForReason('narrowed', 'Issued');
  expect(scene.liveTokens()[0]?.permissions).toHaveLength(2);
});

test.concurrent('a token whose marker was removed is never touched again', async () => {
  const { scene, before } = await issued('unmarked');
  const [token] = scene.liveTokens();
  if (token === undefined) throw new Error('there is no token');
  scene.simulator.alterToken(token.id, { description: 'Mine now' });
  await expectSuccessor(scene, before);
  await scene.delete('rotated');
  await scene.waitForEnd('rotated');
  expect(scene.liveTokens()).toEqual([{ ...token, description: 'Mine now' }]);
  expect(scene.requests('PATCH')).toBe(0);
});

test('what changes outside is found however long ago the operator looked at the token last', async () => {
  const { scene } = await issued('restarted');
  const [token] = scene.liveTokens();
  if (token === undefined) throw new Error('there is no token');
  await stage.operator.stop();
  await stage.startOperator();
  const lists = scene.lists();
  await waitFor(() => scene.lists() > lists + 1, { what: 'an inventory that finds nothing' });
  scene.simulator.alterToken(token.id, { permissions: [] });
  await waitFor(() => scene.requests('PATCH') === 1, { what: 'the change back' });
  await waitFor(() => isDeepStrictEqual(scene.liveTokens(), [token]), { what: 'the permissions as before' });
});

test('a token that was edited while the operator was away is replaced when it is back', async () => {
  const { scene, before } = await issued('away');
  await stage.operator.stop();
  await scene.changeSecret('rotated', { data: { token: Buffer.from('edited by hand').toString('base64') } });
  await stage.startOperator();
  await expectSuccessor(scene, { ...before, data: { token: 'edited by hand' } });
  expect(scene.requests('POST')).toBe(2);
});

finale(() => stage);
