import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseDuration } from './duration.ts';
import * as rules from './rules.ts';
import { matches, matchesNot, text, withRules } from './schema.ts';

/** Texts of all kinds, many of them near to what is right. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...Array.from('aZ09-._/:*@ \n\t\u2028é')), maxLength: 12 }),
);

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: string): boolean =>
  schema.safeParse(value).success;

describe('a text that is accepted', () => {
  test('as a duration can be read, and as a positive one is more than nothing', () => {
    const term = fc.tuple(
      fc.constantFrom(0, 1, 90, 99_999, 100_000, 1.5),
      fc.constantFrom('h', 'm', 's', 'ms', 'd', ''),
    );
    const terms = fc.array(term, { minLength: 1, maxLength: 5 }).map((some) => some.flat().join(''));
    fc.assert(
      fc.property(terms, (value) => {
        fc.pre(accepts(rules.duration, value));
        expect(parseDuration(value)).toBeGreaterThanOrEqual(0);
        expect(accepts(rules.positiveDuration, value)).toBe(parseDuration(value) > 0);
      }),
    );
  });

  test('as one line has none of the characters that end a line or move a cursor', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const ends = Array.from(value).some((character) => {
          const code = character.codePointAt(0) ?? 0;
          return code < 0x20 || (0x7f <= code && code < 0xa0) || code === 0x2028 || code === 0x2029;
        });
        expect(rules.oneLine.check(value)).toBe(!ends);
      }),
    );
  });

  test('as a URL of a server is one, without anything that could hide a credential or redirect a path', () => {
    const ends = ['/', '//', '/%2f', '/-', ':8443', ':0', '?', '#', '@', '\\', '.', ''];
    const url = fc
      .tuple(
        fc.constantFrom('https://', 'http://', 'HTTPS://', 'ftp://'),
        fc.constantFrom('a', 'a.b', 'a.', '1.2.3.4', '1.2.3', '0x7f', '[::1]', '[', '-a', '', 'a@b', 'a:b@c'),
        fc.array(fc.constantFrom(...ends), { maxLength: 3 }),
      )
      .map((parts) => parts.flat().join(''));
    fc.assert(
      fc.property(url, (value) => {
        fc.pre(accepts(rules.serverUrl, value));
        const { protocol, username, password, search, hash, host } = new URL(value);
        expect(['https:', 'http:']).toContain(protocol);
        expect([username, password, search, hash]).toEqual(['', '', '', '']);
        expect(host).not.toBe('');
      }),
    );
  });

  test('as a key of a Secret is one for Kubernetes', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const forKubernetes = /^[-._a-zA-Z0-9]{1,253}$/.test(value) && value !== '.' && !value.startsWith('..');
        expect(accepts(rules.dataKey, value)).toBe(forKubernetes);
      }),
    );
  });

  test('as the name of an object holds nothing that means something in a path', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        fc.pre(accepts(rules.objectName, value));
        expect(value).toMatch(/^[a-z0-9]+([-.]+[a-z0-9]+)*$/);
        expect(accepts(rules.dnsLabel, value)).toBe(!value.includes('.'));
      }),
    );
  });
});

describe('a rule', () => {
  test('says in CEL what it does in TypeScript', () => {
    const rule = matches('^a+$', 'must be some a');
    expect(rule.cel).toBe("self.matches(r'^a+$')");
    expect(rule.check('aa')).toBe(true);
    expect(rule.check('aa\n')).toBe(false);
    const opposite = matchesNot('^a+$', 'must be something else');
    expect(opposite.cel).toBe("!self.matches(r'^a+$')");
    expect(opposite.check('aa')).toBe(false);
  });

  test('is added to those that a schema has', () => {
    const schema = withRules(withRules(text(5), [matches('^a', 'one')]), [matches('b$', 'two')]);
    expect(schema.meta()).toMatchObject({
      maxLength: 5,
      'x-kubernetes-validations': [{ message: 'one' }, { message: 'two' }],
    });
    expect(schema.safeParse('x').error?.issues.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  test('with a quote in its pattern is a mistake of ours', () => {
    expect(() => matches("'", 'must be a quote')).toThrow(/raw string/);
  });
});

test('lengths are counted in characters, as the API server does', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'é', '📈', '\u0301'), { maxLength: 8 }), (characters) => {
      expect(accepts(text(4, 0), characters.join(''))).toBe(characters.length <= 4);
    }),
  );
});
