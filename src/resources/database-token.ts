// DatabaseToken: a token that reads or writes databases, wanted by an application.

import * as z from 'zod';
import { commonFields, commonRules } from './common.ts';
import type { API_VERSION } from './group.ts';
import type { NamespacedMeta } from './metadata.ts';
import { oneLine } from './rules.ts';
import { type DeepReadonly, mapListOf, matches, text, withRules } from './schema.ts';
import { databaseKeys, secretField } from './secret.ts';
import type { TokenStatus } from './status.ts';

/** Every database of a cluster, in the Management API's own word. */
export const EVERY_DATABASE = '*';

/** One grant, in the words of the Management API (https://docs.influxdata.com/influxdb3/clustered/api/management/). */
export const permission = z.object({
  action: z.enum(['read', 'write']).meta({ description: 'read or write; one of each for both.' }),
  resource: withRules(text(64), [
    oneLine,
    matches(
      '^([*]|[^*]*)$',
      'must be the name of one database, or "*" alone for every one; there are no patterns, list each database',
    ),
  ]).meta({
    description:
      'Name of a database, or "*" for every one, which an access rule has to allow as such. Example: sensors.',
  }),
});

/** The schema of `spec`. */
export const databaseTokenSpec = withRules(
  z.object({
    ...commonFields,
    permissions: mapListOf(permission, ['action', 'resource'], { min: 1, max: 256 }).meta({
      description:
        'What the token may do. An access rule of the InfluxDBCluster has to allow all of it. A change is applied to the same token. ' +
        'Example: [{action: read, resource: sensors}].',
    }),
    secret: secretField(databaseKeys, ['token', 'url', 'tokenID', 'expiresAt', 'database']),
  }),
  [
    ...commonRules,
    {
      cel: `!self.?secret.?keys.?database.hasValue() || self.permissions.exists(permission, permission.resource != '${EVERY_DATABASE}')`,
      check: (self) =>
        self.secret?.keys?.database === undefined ||
        self.permissions.some(({ resource }) => resource !== EVERY_DATABASE),
      message: 'needs a permission that names a database; name one in permissions or remove this key',
      path: ['secret', 'keys', 'database'],
    },
  ],
);

/** What a user asks for. */
export type DatabaseTokenSpec = DeepReadonly<z.infer<typeof databaseTokenSpec>>;

/** A DatabaseToken as the API server hands it out. */
export interface DatabaseToken {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'DatabaseToken';
  readonly metadata: NamespacedMeta;
  readonly spec: DatabaseTokenSpec;
  readonly status?: TokenStatus;
}
