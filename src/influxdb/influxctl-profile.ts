// The configuration that influxctl is given: one profile, as documented at https://docs.influxdata.com/influxdb3/clustered/reference/cli/influxctl/.

import { stringify } from 'smol-toml';

import type { Product } from './management-api.ts';
import type { TLSSettings } from './tls.ts';
import type { TokenString } from './token-string.ts';

/** What leads to a cluster: `spec.url` and the like. */
export interface ProfileSettings extends TLSSettings {
  readonly product: Product;
  readonly url: string;
}

/** The name of the one profile. */
export const PROFILE = 'operator';

/** Where influxctl looks for Cloud Dedicated by itself. */
const DEDICATED_HOST = 'console.influxdata.com';

/** Why a cluster cannot be put into a profile, with the remedy; `undefined` when it can. */
export function unfitForProfile({ url }: ProfileSettings): string | undefined {
  const { pathname } = new URL(url);
  if (pathname === '/') return undefined;
  return `spec.url of the InfluxDBCluster has the path ${pathname}, which a profile of influxctl cannot express, so no management token can be issued there; make the Management API reachable without a path, and put that into spec.url`;
}

/** The file, with the credential in it. `caFile` is the path of the CA bundle in PEM. */
export function configFile(settings: ProfileSettings, credential: TokenString, caFile: string | undefined): string {
  const { product, url, insecureSkipVerify = false } = settings;
  const { hostname, port, protocol } = new URL(url);
  const plain = protocol === 'http:';
  const address = { host: hostname, port: port === '' ? (plain ? '80' : '443') : port };
  return stringify({
    profile: [
      {
        name: PROFILE,
        ...(product.product === 'Clustered'
          ? { product: 'clustered', ...address }
          : {
              product: 'dedicated',
              account_id: product.accountID,
              cluster_id: product.clusterID,
              ...(hostname === DEDICATED_HOST ? {} : address),
            }),
        mgmt_token: credential.reveal(),
        tls: { insecure: insecureSkipVerify, disable: plain, ...(caFile === undefined ? {} : { ca: caFile }) },
      },
    ],
  });
}
