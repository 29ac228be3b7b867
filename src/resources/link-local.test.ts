import { expect, test } from '@jest/globals';
import { isLinkLocal } from './link-local.ts';

test.each([
  ['169.254.169.254', true],
  ['169.254.0.1', true],
  ['[fe80::1]', true],
  ['fe80::1%eth0', true],
  ['febf::1', true],
  ['[fd00:ec2::254]', true],
  ['::ffff:169.254.169.254', true],
  ['[::ffff:a9fe:a9fe]', true],
  ['169.253.255.255', false],
  ['169.255.0.1', false],
  ['10.0.0.1', false],
  ['127.0.0.1', false],
  ['[fec0::1]', false],
  ['[fd00::1]', false],
  ['169.254.169.254.example.com', false],
  ['influxdb.example.com', false],
])('%s is link-local: %s', (host, expected) => {
  expect(isLinkLocal(host)).toBe(expected);
});

test('a URL in which it is one number is known too', () => {
  expect(isLinkLocal(new URL('http://2852039166/').hostname)).toBe(true);
  expect(isLinkLocal(new URL('http://0xa9fea9fe/').hostname)).toBe(true);
});
