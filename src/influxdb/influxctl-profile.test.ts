import { describe, expect, test } from '@jest/globals';
import { parse } from 'smol-toml';

import { configFile, unfitForProfile, type ProfileSettings } from './influxctl-profile.ts';
import { TokenString } from './token-string.ts';

const CLUSTERED: ProfileSettings = { product: { product: 'Clustered' }, url: 'https://influxdb.example.com' };

function profile(settings: ProfileSettings, credential = 'secret', caFile?: string): unknown {
  const { profile: profiles } = parse(configFile(settings, new TokenString(credential), caFile));
  return Array.isArray(profiles) && profiles.length === 1 ? profiles[0] : undefined;
}

describe('the profile', () => {
  test('leads to the host and port of the URL', () => {
    expect(profile(CLUSTERED)).toEqual({
      name: 'operator',
      product: 'clustered',
      host: 'influxdb.example.com',
      port: '443',
      mgmt_token: 'secret',
      tls: { insecure: false, disable: false },
    });
    expect(profile({ ...CLUSTERED, url: 'https://influxdb.example.com:8086/' })).toMatchObject({ port: '8086' });
  });

  test('says how to trust, and that there is no TLS where the URL says so', () => {
    expect(profile({ ...CLUSTERED, insecureSkipVerify: true }, 'secret', '/x/ca.pem')).toMatchObject({
      tls: { insecure: true, disable: false, ca: '/x/ca.pem' },
    });
    expect(profile({ ...CLUSTERED, url: 'http://influxdb:80' })).toMatchObject({ port: '80', tls: { disable: true } });
  });

  test('names account and cluster of Cloud Dedicated, and no host but another one than the usual', () => {
    const product = { product: 'CloudDedicated', accountID: 'account', clusterID: 'cluster' } as const;
    const usual = profile({ product, url: 'https://console.influxdata.com' });
    expect(usual).toMatchObject({ product: 'dedicated', account_id: 'account', cluster_id: 'cluster' });
    expect(usual).not.toHaveProperty('host');
    expect(profile({ product, url: 'https://console.example.com' })).toMatchObject({ host: 'console.example.com' });
  });

  test.each(['quote " and \\ backslash', "'''", '"""', 'two\nlines', '\u0000\u007f', '"\n[[profile]]\nname = "x"'])(
    'holds the credential %j as it is, and nothing that it would like to be',
    (credential) => {
      expect(profile(CLUSTERED, credential)).toMatchObject({ name: 'operator', mgmt_token: credential });
    },
  );

  test('cannot express a path', () => {
    expect(unfitForProfile({ ...CLUSTERED, url: 'https://proxy.example.com/influxdb' })).toContain('/influxdb');
    expect(unfitForProfile({ ...CLUSTERED, url: 'https://proxy.example.com/' })).toBeUndefined();
  });
});
