import { describe, expect, test } from '@jest/globals';

import { layoutOf, type LaidOut } from './layout.ts';

const permissions = [{ action: 'read', resource: 'sensors' }] as const;
const plain: LaidOut = { spec: { permissions }, wanted: { retained: false }, dataURL: 'https://a.example.com' };
const withSecret = (secret: NonNullable<LaidOut['spec']['secret']>): LaidOut => ({
  ...plain,
  spec: { permissions, secret },
});

describe('the layout of a Secret', () => {
  test('is short', () => {
    expect(layoutOf(plain)).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each<[string, LaidOut]>([
    ['a key', withSecret({ keys: { token: 'TOKEN' } })],
    ['a further key', withSecret({ keys: { url: 'URL' } })],
    ['a label', withSecret({ labels: { team: 'a' } })],
    ['an annotation', withSecret({ annotations: { team: 'a' } })],
    ['the owner', { ...plain, wanted: { retained: true } }],
  ])('is another one for %s', (_, other) => {
    expect(layoutOf(other)).not.toBe(layoutOf(plain));
  });

  test('is another one for another value under a key, and the same for one that has no key', () => {
    const moved = { dataURL: 'https://b.example.com' };
    expect(layoutOf({ ...plain, ...moved })).toBe(layoutOf(plain));
    const url = withSecret({ keys: { url: 'URL' } });
    expect(layoutOf({ ...url, ...moved })).not.toBe(layoutOf(url));

    const others = [{ action: 'read', resource: 'another' }] as const;
    expect(layoutOf({ ...plain, spec: { permissions: others } })).toBe(layoutOf(plain));
    const database = withSecret({ keys: { database: 'DB' } });
    expect(layoutOf({ ...database, spec: { ...database.spec, permissions: others } })).not.toBe(layoutOf(database));
  });

  test('is the same in whatever order people write it, and with a default that is written out', () => {
    expect(layoutOf(withSecret({ labels: { a: '1', b: '2' } }))).toBe(
      layoutOf(withSecret({ labels: { b: '2', a: '1' } })),
    );
    expect(layoutOf(withSecret({ keys: { token: 'token' }, labels: {} }))).toBe(layoutOf(plain));
  });

  test('tells labels from annotations', () => {
    expect(layoutOf(withSecret({ labels: { a: '1' } }))).not.toBe(layoutOf(withSecret({ annotations: { a: '1' } })));
  });
});
