import { describe, expect, test } from '@jest/globals';
import { type Problem, problemLine, validateCluster, validateToken } from '../../src/resources/validate.ts';
import { cloudCluster, cluster, databaseToken, type Manifest, managementToken } from '../resources/manifests.ts';
import { holdsRemedy } from '../remedy.ts';
import { refusals } from '../resources/refusals.ts';

const HOUR = 3_600_000;

/** What is wrong with a manifest as the API server would hand it on: without fields that are `undefined`. */
function problems(manifest: Manifest, minimumLifetime = 0): readonly Problem[] {
  const { kind, spec }: Manifest = JSON.parse(JSON.stringify(manifest));
  const result =
    kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, minimumLifetime);
  return result.ok ? [] : result.problems;
}

describe('the operator refuses', () => {
  test.each(refusals)('$name', ({ manifest, field, message, ours = message }) => {
    const found = problems(manifest);
    expect(found).toContainEqual({ field, message: expect.stringContaining(ours) });
    expect(found.filter(({ message }) => !holdsRemedy(message) && !message.startsWith('must '))).toEqual([]);
  });

  test('a lifetime below its own minimum, which no CRD can know', () => {
    expect(problemLine(problems(databaseToken({ lifetime: '59m' }), HOUR))).toBe(
      "spec.lifetime: must be at least 1h, the operator's minimum; write a longer one, or have the operator's --minimum-lifetime lowered",
    );
    expect(problems(managementToken({ lifetime: '60m' }), HOUR)).toEqual([]);
  });

  test('a bundle of certificates that holds none', () => {
    const bundle = (text: string): Manifest => cluster({ tls: { caBundle: Buffer.from(text).toString('base64') } });
    expect(problemLine(problems(bundle('hello')))).toMatch(/^spec.tls.caBundle: does not hold a PEM certificate/);
    expect(problems(bundle('# ours\n-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n'))).toEqual([]);
  });

  test('a host that only looks like an IPv4 address', () => {
    expect(problemLine(problems(cluster({ url: 'https://1.2.3.4.5' })))).toMatch(
      /^spec.url: must be the URL of a server/,
    );
  });

  test('a link-local address however it is written', () => {
    for (const url of ['https://2852039166', 'https://0xa9fea9fe', 'https://169.16689662', 'https://0251.0376.1']) {
      expect(problems(cluster({ url }))).toEqual([
        { field: 'spec.url', message: expect.stringContaining('must not be a link-local address') },
      ]);
    }
  });

  test('an object without a spec', () => {
    expect(validateCluster({ spec: undefined })).toEqual({
      ok: false,
      problems: [{ field: 'spec', message: 'is required; add it' }],
    });
  });

  test('everything that is wrong with an object at once', () => {
    const fields = problems(databaseToken({ description: '\t', lifetime: '1d', permissions: [] })).map(
      ({ field }) => field,
    );
    expect(fields).toEqual(expect.arrayContaining(['spec.description', 'spec.lifetime', 'spec.permissions']));
  });
});

describe('the operator accepts', () => {
  test.each([
    ['the least that a DatabaseToken can ask for', databaseToken()],
    ['a ManagementToken that says nothing', managementToken()],
    ['a cluster', cluster()],
    ['a cloud cluster', cloudCluster()],
    ['an address with a port', cluster({ url: 'https://[::1]:8443/base/' })],
    ['plaintext that was asked for', cluster({ url: 'http://influxdb', allowPlaintext: true })],
    ['128 characters that take two units each', databaseToken({ description: '🔑'.repeat(128) })],
    [
      'every database beside a named one',
      databaseToken({
        permissions: [
          { action: 'read', resource: '*' },
          { action: 'write', resource: 'a' },
        ],
        secret: { keys: { database: 'DB' } },
      }),
    ],
    ['a field of a later version', databaseToken({ invented: true })],
  ])('%s', (_, manifest) => {
    expect(problems(manifest)).toEqual([]);
  });

  test('and hands on the spec, with nothing filled in or changed', () => {
    const spec = {
      permissions: [
        { action: 'write', resource: 'b' },
        { action: 'read', resource: 'a' },
      ],
      lifetime: '48h',
    };
    const validation = validateToken({ kind: 'DatabaseToken', spec }, HOUR);
    expect(validation).toEqual({ ok: true, spec });
    expect(validation.ok && validation.spec).toBe(spec);
  });

  test('and what it does not know of a spec is not handed on', () => {
    const { spec } = databaseToken({ invented: true });
    const { invented: _, ...known } = spec;
    expect(validateToken({ kind: 'DatabaseToken', spec }, HOUR)).toEqual({ ok: true, spec: known });
  });
});
