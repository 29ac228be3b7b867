import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { DAY, HOUR } from '../../test/builders.ts';
import type { Permission } from '../influxdb/issuer.ts';
import type { AccessRule } from '../resources/access-rule.ts';
import { judgeAccess, type AccessRequest } from './access.ts';

const rule = (change: Partial<AccessRule> = {}): AccessRule => ({
  name: 'team-a',
  namespaces: { names: ['metrics'] },
  databases: ['sensors', 'team-a-*'],
  actions: ['read', 'write'],
  ...change,
});
const read = (...databases: string[]): Permission[] => databases.map((resource) => ({ action: 'read', resource }));
const request = (change: Partial<AccessRequest> = {}): AccessRequest => ({
  kind: 'DatabaseToken',
  namespace: 'metrics',
  namespaceLabels: {},
  permissions: read('sensors'),
  lifetime: undefined,
  rank: 0,
  ...change,
});
const message = (rules: readonly AccessRule[], asked: AccessRequest): string => {
  const access = judgeAccess(rules, asked);
  return access.allowed ? 'allowed' : access.message;
};

describe('without a rule', () => {
  test('nothing is allowed', () => {
    expect(message([], request())).toMatch(/no access rules.*extend spec\.access/);
  });

  test('for the namespace nothing is allowed, whatever other namespaces may', () => {
    expect(message([rule()], request({ namespace: 'other' }))).toMatch(/applies to namespace other/);
  });
});

describe('a rule picks namespaces', () => {
  const picked = (namespaces: AccessRule['namespaces'], namespaceLabels = {}): boolean =>
    judgeAccess([rule({ namespaces })], request({ namespaceLabels })).allowed;

  test('by name, by label, or either', () => {
    const selector = { matchLabels: { team: 'a' } };
    expect(picked({ names: ['metrics'] })).toBe(true);
    expect(picked({ names: ['other'] })).toBe(false);
    expect(picked({ selector }, { team: 'a' })).toBe(true);
    expect(picked({ selector }, { team: 'b' })).toBe(false);
    expect(picked({ names: ['other'], selector }, { team: 'a' })).toBe(true);
    expect(picked({ names: ['metrics'], selector })).toBe(true);
  });

  test('never by an empty selector: silence grants nothing', () => {
    expect(picked({ selector: {} }, { team: 'a' })).toBe(false);
    expect(picked({}, { team: 'a' })).toBe(false);
  });
});

describe('a rule grants databases', () => {
  test.each([
    ['by name', ['sensors'], 'sensors', true],
    ['not by a part of the name', ['sensors'], 'sensors2', false],
    ['by their beginning', ['team-a-*'], 'team-a-1', true],
    ['by their beginning, the beginning itself included', ['team-a-*'], 'team-a-', true],
    ['not by less than their beginning', ['team-a-*'], 'team-a', false],
    ['all by "*"', ['*'], 'anything', true],
    ['"*" by "*"', ['*'], '*', true],
    ['"*" not by a beginning, however short', ['s*', 't*'], '*', false],
    ['none by an empty list', [], 'sensors', false],
  ])('%s', (_, databases, resource, allowed) => {
    const asked = request({ permissions: read(resource) });
    expect(judgeAccess([rule({ databases })], asked).allowed).toBe(allowed);
  });

  test('none when it names none', () => {
    const { databases: _, actions: __, ...bare } = rule({ managementTokens: 'Allow' });
    expect(judgeAccess([bare], request()).allowed).toBe(false);
  });

  test('only for the actions that it names', () => {
    const asked = request({ permissions: [...read('sensors'), { action: 'write', resource: 'sensors' }] });
    expect(message([rule({ actions: ['read'] })], asked)).toMatch(/does not allow write on sensors/);
    expect(judgeAccess([rule()], asked).allowed).toBe(true);
  });
});

test('one rule must allow the whole token: two halves make no whole', () => {
  const rules = [rule({ name: 'one', databases: ['a'] }), rule({ name: 'two', databases: ['b', 'c'] })];
  const asked = request({ permissions: read('a', 'b', 'c') });
  expect(message(rules, asked)).toMatch(/Closest is "two", which does not allow read on a;/);
});

test('the message lists five of what is missing, and counts the rest', () => {
  const asked = request({ permissions: read('1', '2', '3', '4', '5', '6', '7', '*') });
  expect(message([rule()], asked)).toMatch(/read on 1, read on 2, read on 3, read on 4, read on 5 and 3 more;/);
  expect(message([rule()], request({ permissions: read('*') }))).toMatch(/read on every database \("\*"\)/);
});

describe('a management token is root', () => {
  const asked = request({ kind: 'ManagementToken', permissions: [] });

  test('so it takes a rule that says Allow and names the namespace', () => {
    expect(judgeAccess([rule({ managementTokens: 'Allow' })], asked).allowed).toBe(true);
    expect(judgeAccess([rule({ managementTokens: 'Deny' })], asked).allowed).toBe(false);
    expect(message([rule()], asked)).toMatch(/does not allow ManagementTokens/);
  });

  test('so no label lets a namespace in, for it might have put that on itself', () => {
    const namespaces = { selector: { matchLabels: { team: 'a' } } };
    const labelled = { ...asked, namespaceLabels: { team: 'a' } };
    expect(judgeAccess([rule({ managementTokens: 'Allow', namespaces })], labelled).allowed).toBe(false);
  });

  test('so databases and actions do not open the way to it', () => {
    expect(judgeAccess([rule({ databases: ['*'] })], asked).allowed).toBe(false);
  });
});

describe('ceilings', () => {
  test('a token must end, and soon enough, where there is a maxLifetime', () => {
    const capped = [rule({ maxLifetime: '24h' })];
    expect(message(capped, request())).toMatch(/does not expire.*"team-a" sets maxLifetime 24h/);
    expect(message(capped, request({ lifetime: DAY + 1 }))).toMatch(/would live longer/);
    expect(judgeAccess(capped, request({ lifetime: DAY })).allowed).toBe(true);
  });

  test('a namespace may have so many tokens, the oldest objects first; 100 when nothing is said', () => {
    expect(judgeAccess([rule({ maxTokens: 2 })], request({ rank: 1 })).allowed).toBe(true);
    expect(message([rule({ maxTokens: 2 })], request({ rank: 2 }))).toMatch(/allows 2 tokens a namespace/);
    expect(judgeAccess([rule()], request({ rank: 99 })).allowed).toBe(true);
    expect(judgeAccess([rule()], request({ rank: 100 })).allowed).toBe(false);
  });

  test('are marked as such, because a token that stands is not withdrawn for them', () => {
    expect(judgeAccess([rule({ maxLifetime: '1h' })], request())).toMatchObject({ ceiling: true });
    expect(judgeAccess([rule({ maxTokens: 1 })], request({ rank: 1 }))).toMatchObject({ ceiling: true });
    expect(judgeAccess([], request())).not.toHaveProperty('ceiling');
  });

  test('are those of the first rule that allows the token: they take no part in the choice', () => {
    const rules = [rule({ name: 'tight', maxLifetime: '1h' }), rule({ name: 'loose' })];
    expect(message(rules, request({ lifetime: 2 * HOUR }))).toMatch(/"tight" sets maxLifetime 1h/);
    expect(judgeAccess(rules.toReversed(), request({ lifetime: 2 * HOUR })).allowed).toBe(true);
  });
});

describe('whatever the rules', () => {
  const databases = fc.uniqueArray(fc.constantFrom('a', 'b', 'ab', 'a*', 'ab*', '*'), { maxLength: 3 });
  const names = fc.uniqueArray(fc.constantFrom('metrics', 'other'), { maxLength: 2 });
  const rules = fc.array(
    fc
      .record({
        databases,
        actions: fc.uniqueArray(fc.constantFrom('read' as const, 'write' as const), { maxLength: 2 }),
        managementTokens: fc.constantFrom('Allow' as const, 'Deny' as const),
        names,
        team: fc.constantFrom('a', 'b', undefined),
      })
      .map(({ names, team, ...rest }) =>
        rule({
          ...rest,
          namespaces: { names, ...(team === undefined ? {} : { selector: { matchLabels: { team } } }) },
        }),
      ),
    { maxLength: 4 },
  );
  const permission = fc.record({
    action: fc.constantFrom('read' as const, 'write' as const),
    resource: fc.constantFrom('a', 'b', 'ab', 'abc', '*'),
  });
  const requests = fc
    .record({
      kind: fc.constantFrom('DatabaseToken' as const, 'ManagementToken' as const),
      namespace: fc.constantFrom('metrics', 'other'),
      namespaceLabels: fc.constantFrom({}, { team: 'a' }, { team: 'b' }),
      permissions: fc.array(permission, { minLength: 1, maxLength: 4 }),
    })
    .map(request);

  test('nothing is allowed that no rule allows by itself', () => {
    fc.assert(
      fc.property(rules, requests, (all, asked) => {
        const alone = all.some((one) => judgeAccess([one], asked).allowed);
        expect(judgeAccess(all, asked).allowed).toBe(alone);
      }),
    );
  });

  test('what is allowed is named word for word, in one rule', () => {
    const covers = (pattern: string, resource: string): boolean =>
      pattern === resource || (resource !== '*' && pattern.endsWith('*') && resource.startsWith(pattern.slice(0, -1)));
    fc.assert(
      fc.property(rules, requests, (all, asked) => {
        fc.pre(asked.kind === 'DatabaseToken');
        const granted = all.some(
          ({ namespaces, databases = [], actions = [] }) =>
            (namespaces.names?.includes(asked.namespace) === true ||
              (namespaces.selector !== undefined &&
                namespaces.selector.matchLabels?.['team'] === asked.namespaceLabels['team'])) &&
            asked.permissions.every(
              ({ action, resource }) =>
                actions.includes(action) && databases.some((pattern) => covers(pattern, resource)),
            ),
        );
        expect(judgeAccess(all, asked).allowed).toBe(granted);
      }),
    );
  });

  test('without ceilings, removing a rule never allows more, and asking for less never less', () => {
    fc.assert(
      fc.property(rules, requests, fc.nat(3), (all, asked, at) => {
        const fewer = all.filter((_, index) => index !== at);
        const less = { ...asked, permissions: asked.permissions.filter((_, index) => index !== at) };
        const allowed = judgeAccess(all, asked).allowed;
        expect(judgeAccess(fewer, asked).allowed && !allowed).toBe(false);
        expect(allowed && !judgeAccess(all, less).allowed).toBe(false);
      }),
    );
  });

  test('a refusal is one line that ends in what to do', () => {
    fc.assert(
      fc.property(rules, requests, (all, asked) => {
        expect(message(all, asked)).toMatch(/^(allowed|[A-Z][^\n]*extend spec\.access of the InfluxDBCluster\.)$/);
      }),
    );
  });
});
