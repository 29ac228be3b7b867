import { beforeEach, describe, expect, test } from '@jest/globals';
import { id, INSTALLATION } from '../../test/builders.ts';
import { connectionTo, MemoryIssuer } from '../../test/reconcilers/memory-issuer.ts';
import { MemoryKubernetes } from '../../test/reconcilers/memory-kubernetes.ts';
import { cluster, databaseToken, managedSecret, MemoryWorld } from '../../test/reconcilers/memory-world.ts';
import { IssuerError } from '../influxdb/errors.ts';
import type { TokenInfo } from '../influxdb/issuer.ts';
import { KubernetesError } from '../kubernetes/client.ts';
import { createLogger, type Logger } from '../logging.ts';
import { createMetrics } from '../server/metrics.ts';
import { writeLedger } from '../tokens/ledger.ts';
import { parseMarker } from '../tokens/marker.ts';
import type { Inventory } from './clusters.ts';
import { Sweeper, type Held } from './sweeper.ts';

const OBJECTS = '/apis/influxtokens.dev/v1alpha1/namespaces/metrics/databasetokens';
const SECRETS = '/api/v1/namespaces/metrics/secrets';

let memory: MemoryWorld;
let kubernetes: MemoryKubernetes;
let issuer: MemoryIssuer;
let log: Logger;
let lines: string;

beforeEach(async () => {
  memory = new MemoryWorld();
  kubernetes = new MemoryKubernetes(() => memory.nextVersion());
  issuer = new MemoryIssuer();
  lines = '';
  log = await createLogger({ level: 'info', format: 'json', destination: { write: (line) => void (lines += line) } });
});

/** Lists what the issuer has, and sweeps; `between` is what happens after the list. */
function sweep(
  options: { released?: string; watched?: string[]; between?: () => void } = {},
): Promise<Held | undefined> {
  const { released, watched: watchNamespaces = [], between } = options;
  const { world } = memory;
  const metrics = createMetrics('test');
  const byUID = new Map<string, TokenInfo[]>();
  for (const token of issuer.tokens.values()) {
    const uid = parseMarker(token.description)?.uid ?? '';
    byUID.set(uid, [...(byUID.get(uid) ?? []), token]);
  }
  between?.();
  const sweeper = new Sweeper({ client: kubernetes, world, log, metrics, installation: INSTALLATION, watchNamespaces });
  const inventory: Inventory = { kind: 'DatabaseToken', begun: 0, finished: 0, knowsUs: true, byUID };
  return sweeper.sweep(cluster(), connectionTo(issuer), inventory, released, new AbortController().signal);
}

/** An object on the API server; the watch shows it unless it lags. */
function object(name: string, shown = true): void {
  const stored = databaseToken(name);
  kubernetes.objects.set(`${OBJECTS}/${name}`, { metadata: { ...stored.metadata } });
  if (shown) memory.put(memory.databaseTokens, stored);
}

/** A Secret of ours on the API server, of which the watch has shown nothing yet. */
function secret(name: string, tokenID: string, objectUID: string, overlapEnd = 1_000): void {
  const { metadata, ledger } = managedSecret(name, tokenID, objectUID);
  if (ledger === undefined) throw new Error('no ledger');
  const annotations = writeLedger({ ...ledger, superseded: [{ id: id(99), revokeAfter: overlapEnd }] });
  kubernetes.objects.set(`${SECRETS}/${name}`, { metadata: { ...metadata, annotations } });
}

function revoked(): string[] {
  return issuer.asked.filter((asked) => asked.startsWith('revoke'));
}

test('as long as every token belongs to an object, nobody is asked anything', async () => {
  object('telegraf');
  issuer.add(id(1), 'telegraf-uid');
  expect(await sweep()).toBeUndefined();
  expect({ asked: issuer.asked, requests: kubernetes.requests }).toEqual({ asked: [], requests: [] });
});

test('an orphan is looked at on the server, revoked, and told in an audit line', async () => {
  issuer.add(id(1), 'gone');
  await sweep();
  expect(issuer.asked).toEqual([`get ${id(1)}`, `revoke ${id(1)}`]);
  expect(lines).toContain('"audit":true');
  expect(lines).toContain(id(1));
});

test('what the watch does not show yet is looked up: an object that is there, a Secret that was retained', async () => {
  object('unseen', false);
  secret('retained', id(2), 'gone');
  issuer.add(id(1), 'unseen-uid');
  issuer.add(id(2), 'gone');
  issuer.add(id(99), 'gone');
  await sweep();
  expect(kubernetes.requests.length).toBeGreaterThan(0);
  expect(issuer.asked).toEqual([]);
});

test('a retained Secret keeps the token that it replaced no longer than its overlap', async () => {
  secret('retained', id(2), 'gone', 0);
  issuer.add(id(2), 'gone');
  issuer.add(id(99), 'gone');
  await sweep();
  expect(revoked()).toEqual([`revoke ${id(99)}`]);
});

test('a list in pages is read to its end before anything is judged', async () => {
  const pages = (from: string | undefined): object => ({
    metadata: { resourceVersion: '1', continue: from === undefined ? 'more' : '' },
    items: from === undefined ? null : [{ metadata: { name: 'a', uid: 'second-page', resourceVersion: '1' } }],
  });
  const request = kubernetes.request.bind(kubernetes);
  kubernetes.request = async (asked) =>
    asked.path.endsWith('/databasetokens')
      ? JSON.parse(JSON.stringify(pages(asked.query?.['continue'])))
      : request<never>(asked);
  issuer.add(id(1), 'second-page');
  await sweep();
  expect(issuer.asked).toEqual([]);
});

test('a list that fails judges nobody', async () => {
  issuer.add(id(1), 'gone');
  kubernetes.interfere = ({ path }) => {
    if (path.endsWith('/secrets')) throw new KubernetesError('Timeout', 'unknown', 'no answer in time');
  };
  await expect(sweep()).rejects.toThrow('no answer in time');
  expect(issuer.asked).toEqual([]);
});

describe('the server has the last word, a moment before: nothing is revoked', () => {
  const description = 'mine now';
  test.each([
    ['the marker was taken off', { description }],
    ['it is another installation’s', { description: 'x [influxtokens another/gone/0000000000000001]' }],
    ['it belongs to a living object', { description: `x [influxtokens ${INSTALLATION}/alive-uid/0000000000000001]` }],
    ['it was revoked meanwhile', { revokedAt: 1 }],
  ])('when %s', async (_, change) => {
    object('alive');
    issuer.add(id(1), 'gone');
    await sweep({ between: () => void issuer.add(id(1), 'gone', change) });
    expect(issuer.asked).toEqual([`get ${id(1)}`]);
  });

  test('when it is not there any more', async () => {
    issuer.add(id(1), 'gone');
    await sweep({ between: () => issuer.tokens.clear() });
    expect(revoked()).toEqual([]);
  });
});

describe('the brake', () => {
  beforeEach(() => {
    for (let n = 1; n <= 6; n += 1) issuer.add(id(n), `gone-${n}`);
  });

  test('holds back more than an everyday mistake explains, all of them', async () => {
    expect(await sweep()).toEqual({ gone: 6, ours: 6 });
    expect(issuer.asked).toEqual([]);
  });

  test('lets a twentieth of many pass', async () => {
    object('telegraf');
    for (let n = 7; n <= 120; n += 1) issuer.add(id(n), 'telegraf-uid');
    expect(await sweep()).toBeUndefined();
    expect(revoked()).toHaveLength(6);
  });

  test('is taken off by an administrator', async () => {
    expect(await sweep({ released: 'yes' })).toBeUndefined();
    expect(revoked()).toHaveLength(6);
  });
});

describe('where only some namespaces are watched', () => {
  test('only objects that this process has seen go are judged; the others are told of', async () => {
    const departed = memory.put(memory.databaseTokens, databaseToken('departed'));
    memory.remove(memory.databaseTokens, departed);
    issuer.add(id(1), 'departed-uid');
    issuer.add(id(2), 'never-seen');
    await sweep({ watched: ['metrics'] });
    expect(revoked()).toEqual([`revoke ${id(1)}`]);
    expect(lines).toContain('never-seen');
  });

  test('only those are listed', async () => {
    issuer.add(id(1), 'never-seen');
    await sweep({ watched: ['metrics'] });
    expect(kubernetes.requests.every(({ path }) => path.includes('/namespaces/metrics/'))).toBe(true);
  });
});

describe('tokens that cannot be revoked', () => {
  test('do not shield the others, and the failure is told in the end', async () => {
    for (let n = 1; n <= 3; n += 1) issuer.add(id(n), `gone-${n}`);
    issuer.interfere = (operation, token) => {
      if (operation === 'revoke' && token === id(2)) throw new IssuerError('Refused', 'not this one', { status: 400 });
    };
    await expect(sweep()).rejects.toThrow('not this one');
    expect(revoked()).toHaveLength(3);
  });

  test('are given up for this time when they are many', async () => {
    for (let n = 1; n <= 40; n += 1) issuer.add(id(n), `gone-${n}`);
    issuer.interfere = () => {
      throw new IssuerError('Unavailable', 'no answer');
    };
    await expect(sweep({ released: 'yes' })).rejects.toThrow('no answer');
    expect(issuer.asked).toHaveLength(10);
  });
});
