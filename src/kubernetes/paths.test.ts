import { describe, expect, test } from '@jest/globals';
import { resourcePath } from './paths.ts';

describe('resourcePath', () => {
  test.each([
    ['a core collection', { group: '', version: 'v1', plural: 'secrets' }, '/api/v1/secrets'],
    [
      'a core object in a namespace',
      { group: '', version: 'v1', plural: 'secrets', namespace: 'a', name: 'b' },
      '/api/v1/namespaces/a/secrets/b',
    ],
    [
      'a subresource of a custom resource',
      { group: 'example.com', version: 'v1', plural: 'things', namespace: 'a', name: 'b', subresource: 'status' },
      '/apis/example.com/v1/namespaces/a/things/b/status',
    ],
    [
      'a namespace itself, which is cluster-scoped',
      { group: '', version: 'v1', plural: 'namespaces', name: 'a' },
      '/api/v1/namespaces/a',
    ],
  ])('addresses %s', (_, address, path) => {
    expect(resourcePath(address)).toBe(path);
  });

  test('a name cannot leave its place', () => {
    const name = '../../secrets?x#y';
    expect(resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace: 'a', name })).toBe(
      '/api/v1/namespaces/a/secrets/..%2F..%2Fsecrets%3Fx%23y',
    );
  });

  test.each(['', '.', '..'])('"%s" is refused as a name', (name) => {
    expect(() => resourcePath({ group: '', version: 'v1', plural: 'secrets', namespace: 'a', name })).toThrow(
      TypeError,
    );
  });
});
