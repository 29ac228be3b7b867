// What tenants try: see mutations.ts.

import { one, type Mutation } from './mutation.ts';

const MORE_THAN_GRANTED: readonly Mutation[] = [
  {
    attack: 'two rules that each allow a half',
    without: 'a rule that allows a part counts',
    edits: one(
      'src/tokens/access.ts',
      'lacks(candidate, request).length === 0',
      'lacks(candidate, request).length < Math.max(1, request.permissions.length)',
    ),
    test: ['src/tokens/access.test.ts', 'one rule must allow the whole token'],
  },
  {
    attack: 'two rules that each allow a half',
    without: 'the beginning of a name is enough',
    edits: one('src/tokens/access.ts', ': resource === pattern;', ': resource.startsWith(pattern);'),
    test: ['src/tokens/access.test.ts', 'a rule grants databases'],
  },
  {
    attack: 'labels its own namespace into a rule',
    without: 'a label is enough for a management token',
    edits: one(
      'src/tokens/access.ts',
      "rule.managementTokens === 'Allow' && named",
      "rule.managementTokens === 'Allow'",
    ),
    test: ['src/tokens/access.test.ts', 'so no label lets a namespace in'],
  },
  {
    attack: 'gets a token, then the rule goes',
    without: 'a token that stands is not looked at again',
    edits: one(
      'src/tokens/plan.ts',
      'if (access.allowed || (access.ceiling === true && ownLedger(o) !== undefined)) return undefined;',
      'if (access.allowed || ownLedger(o) !== undefined) return undefined;',
    ),
    test: ['src/tokens/plan-withdrawal.test.ts', 'deletes the Secret before it revokes with Revoke'],
  },
  {
    attack: 'a spec that the CRD would refuse, past it',
    without: 'what the CRD let through is taken',
    edits: one('src/resources/validate.ts', 'if (result.success) return', 'if (true) return'),
    test: ['test/unit/refusals.test.ts', 'a description of two lines'],
  },
];

const ANOTHERS: readonly Mutation[] = [
  {
    attack: 'forges the annotations of its Secret',
    without: 'an id is revoked whatever the server says of it',
    edits: one(
      'src/tokens/revocation.ts',
      "return marked(o, looked.info) ? { step: { do: 'revoke', id, why } } : 'not ours';",
      "return { step: { do: 'revoke', id, why } };",
    ),
    test: ['src/tokens/plan-deletion.test.ts', 'that names the token of somebody else lets go of it untouched'],
  },
  {
    attack: 'forges the status of its object',
    without: 'the mark of another object counts as well',
    edits: one(
      'src/tokens/marker.ts',
      'return marker?.installation === installation && marker.uid === uid;',
      'return marker?.installation === installation || uid === undefined;',
    ),
    test: ['src/tokens/marker.test.ts', 'a token of another installation or object is not ours'],
  },
  {
    attack: 'forges owner references',
    without: 'any owner counts',
    edits: one(
      'src/tokens/facts.ts',
      "return secret.ownerUIDs.includes(ledger.object.slice(withoutUID.length)) ? 'former object' : 'foreign';",
      "return secret.ownerUIDs.length > 0 ? 'former object' : 'foreign';",
    ),
    test: ['src/tokens/plan-takeover.test.ts', 'even if a stranger put itself down as its owner'],
  },
  {
    attack: 'puts our mark into a description',
    without: 'it is not refused',
    edits: one('src/resources/common.ts', 'check: (self) => !self.includes(MARKER_START)', 'check: () => true'),
    test: ['test/unit/refusals.test.ts', 'a description that carries our marker'],
  },
  {
    attack: 'puts our mark into a description',
    without: 'a mark counts wherever it stands',
    edits: one('src/tokens/marker.ts', '([0-9a-f]{16})\\]$/', '([0-9a-f]{16})\\]/'),
    test: ['src/tokens/marker.test.ts', 'the last marker counts'],
  },
  {
    attack: 'names a Secret that belongs to something else',
    without: 'what a Secret holds is not asked',
    edits: one(
      'src/tokens/plan.ts',
      "ownership(o, secret) !== 'foreign') return undefined;",
      'true) return undefined;',
    ),
    test: ['src/tokens/plan.test.ts', 'when another object holds the Secret'],
  },
  {
    attack: "names the operator's credential",
    without: 'the same, on real parts',
    edits: one(
      'src/tokens/plan.ts',
      "ownership(o, secret) !== 'foreign') return undefined;",
      'true) return undefined;',
    ),
    test: ['test/security/attacks.test.ts', "the operator's own credential cannot be had"],
  },
  {
    attack: 'makes a Secret that Kubernetes acts on',
    without: 'the type of a Secret is not looked at',
    edits: one(
      'src/reconcilers/secret-access.ts',
      "if (live.type !== undefined && live.type !== 'Opaque') {",
      'if (false) {',
    ),
    test: ['test/security/attacks.test.ts', 'a Secret of another type is not ours'],
  },
  {
    attack: 'gives its Secret labels or annotations that other programs obey',
    without: 'one of those programs is forgotten',
    edits: one('src/resources/rules.ts', "  'emberstack.com',\n", ''),
    test: ['test/unit/refusals.test.ts', 'emberstack'],
  },
  {
    attack: 'puts a token key under a name such as',
    without: 'keys are properties',
    edits: one(
      'src/tokens/secret.ts',
      "  return Object.fromEntries(\n    (['token'",
      "  return ((all) => all.reduce((o, [key, value]) => ((o[key] = value), o), {}))(\n    (['token'",
    ),
    test: ['src/tokens/secret.properties.test.ts', ''],
  },
];

const HOLDS_UP: readonly Mutation[] = [
  {
    attack: 'thousands of objects',
    without: 'all namespaces stand in one line',
    edits: one(
      'src/controller/fair-lane.ts',
      'let line = this.#groups.get(group);',
      "group = 'all';\n    let line = this.#groups.get(group);",
    ),
    test: ['src/controller/fair-lane.test.ts', 'groups take turns'],
  },
  {
    attack: 'thousands of objects',
    without: 'nobody counts',
    edits: one('src/tokens/access.ts', 'if (rank >= maxTokens(rule)) {', 'if (false) {'),
    test: ['src/tokens/access.test.ts', 'a namespace may have so many tokens'],
  },
  {
    attack: 'makes each new token unusable',
    without: 'each mint is allowed',
    edits: one('src/tokens/budget.ts', 'if (counted.length < MINTS_PER_HOUR) return now;', 'return now;'),
    test: ['src/tokens/budget.test.ts', 'the sixth when the first of them is an hour old'],
  },
  {
    attack: 'takes the name of a Secret, or changes it, each time',
    without: 'however many could not be written, the next is created at once',
    edits: one('src/tokens/budget.ts', 'count < 2 ? 0', 'count > 0 ? 0'),
    test: ['src/tokens/plan-unwritten.test.ts', 'at last every four hours'],
  },
  {
    attack: 'deletes and creates its objects, again and again',
    without: 'newcomers are not counted',
    edits: one('src/reconcilers/newcomers.ts', 'else counts.push({ minute, count: 1 });', ''),
    test: ['src/reconcilers/newcomers.test.ts', 'five for each place under maxTokens are at once'],
  },
  {
    attack: 'texts of a megabyte',
    without: 'messages are as long as they come',
    edits: one('src/resources/conditions.ts', 'return message.slice(0, LONGEST_MESSAGE)', 'return message'),
    test: ['src/resources/conditions.test.ts', 'a message is one line that drives no terminal'],
  },
  {
    attack: 'nests the managed fields of its object',
    without: 'a list is as deep as one of tokens',
    edits: one('src/kubernetes/list-splitter.ts', 'deepest: DEEPEST_OBJECT,', ''),
    test: ['src/kubernetes/list-splitter.test.ts', 'as deep as the API server reads'],
  },
];

const WRITES_INTO_LOGS: readonly Mutation[] = [
  {
    attack: 'line breaks, escape sequences or turned writing',
    without: 'the log for machines shows them as they are',
    edits: one('src/logging.ts', 'destination.write(legible(line, true))', 'destination.write(line)'),
    test: ['src/logging.test.ts', "what a terminal would obey in a tenant's text is escaped"],
  },
  {
    attack: 'line breaks, escape sequences or turned writing',
    without: 'the log for people shows them as they are',
    edits: one('src/logging.ts', "return legible(value, key === 'stack')", 'return value'),
    test: ['src/logging.test.ts', 'are shown, not obeyed'],
  },
  {
    attack: 'line breaks, escape sequences or turned writing',
    without: 'conditions show them',
    edits: one('src/resources/conditions.ts', ".replaceAll(ILLEGIBLE, ' ')", ''),
    test: ['src/resources/conditions.test.ts', 'a message is one line that drives no terminal'],
  },
  {
    attack: 'line breaks, escape sequences or turned writing',
    without: 'Events show them',
    edits: one('src/kubernetes/event-object.ts', "note.replaceAll(ILLEGIBLE, ' ')", 'note'),
    test: ['src/kubernetes/event-object.test.ts', 'control characters and turned writing do not get into a note'],
  },
  {
    attack: 'line breaks, escape sequences or turned writing',
    without: "a server's words are taken as they are",
    edits: one('src/influxdb/printable.ts', ".replaceAll(UNPRINTABLE, '')", ''),
    test: ['src/influxdb/printable.test.ts', 'printable'],
  },
  {
    attack: 'has a token string end up where more people look',
    without: 'a token string serialises as itself',
    edits: one(
      'src/influxdb/token-string.ts',
      'toJSON(): string {\n    return REDACTED;',
      'toJSON(): string {\n    return this.#value;',
    ),
    test: ['src/influxdb/token-string.test.ts', 'does not show as JSON'],
  },
  {
    attack: 'has a token string end up where more people look',
    without: 'the Management API is quoted as it is',
    edits: one('src/influxdb/outcome.ts', '`: ${printable(said, [credential])}', '`: ${said}'),
    test: ['src/influxdb/management-api.canary.test.ts', ''],
  },
  {
    attack: 'has a token string end up where more people look',
    without: 'the API server is quoted as it is',
    edits: one(
      'src/kubernetes/redact.ts',
      "if (form.length >= SHORTEST) result = result.replaceAll(form, '[redacted]');",
      '',
    ),
    test: ['src/kubernetes/error.test.ts', 'contents of Secrets that a server or webhook quotes'],
  },
];

/** All of them. */
export const BY_TENANTS: readonly Mutation[] = [...MORE_THAN_GRANTED, ...ANOTHERS, ...HOLDS_UP, ...WRITES_INTO_LOGS];
