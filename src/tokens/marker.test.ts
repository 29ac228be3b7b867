import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';

import { isOurs, markDescription, parseMarker } from './marker.ts';

const marker = fc.record({
  installation: fc.stringMatching(/^[a-z0-9-]{1,63}$/),
  uid: fc.uuid(),
  attempt: fc.stringMatching(/^[0-9a-f]{16}$/),
});
const mine = { installation: 'cafe0123', uid: '0-a', attempt: '0123456789abcdef' };

test('a marker is read as it was written, whatever stands in front of it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('Датчики 🦔')), marker, (text, one) => {
      expect(parseMarker(markDescription(text, one))).toEqual(one);
    }),
  );
});

test('the last marker counts: nobody becomes the owner by writing one in front', () => {
  const forged = markDescription(markDescription('x', { ...mine, uid: 'victim' }), mine);
  expect(isOurs(forged, 'cafe0123', 'victim')).toBe(false);
  expect(isOurs(forged, 'cafe0123', '0-a')).toBe(true);
});

test.each([
  ['nothing', ''],
  ['text after it', `${markDescription('x', mine)} and more`],
  ['a line break after it', `${markDescription('x', mine)}\n`],
  ['text right in front of it', `x${markDescription('', mine).trim()}`],
  ['an attempt that is too short', 'x [influxtokens cafe0123/0-a/0123]'],
  ['an attempt in capitals', 'x [influxtokens cafe0123/0-a/0123456789ABCDEF]'],
  ['no installation', 'x [influxtokens /0-a/0123456789abcdef]'],
  ['another word', 'x [influxtoken cafe0123/0-a/0123456789abcdef]'],
])('%s makes no marker', (_, description) => {
  expect(parseMarker(description)).toBeUndefined();
});

test('a token of another installation or object is not ours', () => {
  const description = markDescription('x', mine);
  expect(isOurs(description, 'cafe0123', '0-a')).toBe(true);
  expect(isOurs(description, 'cafe012', '0-a')).toBe(false);
  expect(isOurs(description, 'cafe0123', '0-b')).toBe(false);
});
