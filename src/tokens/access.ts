// Who may ask for what: deny by default, and one rule must allow the whole token.

import type { Permission } from '../influxdb/issuer.ts';
import type { AccessRule } from '../resources/access-rule.ts';
import { maxTokens } from '../resources/defaults.ts';
import { parseDuration } from '../resources/duration.ts';
import type { TokenKind } from '../resources/group.ts';
import { matchesSelector } from '../resources/labels.ts';
import type { Access } from './observed.ts';

/** A request for a token, as far as the rules care. */
export interface AccessRequest {
  readonly kind: TokenKind;
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly permissions: readonly Permission[];
  /** Milliseconds that the token will live from now; `undefined`: it does not expire. */
  readonly lifetime: number | undefined;
  /** How many tokens of the namespace come before this one, in order of (creationTimestamp, uid). */
  readonly rank: number;
}

/**
 * Judges a request. The first rule that allows kind, namespace, databases and actions as a whole sets the ceilings
 * (`maxLifetime`, `maxTokens`), which take no part in the choice.
 */
export function judgeAccess(rules: readonly AccessRule[], request: AccessRequest): Access {
  const inNamespace = rules.filter((rule) => picksNamespace(rule, request));
  const rule = inNamespace.find((candidate) => lacks(candidate, request).length === 0);
  if (rule === undefined) return { allowed: false, message: whyNone(rules, inNamespace, request) };
  return withinCeilings(rule, request);
}

function picksNamespace({ namespaces }: AccessRule, { namespace, namespaceLabels }: AccessRequest): boolean {
  if (namespaces.names?.includes(namespace)) return true;
  return namespaces.selector !== undefined && matchesSelector(namespaces.selector, namespaceLabels);
}

/** What a rule does not grant of the request, in words; empty when it grants all of it. */
function lacks(rule: AccessRule, request: AccessRequest): string[] {
  if (request.kind === 'ManagementToken') {
    // A management token is root: a namespace may name itself into a selector, but not into a list of names.
    const named = rule.namespaces.names?.includes(request.namespace) === true;
    return rule.managementTokens === 'Allow' && named ? [] : ['ManagementTokens'];
  }
  return request.permissions
    .filter(({ action, resource }) => !(rule.actions?.includes(action) && grantsDatabase(rule, resource)))
    .map(({ action, resource }) => `${action} on ${resource === '*' ? 'every database ("*")' : resource}`);
}

function grantsDatabase({ databases = [] }: AccessRule, resource: string): boolean {
  return databases.some((pattern) => {
    // A token for "*" covers databases that do not exist yet, so only "*" itself grants it.
    if (pattern === '*' || resource === '*') return pattern === '*';
    return pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern;
  });
}

function withinCeilings(rule: AccessRule, { lifetime, rank }: AccessRequest): Access {
  if (rule.maxLifetime !== undefined && (lifetime === undefined || lifetime > parseDuration(rule.maxLifetime))) {
    const asked = lifetime === undefined ? 'This token does not expire' : 'This token would live longer';
    return {
      allowed: false,
      ceiling: true,
      message: `${asked}, but access rule "${rule.name}" sets maxLifetime ${rule.maxLifetime}; set spec.lifetime to at most that.`,
    };
  }
  if (rank >= maxTokens(rule)) {
    return {
      allowed: false,
      ceiling: true,
      message: `Access rule "${rule.name}" allows ${maxTokens(rule)} tokens a namespace, and ${rank} objects or retained Secrets come before this one; delete some, or have maxTokens raised.`,
    };
  }
  return { allowed: true, maxTokens: maxTokens(rule) };
}

/** Says which rule came closest and what it lacked. */
function whyNone(rules: readonly AccessRule[], inNamespace: readonly AccessRule[], request: AccessRequest): string {
  const ask = 'ask for less, or have an administrator extend spec.access of the InfluxDBCluster.';
  if (rules.length === 0) return `The InfluxDBCluster has no access rules, so it allows no tokens; ${ask}`;
  const closest = inNamespace
    .map((rule) => ({ rule, missing: lacks(rule, request) }))
    .sort((one, other) => one.missing.length - other.missing.length)[0];
  if (closest === undefined) return `No access rule applies to namespace ${request.namespace}; ${ask}`;
  const { rule, missing } = closest;
  return `No access rule allows all of this token. Closest is "${rule.name}", which does not allow ${listed(missing)}; ${ask}`;
}

function listed(missing: readonly string[]): string {
  const shown = missing.slice(0, 5).join(', ');
  return missing.length > 5 ? `${shown} and ${missing.length - 5} more` : shown;
}
