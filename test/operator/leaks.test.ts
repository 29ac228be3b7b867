import { expect, test } from '@jest/globals';
import { LeakDetector } from './leaks.ts';

const SECRET = `apiv1_c0ffee5ec4e7c0ffee${'0123456789abcdef'.repeat(4)}`;

test.each([
  ['the whole', `{"msg":"got ${SECRET}"}`],
  ['its first half', SECRET.slice(0, 30)],
  ['sixteen characters of its middle', `x ${SECRET.slice(30, 46)} y`],
  ['what a Secret holds', Buffer.from(SECRET).toString('base64')],
  ['half of what a Secret holds', Buffer.from(SECRET).toString('base64').slice(20, 60)],
])('a leak is found: %s', (_, text) => {
  const detector = new LeakDetector();
  detector.add('the secret', SECRET);
  expect(detector.find(`first\n${text}\nlast`)).toEqual(['line 2 holds a part of the secret']);
});

test('what only looks like a secret is no leak', () => {
  const detector = new LeakDetector();
  detector.add('the secret', SECRET);
  expect(detector.find(`apiv1_${'0'.repeat(128)} sha256:${'fedcba9876543210'.repeat(4)} c0ffee5ec4`)).toEqual([]);
});
