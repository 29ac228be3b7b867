import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { glimpseVersion } from './raw-object.ts';

function line(type: string, metadata: object): string {
  return JSON.stringify({ type, object: { metadata } });
}

describe('a glimpse of the version', () => {
  test.each(['ADDED', 'MODIFIED'])('is had of an object that was %s', (type) => {
    expect(glimpseVersion(line(type, { name: 'a', resourceVersion: '12', uid: 'u' }))).toBe('12');
  });

  test.each(['DELETED', 'BOOKMARK', 'ERROR'])('is not had of an event %s, which means something else', (type) => {
    expect(glimpseVersion(line(type, { resourceVersion: '12' }))).toBeUndefined();
  });

  test('is not had of nonsense', () => {
    expect(glimpseVersion('{"type":"ADDED","object":{}}')).toBeUndefined();
    expect(glimpseVersion('null')).toBeUndefined();
  });

  test('is never that of an annotation or of anything else that a tenant wrote', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.constantFrom('resourceVersion', '"resourceVersion":"7"', ',"resourceVersion":"7'),
    );
    const annotations = fc.dictionary(texts, texts, { noNullPrototype: true });
    fc.assert(
      fc.property(annotations, fc.bigInt({ min: 1n }), texts, (given, version, text) => {
        const glimpsed = glimpseVersion(line('ADDED', { annotations: given, resourceVersion: `${version}`, text }));
        expect(glimpsed).toBe('resourceVersion' in given ? undefined : `${version}`);
      }),
    );
  });
});
