// The run-time check of specs: the CRD's rules again, for objects that slipped past them, and what only the operator knows.

import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { databaseTokenSpec } from './database-token.ts';
import { formatDuration, parseDuration } from './duration.ts';
import { influxDBClusterSpec, type InfluxDBClusterSpec } from './influxdb-cluster.ts';
import type { TokenKind } from './group.ts';
import { managementTokenSpec } from './management-token.ts';
import type { TokenSpec } from './token-object.ts';

/** What is wrong with one field. */
export interface Problem {
  /** As in `spec.rotation.renewBefore` or `spec.permissions[2].resource`. */
  readonly field: string;
  /** What is wrong and what to do about it; reads on from the field. */
  readonly message: string;
}

/** The spec, known to be valid; or everything that is wrong with it. */
export type Validation<S> =
  { readonly ok: true; readonly spec: S } | { readonly ok: false; readonly problems: readonly Problem[] };

const tokenSpecs = { DatabaseToken: databaseTokenSpec, ManagementToken: managementTokenSpec };

/** Checks an InfluxDBCluster. An object may be older than the rules of today's CRD, or come past a CRD that someone changed. */
export function validateCluster(object: { readonly spec: unknown }): Validation<InfluxDBClusterSpec> {
  const result = check(influxDBClusterSpec, object.spec);
  if (!result.ok) return result;
  const { caBundle } = result.spec.tls ?? {};
  if (caBundle === undefined || holdsCertificates(caBundle)) return result;
  const message = 'does not hold a PEM certificate once it is decoded; encode the file with: base64 -w0 ca.crt';
  return { ok: false, problems: [{ field: 'spec.tls.caBundle', message }] };
}

/**
 * Checks an object that asks for a token.
 *
 * @param minimumLifetime the shortest `spec.lifetime`, in milliseconds: a flag of the operator, which is why no CRD can know it
 */
export function validateToken(
  object: { readonly kind: TokenKind; readonly spec: unknown },
  minimumLifetime: number,
): Validation<TokenSpec> {
  const result: Validation<TokenSpec> = check(tokenSpecs[object.kind], object.spec);
  if (!result.ok) return result;
  const { lifetime } = result.spec;
  if (lifetime === undefined || parseDuration(lifetime) >= minimumLifetime) return result;
  const message = `must be at least ${formatDuration(minimumLifetime)}, the operator's minimum; write a longer one, or have the operator's --minimum-lifetime lowered`;
  return { ok: false, problems: [{ field: 'spec.lifetime', message }] };
}

/** All problems as one line, for a condition. */
export function problemLine(problems: readonly Problem[]): string {
  return problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
}

function check<T>(schema: z.ZodType<T>, spec: unknown): Validation<T> {
  const result = schema.safeParse(spec, { error: explain });
  // Without fields that we do not know it is the very same, and whoever keeps it need not keep it twice.
  if (result.success) return { ok: true, spec: isSame(result.data, spec) ? spec : result.data };
  return {
    ok: false,
    problems: result.error.issues.map(({ path, message }) => ({ field: fieldName(['spec', ...path]), message })),
  };
}

function isSame<T>(one: T, other: unknown): other is T {
  return isDeepStrictEqual(one, other);
}

/** Says the built-in checks in plain words; `undefined` leaves the message as the schema gives it. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is required; add it' : `must be of type ${issue.expected}; correct it`;
  }
  if (issue.code === 'invalid_value') {
    return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}; choose one`;
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') {
    const bound = issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
    return issue.origin === 'array' ? `must have ${bound} entries` : `must be ${bound}`;
  }
  return undefined;
}

/** A path as people, and the API server, write it: `spec.access[0].name`, `spec.secret.labels[example.com/team]`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'string' && /^[a-zA-Z]+$/.test(part) ? `.${part}` : `[${String(part)}]`))
    .join('')
    .slice(1);
}

function holdsCertificates(base64: string): boolean {
  return Buffer.from(base64, 'base64').includes('-----BEGIN CERTIFICATE-----');
}
