import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';

import { systemClock } from '../../src/controller/clock.ts';
import { IssuerError, type IssuerErrorKind } from '../../src/influxdb/errors.ts';
import { HttpClient } from '../../src/influxdb/http.ts';
import type { TokenInfo } from '../../src/influxdb/issuer.ts';
import { ManagementAPI, tokensURL, type Product } from '../../src/influxdb/management-api.ts';
import { DataAPIProbe } from '../../src/influxdb/probe.ts';
import { TokenString } from '../../src/influxdb/token-string.ts';
import { CANARY, Simulator, type Fault } from '../simulator/simulator.ts';

const marker = 'influxtokens cafe0123/';
const description = `a [${marker}uid/attempt]`;
const permissions = [{ action: 'read', resource: 'sensors' }] as const;
const clustered: Product = { product: 'Clustered' };
const ours = (token: TokenInfo): boolean => token.description.includes(marker);

let simulator: Simulator;
let http: HttpClient;
let api: ManagementAPI;

async function begin(options: Parameters<typeof Simulator.start>[0] = {}, product = clustered): Promise<void> {
  simulator = await Simulator.start(options);
  http = new HttpClient({ version: '0.0.0', clock: systemClock, caBundle: simulator.caBundle });
  const url = tokensURL(simulator.url, product);
  api = new ManagementAPI({ http, clock: systemClock, url, credential: () => new TokenString(simulator.adminToken) });
}

async function end(): Promise<void> {
  await http.close();
  await simulator.stop();
}

async function failure(promise: Promise<unknown>): Promise<IssuerError> {
  const error: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  if (!(error instanceof IssuerError)) throw new Error('not an IssuerError', { cause: error });
  // Whatever went wrong, and however it is looked at.
  const shown = `${error.stack}${inspect(error, { depth: 9, showHidden: true })}${JSON.stringify(error)}`;
  expect(shown).not.toContain(CANARY);
  expect(shown).not.toContain(simulator.adminToken);
  return error;
}

describe.each<[string, Parameters<typeof Simulator.start>[0], Product]>([
  ['Clustered', {}, clustered],
  [
    'Cloud Dedicated',
    { product: { kind: 'CloudDedicated', accountId: 'account', clusterId: 'cluster' } },
    { product: 'CloudDedicated', accountID: 'account', clusterID: 'cluster' },
  ],
])('%s', (_, options, product) => {
  beforeEach(() => begin({ ...options, clockSkew: 60_000 }, product));
  afterEach(end);

  test('a token lives: created, probed, listed, read, changed, revoked', async () => {
    const probe = new DataAPIProbe(http);
    const target = { dataURL: simulator.dataURL, database: 'sensors', action: 'read' } as const;
    await expect(probe.probe(target, new TokenString('unknown'))).resolves.toEqual({ kind: 'not-active' });

    const { info, string } = await api.create({ description, permissions, expiresAt: Date.UTC(2099, 0, 1) });
    expect(info).toMatchObject({ description, permissions, expiresAt: Date.UTC(2099, 0, 1) });
    expect(simulator.tokens()[0]).toMatchObject({ id: info.id, string: string.reveal() });
    await expect(probe.probe(target, string)).resolves.toEqual({ kind: 'accepted' });
    await expect(probe.probe({ ...target, action: 'write' }, string)).resolves.toMatchObject({ kind: 'forbidden' });

    await expect(api.list(ours, undefined, marker)).resolves.toEqual({ tokens: [info], total: 1 });
    await expect(api.get(info.id)).resolves.toEqual(info);
    await expect(api.update(info.id, { permissions: [] })).resolves.toEqual({ ...info, permissions: [] });
    await expect(api.revoke(info.id)).resolves.toBe(true);
    await expect(api.revoke(info.id)).resolves.toBe(true);
    await expect(api.get(info.id)).resolves.toMatchObject({ id: info.id, revokedAt: expect.any(Number) });

    simulator.forgetToken(info.id);
    await expect(api.get(info.id)).resolves.toBeUndefined();
    await expect(api.revoke(info.id)).resolves.toBe(false);
    await expect(failure(api.update(info.id, { description }))).resolves.toMatchObject({ kind: 'NotFound' });
  });

  test("the server's clock is followed", async () => {
    await api.list(ours);
    expect(Math.abs(api.clockSkew - 60_000)).toBeLessThan(5_000);
  });
});

describe('faults', () => {
  beforeEach(() => begin());
  afterEach(end);

  // What a fault means to a list, a read, a creation, a change and a revocation; `ok` where it is tolerated.
  type Meaning = IssuerErrorKind | 'ok';
  const table: [Fault, Meaning, Meaning, Meaning, Meaning, Meaning][] = [
    [{ kind: 'reset' }, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown', 'OutcomeUnknown'],
    [
      { kind: 'reset', effect: true },
      'Unavailable',
      'Unavailable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [{ kind: 'cut' }, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'OutcomeUnknown'],
    [{ kind: 'malformed' }, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'ok'],
    [
      { kind: 'redirect', location: '/login' },
      'Unreadable',
      'Unreadable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [{ kind: 'body', body: '[]' }, 'ok', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'OutcomeUnknown'],
    [{ kind: 'body', body: 'null' }, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'OutcomeUnknown'],
    [
      { kind: 'body', body: '<p>', contentType: 'text/html' },
      'Unreadable',
      'Unreadable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [{ kind: 'status', status: 400 }, 'Refused', 'Refused', 'Refused', 'Refused', 'Refused'],
    [
      { kind: 'status', status: 401 },
      'CredentialsRejected',
      'CredentialsRejected',
      'CredentialsRejected',
      'CredentialsRejected',
      'CredentialsRejected',
    ],
    [{ kind: 'status', status: 403, body: 'html' }, 'Unreadable', 'Unreadable', 'Refused', 'Refused', 'Refused'],
    [{ kind: 'status', status: 404 }, 'NotFound', 'ok', 'NotFound', 'NotFound', 'ok'],
    [{ kind: 'status', status: 404, body: 'html' }, 'Unreadable', 'Unreadable', 'Refused', 'Refused', 'Refused'],
    [
      { kind: 'status', status: 409, effect: true },
      'Refused',
      'Refused',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [
      { kind: 'status', status: 429, retryAfter: 7 },
      'Unavailable',
      'Unavailable',
      'Unavailable',
      'Unavailable',
      'Unavailable',
    ],
    [
      { kind: 'status', status: 503, effect: true },
      'Unavailable',
      'Unavailable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [
      { kind: 'status', status: 502, body: 'html' },
      'Unavailable',
      'Unavailable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'OutcomeUnknown',
    ],
    [
      { kind: 'status', status: 204, body: 'empty', effect: true },
      'Unreadable',
      'Unreadable',
      'OutcomeUnknown',
      'OutcomeUnknown',
      'ok',
    ],
    [{ kind: 'contentType', contentType: 'text/html' }, 'ok', 'ok', 'ok', 'ok', 'ok'],
    [{ kind: 'alter', fields: { id: 'none' } }, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'ok'],
    [{ kind: 'alter', fields: { permissions: null, note: 1 } }, 'ok', 'ok', 'ok', 'ok', 'ok'],
    [{ kind: 'alter', fields: { description: 'another' } }, 'ok', 'ok', 'OutcomeUnknown', 'ok', 'ok'],
    [{ kind: 'alter', fields: { accessToken: null } }, 'ok', 'ok', 'OutcomeUnknown', 'ok', 'ok'],
    [{ kind: 'duplicate' }, 'ok', 'ok', 'ok', 'ok', 'ok'],
    [{ kind: 'huge', bytes: 2 * 1024 * 1024 }, 'ok', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown', 'ok'],
    [{ kind: 'delay', milliseconds: 20 }, 'ok', 'ok', 'ok', 'ok', 'ok'],
    [{ kind: 'slow', milliseconds: 20 }, 'ok', 'ok', 'ok', 'ok', 'ok'],
  ];

  test.each(table)('%j', async (fault, ...expected) => {
    const { id } = simulator.createToken({ description, permissions });
    const calls = [
      () => api.list(ours),
      () => api.get(id),
      () => api.create({ description, permissions }),
      () => api.update(id, { permissions: [] }),
      () => api.revoke(id),
    ];
    const meanings: Meaning[] = [];
    for (const call of calls) {
      simulator.inject({ ...fault, times: 1 });
      const meaning = await call().then(
        () => 'ok' as const,
        async (error: unknown) => (await failure(Promise.reject(error))).kind,
      );
      meanings.push(meaning);
      simulator.clearFaults();
    }
    expect(meanings).toEqual(expected);
  });

  test('a server that is down has done nothing, even to a creation', async () => {
    await api.list(ours);
    await simulator.down();
    await expect(failure(api.create({ description, permissions }))).resolves.toMatchObject({ kind: 'Unavailable' });
    await simulator.up();
    expect(simulator.tokens()).toEqual([]);
    await expect(api.create({ description, permissions })).resolves.toBeDefined();
  });

  test('nothing is ever sent twice', async () => {
    simulator.inject({ kind: 'reset', effect: true });
    await failure(api.create({ description, permissions }));
    expect(simulator.requests).toHaveLength(1);
    expect(simulator.tokens()).toHaveLength(1);
  });

  test('a certificate that is not trusted says what to do about it', async () => {
    const stranger = new HttpClient({ version: '0.0.0', clock: systemClock });
    const credential = (): TokenString => new TokenString(simulator.adminToken);
    const url = tokensURL(simulator.url, clustered);
    const error = await failure(
      new ManagementAPI({ http: stranger, clock: systemClock, url, credential }).create({ description, permissions }),
    );
    expect(error.kind).toBe('Unavailable');
    expect(error.message).toContain('spec.tls.caBundle');
    expect(simulator.requests).toEqual([]);
    await stranger.close();
  });

  test('a wrong credential is told as such, and a wrong path never as an absent token', async () => {
    const { id } = simulator.createToken({ description });
    const url = tokensURL(simulator.url, { product: 'CloudDedicated', accountID: 'a', clusterID: 'b' });
    const credential = (): TokenString => new TokenString('wrong');
    const astray = new ManagementAPI({
      http,
      clock: systemClock,
      url,
      credential: () => new TokenString(simulator.adminToken),
    });
    await expect(failure(astray.get(id))).resolves.toMatchObject({ kind: 'Unreadable' });
    await expect(failure(astray.revoke(id))).resolves.toMatchObject({ kind: 'Refused' });
    const wrong = new ManagementAPI({ http, clock: systemClock, url: tokensURL(simulator.url, clustered), credential });
    await expect(failure(wrong.list(ours))).resolves.toMatchObject({ kind: 'CredentialsRejected' });
  });
});

describe('a cluster with 20,000 old tokens', () => {
  beforeEach(() => begin({ oldTokens: 20_000 }));
  afterEach(end);

  test('is listed as a stream, and only ours are kept', async () => {
    const { id } = simulator.createToken({ description });
    const { tokens, total } = await api.list(ours, undefined, marker);
    expect(total).toBe(20_001);
    expect(tokens.map((token) => token.id)).toEqual([id]);
  });

  test('a list that is cut off in the middle is an error, never a shorter list', async () => {
    simulator.inject({ kind: 'cut' });
    await expect(failure(api.list(ours, undefined, marker))).resolves.toMatchObject({ kind: 'Unreadable' });
  });
});
