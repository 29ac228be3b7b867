import { beforeEach, describe, expect, test } from '@jest/globals';
import { DAY, NOW } from '../../test/builders.ts';
import { CLUSTER_PATH, ClusterStage, CREDENTIAL_PATH } from '../../test/reconcilers/cluster-stage.ts';
import { cluster, databaseToken, own, withMetadata } from '../../test/reconcilers/memory-world.ts';
import { IssuerError } from '../influxdb/errors.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import { FINALIZER, REQUESTS } from '../resources/group.ts';

let stage: ClusterStage;

/** A JWT, as far as anybody looks at it. */
function jwtUntil(end: number): string {
  const parts = [{ alg: 'RS256' }, { exp: end / 1_000 }, 'signature'];
  return parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
}

beforeEach(async () => {
  stage = await ClusterStage.create();
});

describe('the finalizer', () => {
  test('stands only while objects refer to the cluster', async () => {
    stage.given();
    await stage.reconcile();
    expect(stage.object.metadata.finalizers ?? []).toEqual([]);
    const token = stage.memory.put(stage.memory.databaseTokens, databaseToken('telegraf'));
    await stage.reconcile();
    expect(stage.object.metadata.finalizers).toEqual([FINALIZER]);
    stage.memory.remove(stage.memory.databaseTokens, token);
    await stage.reconcile();
    expect(stage.object.metadata.finalizers).toEqual([]);
  });

  test('is tried again soon when somebody else changed the cluster first, though that change is no news', async () => {
    stage.given();
    stage.memory.put(stage.memory.databaseTokens, databaseToken('telegraf'));
    stage.changeUnseen();
    expect(await stage.reconcile()).toEqual({ requeueAfter: 1_000 });
    await stage.reconcile();
    expect(stage.object.metadata.finalizers).toEqual([FINALIZER]);
  });

  test('is not put onto a cluster that is being deleted, and goes from it with the last object', async () => {
    stage.given(withMetadata(cluster(), { deletionTimestamp: '2030-01-01T00:00:00Z', finalizers: [FINALIZER] }));
    const token = stage.memory.put(stage.memory.databaseTokens, databaseToken('telegraf'));
    await stage.reconcile();
    expect(stage.kubernetes.writes).toEqual([`PATCH ${CLUSTER_PATH}/status`]);
    stage.memory.remove(stage.memory.databaseTokens, token);
    expect(await stage.reconcile()).toEqual({});
    expect(stage.kubernetes.writes.at(-1)).toBe(`PATCH ${CLUSTER_PATH}`);
  });
});

describe('a cluster that is gone', () => {
  test('is forgotten and its connection closed; not before the last object that refers to it went', async () => {
    stage.given();
    await stage.reconcile();
    const token = stage.memory.put(stage.memory.databaseTokens, databaseToken('telegraf'));
    stage.memory.remove(stage.memory.clusters, stage.object);
    expect(await stage.reconcile()).toEqual({});
    expect({ closed: stage.closed, connection: stage.state?.connection }).toMatchObject({
      closed: 0,
      connection: expect.anything(),
    });
    stage.memory.woken();
    stage.memory.remove(stage.memory.databaseTokens, token);
    expect(stage.memory.woken()).toContain('default');
    await stage.reconcile();
    expect({ closed: stage.closed, state: stage.state, changed: stage.changed }).toEqual({
      closed: 1,
      state: undefined,
      changed: ['default', 'default', 'default'],
    });
  });
});

describe('credential and settings', () => {
  test('a missing credential is told, keeps the connection for revocations, and waits for a change', async () => {
    stage.given();
    await stage.reconcile();
    stage.memory.remove(stage.memory.ownSecrets, own('influxdb-admin'));
    expect(await stage.reconcile()).toEqual({});
    expect(stage.reason).toBe('CredentialsMissing');
    expect(stage.state?.connection).toBeDefined();
    expect(stage.closed).toBe(0);
  });

  test('a replaced credential is used at once, over the same connection, and has to prove itself', async () => {
    stage.given();
    await stage.reconcile();
    stage.credential('second');
    stage.failLists(new IssuerError('CredentialsRejected', 'wrong', { status: 401 }));
    await stage.reconcile();
    expect({ connected: stage.connected.length, credentials: stage.credentials, reason: stage.reason }).toEqual({
      connected: 1,
      credentials: ['first', 'second'],
      reason: 'CredentialsRejected',
    });
    stage.credential('third');
    stage.recover();
    await stage.reconcile();
    expect({ credentials: stage.credentials, reason: stage.reason }).toEqual({
      credentials: ['first', 'second', 'third'],
      reason: 'Connected',
    });
  });

  test('a credential that says when it ends is warned of two weeks before, once, until it is replaced', async () => {
    const ready = (): string | undefined => stage.object.status?.conditions?.[0]?.message;
    stage.given();
    stage.credential(jwtUntil(NOW + 15 * DAY));
    await stage.reconcile();
    expect(ready()).toBe('The Management API answers and takes the credential.');
    await stage.clock.advance(2 * DAY);
    await stage.reconcile();
    await stage.reconcile();
    expect(ready()).toContain(
      'The credential itself ends at 2030-01-16T00:00:00Z: put another one into Secret influxdb-admin under the key token before.',
    );
    expect(stage.events.filter((reason) => reason === 'CredentialEnds')).toHaveLength(1);
    stage.credential('apiv1_another');
    await stage.reconcile();
    expect(ready()).toBe('The Management API answers and takes the credential.');
  });

  test('a credential of which a list tells when it ends is warned of as well', async () => {
    stage.issuer.credentialEnd = NOW + DAY;
    stage.given();
    await stage.reconcile();
    expect(stage.object.status?.conditions?.[0]?.message).toContain(
      'The credential itself ends at 2030-01-02T00:00:00Z',
    );
    expect(stage.events).toContain('CredentialEnds');
  });

  test('a credential that a ManagementToken will renew is not warned of before that is late', async () => {
    stage.issuer.credentialEnd = NOW + 3 * DAY;
    stage.isRenewed('rotated-credential', NOW + DAY);
    stage.given();
    await stage.reconcile();
    expect(stage.object.status?.conditions?.[0]?.message).toBe('The Management API answers and takes the credential.');
    await stage.clock.advance(2 * DAY);
    await stage.reconcile();
    expect(stage.object.status?.conditions?.[0]?.message).toContain(
      'ManagementToken influxtokens-system/rotated-credential should have renewed it at 2030-01-02T00:00:00Z',
    );
  });

  test('another URL is another connection; the former is closed, and what was listed there forgotten', async () => {
    stage.given();
    await stage.reconcile();
    stage.failLists();
    stage.given({
      ...withMetadata(stage.object, { generation: 2 }),
      spec: cluster({ url: 'https://other.example.com' }).spec,
    });
    await stage.reconcile();
    expect({ connected: stage.connected, closed: stage.closed }).toEqual({
      connected: ['https://influxdb.example.com', 'https://other.example.com'],
      closed: 1,
    });
    expect(stage.state).toMatchObject({ hindrance: { reason: 'ClusterUnreachable' } });
    expect(stage.state?.inventory).toBeUndefined();
  });

  test.each([
    ['a URL without a scheme', { url: 'influxdb.example.com' }, /spec\.url/],
    ['a bundle that cannot be read', { url: 'https://unusable.example.com' }, /spec\.tls: the bundle/],
    ['a bundle without a certificate', { tls: { caBundle: 'bm90aGluZw==' } }, /spec\.tls\.caBundle/],
  ])('%s is told, and waits for a change', async (_, spec, message) => {
    stage.given(cluster(spec));
    expect(await stage.reconcile()).toEqual({});
    expect(stage.object.status?.conditions?.[0]).toMatchObject({
      reason: 'InvalidSpec',
      message: expect.stringMatching(message),
    });
    expect(stage.issuer.asked).toEqual([]);
  });

  test('a credential that cannot be read now is no condition: it is tried again', async () => {
    stage.given();
    stage.kubernetes.interfere = ({ path }) => {
      if (path === CREDENTIAL_PATH) throw new KubernetesError('Timeout', 'unknown', 'no answer in time');
    };
    await expect(stage.reconcile()).rejects.toThrow('no answer in time');
    stage.kubernetes.interfere = () => undefined;
    await stage.reconcile();
    expect(stage.reason).toBe('Connected');
  });
});

test('a suspended cluster is not asked anything, and does not come back by itself', async () => {
  stage.given(cluster({ suspend: true }));
  expect(await stage.reconcile()).toEqual({});
  expect({ reason: stage.reason, asked: stage.issuer.asked }).toEqual({ reason: 'Suspended', asked: [] });
  expect(stage.reconciler.suspect('default')).toBeUndefined();
});

describe('the status', () => {
  test('that fails to be written keeps no token from being woken', async () => {
    stage.given();
    stage.kubernetes.interfere = ({ path }) => {
      if (path.endsWith('/status')) throw new KubernetesError('Timeout', 'unknown', 'no answer in time');
    };
    await expect(stage.reconcile()).rejects.toThrow('no answer in time');
    expect(stage.changed).toEqual(['default']);
  });

  test('that lost against a change is written soon', async () => {
    stage.given();
    stage.changeUnseen();
    expect(await stage.reconcile()).toEqual({ requeueAfter: 1_000 });
    expect(stage.reason).toBeUndefined();
  });

  test('annotations of strangers cause no list and wake nobody', async () => {
    stage.given();
    await stage.reconcile();
    stage.changed.length = 0;
    stage.given(withMetadata(stage.object, { annotations: { 'example.com/heartbeat': '1' } }));
    await stage.reconcile();
    expect({ lists: stage.issuer.count('list'), changed: stage.changed }).toEqual({ lists: 1, changed: [] });
    stage.given(withMetadata(stage.object, { annotations: { [REQUESTS.abandon]: 'gone for good' } }));
    await stage.reconcile();
    expect({ lists: stage.issuer.count('list'), changed: stage.changed }).toEqual({ lists: 2, changed: ['default'] });
  });
});
