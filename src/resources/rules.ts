// The forms of text that several fields share: names, durations, URLs, keys of labels.

import * as z from 'zod';
import { DURATION_PATTERN } from './duration.ts';
import { GROUP } from './group.ts';
import { isLinkLocal } from './link-local.ts';
import { matches, matchesNot, rawString, type Rule, text, withRules } from './schema.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';

/** The name of a namespace, or of an access rule. */
export const dnsLabel = withRules(text(63), [
  matches(
    `^${LABEL}$`,
    'must be lower-case letters, digits and "-", with a letter or digit at both ends, such as team-a',
  ),
]);

/** The name of any other Kubernetes object. */
export const objectName = withRules(text(253), [
  matches(
    `^${LABEL}(\\.${LABEL})*$`,
    'must be a Kubernetes name: lower-case letters, digits, "-" and ".", with a letter or digit at both ends of each part, such as influxdb-admin',
  ),
]);

/** A key in the data of a Secret or a ConfigMap. */
export const dataKey = withRules(text(253), [
  matches(
    '^[.]?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$',
    'must be made of letters, digits, "-", "_" and ".", such as INFLUX_TOKEN, and begin with at most one "."',
  ),
]);

/** A duration, which may be nothing (`0s`). */
export const duration = withRules(text(32), [
  matches(
    DURATION_PATTERN,
    'must be a duration of hours, minutes and seconds such as 720h, 1h30m or 90s; days are not known: for 30d write 720h',
  ),
]);

/** A duration of more than nothing. */
export const positiveDuration = withRules(duration, [
  matches('[1-9]', 'must be longer than zero; write a duration such as 720h'),
]);

/** Whether a text has the form of a duration, in CEL: a rule that compares durations must not fail on one that is none. */
export function isDurationCel(expression: string): string {
  return `${expression}.matches(${rawString(DURATION_PATTERN)})`;
}

/** A point in time, RFC 3339. */
export const instant = z.iso.datetime({
  offset: true,
  error: 'must be a point in time such as 2030-01-01T00:00:00Z, with seconds and time zone',
});

const NO_CONTROL_CHARACTERS = '^[^\\p{Cc}\\p{Zl}\\p{Zp}]*$';

/** For texts that are shown in a line of their own. */
export const oneLine: Rule<string> = matches(
  NO_CONTROL_CHARACTERS,
  'must be one line without control characters; remove line breaks and tabs',
);

const PORT = '[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]';
const BASE_URL = `^https?://([-_a-zA-Z0-9]+([.][-_a-zA-Z0-9]+)*[.]?|\\[[0-9a-fA-F:.]+\\])(:(${PORT}))?(/[-._~%/a-zA-Z0-9]*)?$`;
const baseUrl = matches(
  BASE_URL,
  'must be the URL of a server, such as https://influxdb.example.com or https://influxdb.example.com:8443',
);

const LINK_LOCAL = matchesNot(
  '^https?://(169[.]254[.][0-9]|\\[[fF][eE][89abAB][0-9a-fA-F]:|\\[[fF][dD]00:[eE][cC]2:|\\[::[fF]{4}:(169[.]254[.]|[aA]9[fF][eE]:))',
  'must not be a link-local address, where clouds answer with the credentials of machines; name the host of the cluster',
);

/** CEL sees addresses as they are mostly written; what remains, such as one number for an IPv4 address, is caught by us. */
const elsewhere: Rule<string> = {
  ...LINK_LOCAL,
  check: (self) => LINK_LOCAL.check(self) && !(URL.canParse(self) && isLinkLocal(new URL(self).hostname)),
};

/** The address of a server, to which paths are added. */
export const serverUrl = withRules(text(2048), [
  matches('^https?://', 'must begin with https:// (or with http://, which also takes spec.allowPlaintext: true)'),
  matchesNot(
    '[@?#]',
    'must not have a user name, a query or a fragment; the credential belongs into the Secret of spec.credentials.secretRef',
  ),
  elsewhere,
  matchesNot('/api/v[0-9]+/?$', 'must not end in the path of an API; leave out /api/v0, the operator adds it'),
  // The pattern keeps out all but hosts that only look like an IPv4 address, such as 1.2.3, which no CEL tells from names.
  { ...baseUrl, check: (self) => baseUrl.check(self) && URL.canParse(self) },
]);

const QUALIFIED_NAME = `^(${LABEL}(\\.${LABEL})*/)?[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$`;
/**
 * Domains of programs that act on labels and annotations of any Secret: deploy or delete it, take it over, or copy it into namespaces
 * which its author may not write to.
 */
const OBEYED = [
  GROUP,
  'argoproj.io',
  'fluxcd.io',
  'helm.sh',
  'k14s.io',
  'carvel.dev',
  'cattle.io',
  'crossplane.io',
  'emberstack.com',
  'mittwald.de',
  'appscode.com',
  'cert-manager.io',
  'external-secrets.io',
  'bitnami.com',
];
const RESERVED = `^([^/]*(kubernetes[.]io|k8s[.]io)|([^/]*[.])?(${OBEYED.join('|').replaceAll('.', '[.]')}))/`;

/** Keys that a Secret may get as label or annotation. */
export const secretMetadataKeys: readonly Rule<Readonly<Record<string, string>>>[] = [
  everyKey(
    matches(
      QUALIFIED_NAME,
      'must have keys such as team or example.com/team: at most 63 letters, digits, "-", "_" and "." after an optional domain',
    ),
  ),
  everyKey(
    matchesNot(
      RESERVED,
      `must not have keys of ${GROUP}, Kubernetes (*kubernetes.io, *k8s.io), or programs that deploy, take over or copy Secrets (${OBEYED.slice(1).join(', ')}), because those act on them; use a domain of your own`,
    ),
  ),
];

function everyKey(rule: Rule<string>): Rule<Readonly<Record<string, string>>> {
  return {
    cel: `self.all(key, ${rule.cel.replace('self', 'key')})`,
    check: (self) => Object.keys(self).every((key) => rule.check(key)),
    message: rule.message,
  };
}

/** The value of a label. */
export const labelValue = withRules(text(63, 0), [
  matches(
    '^([a-zA-Z0-9]([-._a-zA-Z0-9]*[a-zA-Z0-9])?)?$',
    'must be the value of a label: letters, digits, "-", "_" and ".", with a letter or digit at both ends, such as team-a',
  ),
]);
