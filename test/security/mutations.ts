// For each attack of docs/security.md: the source with its defence taken out, and the test that has to fail then.

import type { Mutation } from './mutation.ts';
import { BY_TENANTS } from './mutations-by-tenants.ts';
import { FROM_OUTSIDE } from './mutations-from-outside.ts';

/** All of them. */
export const MUTATIONS: readonly Mutation[] = [...BY_TENANTS, ...FROM_OUTSIDE];
