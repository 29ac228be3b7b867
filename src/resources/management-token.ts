// ManagementToken: a token for the Management API, which can do everything but read and write data.

import * as z from 'zod';
import { commonFields, commonRules } from './common.ts';
import type { API_VERSION } from './group.ts';
import type { NamespacedMeta } from './metadata.ts';
import { type DeepReadonly, withRules } from './schema.ts';
import { commonKeys, secretField } from './secret.ts';
import type { TokenStatus } from './status.ts';

/** The schema of `spec`. */
export const managementTokenSpec = withRules(
  z.object({ ...commonFields, secret: secretField(commonKeys, ['token', 'url', 'tokenID', 'expiresAt']) }),
  commonRules,
);

/** What a user asks for. */
export type ManagementTokenSpec = DeepReadonly<z.infer<typeof managementTokenSpec>>;

/** A ManagementToken as the API server hands it out. */
export interface ManagementToken {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'ManagementToken';
  readonly metadata: NamespacedMeta;
  readonly spec: ManagementTokenSpec;
  readonly status?: TokenStatus;
}
