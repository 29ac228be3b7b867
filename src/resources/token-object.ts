// What code means that does not care which kind of token it has before it.

import type { DatabaseToken, DatabaseTokenSpec } from './database-token.ts';
import type { ManagementToken } from './management-token.ts';

/** Any object that asks for a token. */
export type TokenObject = DatabaseToken | ManagementToken;

/** What any of them asks for: a ManagementToken has no permissions. */
export type TokenSpec = Omit<DatabaseTokenSpec, 'permissions'> & Partial<Pick<DatabaseTokenSpec, 'permissions'>>;
