// InfluxDBCluster: where a cluster is, the operator's credential for it, and who may ask for what.

import * as z from 'zod';
import { accessRule } from './access-rule.ts';
import type { API_VERSION } from './group.ts';
import type { ObjectMeta } from './metadata.ts';
import { dataKey, objectName, serverUrl } from './rules.ts';
import { type DeepReadonly, mapListOf, matches, type Rule, text, type TransitionRule } from './schema.ts';
import { withRules, withTransitionRules } from './schema.ts';
import { commonStatus } from './status.ts';

const encodedBundle = withRules(text(262_144), [
  matches(
    '^[a-zA-Z0-9+/\\r\\n]+={0,2}[\\r\\n]*$',
    'must be PEM certificates encoded in base64, as in other Kubernetes objects; encode the file with: base64 -w0 ca.crt',
  ),
]);

const fields = {
  product: z.enum(['Clustered', 'CloudDedicated']).meta({
    description:
      'What is behind the URL: InfluxDB Clustered, or InfluxDB Cloud Dedicated, which also takes accountID, clusterID and dataURL. Cannot be changed.',
  }),
  url: serverUrl.meta({
    description:
      'Where the Management API is, without /api/v0. https, unless allowPlaintext is set. ' +
      'Example: https://influxdb.example.com, or https://console.influxdata.com with CloudDedicated.',
  }),
  dataURL: z.exactOptional(serverUrl).meta({
    description:
      'Where data is read and written: for the probe of new tokens, and for Secrets that ask for the URL. Default: url; required with CloudDedicated, ' +
      'where it is another host. Example: https://influxdb.example.com.',
  }),
  accountID: z
    .exactOptional(cloudID())
    .meta({ description: 'Id of the account, only and always with CloudDedicated. Cannot be changed.' }),
  clusterID: z
    .exactOptional(cloudID())
    .meta({ description: 'Id of the cluster, only and always with CloudDedicated. Cannot be changed.' }),
  credentials: z
    .object({
      secretRef: z
        .object({
          name: objectName.meta({ description: 'Name of the Secret. Example: influxdb-admin.' }),
          key: dataKey.meta({ description: 'Key in the Secret. Example: token.' }),
        })
        .meta({
          description:
            "The Secret, in the operator's own namespace, that holds a management token. White space around the token is ignored.",
          'x-kubernetes-map-type': 'atomic',
        }),
    })
    .meta({ description: "The operator's own credential, by which it issues and revokes tokens." }),
  tls: z
    .exactOptional(
      withRules(
        z.object({
          caBundle: z.exactOptional(encodedBundle).meta({
            description:
              'Certificates (PEM, in base64) of the authorities that are trusted for this cluster. Default: those of the operator.',
          }),
          caBundleRef: z
            .exactOptional(
              z
                .object({
                  name: objectName.meta({ description: 'Name of the ConfigMap.' }),
                  key: dataKey.meta({ description: 'Key in the ConfigMap. Example: ca.crt.' }),
                })
                .meta({ 'x-kubernetes-map-type': 'atomic' }),
            )
            .meta({
              description:
                "The same as a key (PEM, not encoded) of a ConfigMap in the operator's own namespace. At most one of caBundle and caBundleRef.",
            }),
          insecureSkipVerify: z.exactOptional(z.boolean()).meta({
            description:
              'Trusts any certificate. Whoever sits in between can then take the credential: only for tests. Default: false.',
          }),
        }),
        [
          {
            cel: '!(has(self.caBundle) && has(self.caBundleRef))',
            check: (self) => self.caBundle === undefined || self.caBundleRef === undefined,
            message: 'must not stand beside caBundleRef; keep one of the two',
            path: ['caBundle'],
          },
        ],
      ),
    )
    .meta({ description: 'Whom to trust when connecting to the cluster.' }),
  allowPlaintext: z.exactOptional(z.boolean()).meta({
    description:
      'Allows http:// in url and dataURL. The credential and every token then cross the network readable: only for tests. Default: false.',
  }),
  activationProbe: z.exactOptional(z.enum(['Enabled', 'Disabled'])).meta({
    description:
      'Whether a new token is tried on the data API before it counts as ready: it takes seconds to minutes to become active. Default: Enabled.',
  }),
  accessWithdrawal: z.exactOptional(z.enum(['Keep', 'Revoke'])).meta({
    description:
      'What becomes of tokens that no access rule allows any more. Keep: they work until they end, but are not renewed. Revoke: they are revoked and their Secrets deleted. Default: Keep.',
  }),
  suspend: z.exactOptional(z.boolean()).meta({
    description: 'The kill switch: while true, nothing is issued, changed or revoked on this cluster. Default: false.',
  }),
  access: z.exactOptional(mapListOf(accessRule, ['name'], { max: 256 })).meta({
    description:
      'Who may ask for what. Without a rule that allows the whole token, no token: one rule has to, and the first that does sets its limits. Default: no rules.',
  }),
};

function cloudID() {
  return withRules(text(64), [
    matches('^[-a-zA-Z0-9]+$', 'must be the id that InfluxData shows: letters, digits and "-"'),
  ]);
}

type Fields = DeepReadonly<z.infer<z.ZodObject<typeof fields>>>;

const CLOUD = 'CloudDedicated';

/** An id belongs to CloudDedicated, and CloudDedicated needs it. */
function cloudOnly(field: 'accountID' | 'clusterID'): Rule<Fields> {
  return {
    cel: `(self.product == '${CLOUD}') == has(self.${field})`,
    check: (self) => (self.product === CLOUD) === (self[field] !== undefined),
    message: `must be set with product ${CLOUD}, and only with it; set ${field}, or remove it with product Clustered`,
    path: [field],
  };
}

/** Plaintext has to be asked for: the credential is root on that cluster. */
function encrypted(field: 'url' | 'dataURL'): Rule<Fields> {
  return {
    cel: `!self.?${field}.orValue('').startsWith('http://') || self.?allowPlaintext.orValue(false)`,
    check: (self) => self[field]?.startsWith('http://') !== true || self.allowPlaintext === true,
    message:
      'must begin with https://, or anyone on the way can read the credential; for a test cluster set allowPlaintext: true',
    path: [field],
  };
}

function immutable(field: 'product' | 'accountID' | 'clusterID'): TransitionRule {
  return {
    cel: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
    message: 'cannot be changed, because tokens live on that cluster; create another InfluxDBCluster',
    path: [field],
  };
}

/** The schema of `spec`. */
export const influxDBClusterSpec = withTransitionRules(
  withRules(z.object(fields), [
    cloudOnly('accountID'),
    cloudOnly('clusterID'),
    {
      cel: `self.product != '${CLOUD}' || has(self.dataURL)`,
      check: (self) => self.product !== CLOUD || self.dataURL !== undefined,
      message: `must be set with product ${CLOUD}, where data lives on another host; set it to the URL of the cluster`,
      path: ['dataURL'],
    },
    encrypted('url'),
    encrypted('dataURL'),
  ]),
  [immutable('product'), immutable('accountID'), immutable('clusterID')],
);

/** What an administrator says about a cluster. */
export type InfluxDBClusterSpec = DeepReadonly<z.infer<typeof influxDBClusterSpec>>;

/** The schema of `status`. */
export const clusterStatus = z.object({
  ...commonStatus,
  tokens: z.exactOptional(z.int().min(0)).meta({
    format: 'int32',
    description: 'How many live tokens on this cluster are ours.',
  }),
});

/** How a cluster does. */
export type ClusterStatus = DeepReadonly<z.infer<typeof clusterStatus>>;

/** An InfluxDBCluster as the API server hands it out. */
export interface InfluxDBCluster {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'InfluxDBCluster';
  readonly metadata: ObjectMeta;
  readonly spec: InfluxDBClusterSpec;
  readonly status?: ClusterStatus;
}
