import { expect, test } from '@jest/globals';
import { formatBindAddress, parseBindAddress } from './address.ts';

test.each([
  [':8080', { port: 8080 }],
  ['127.0.0.1:8080', { host: '127.0.0.1', port: 8080 }],
  ['[::1]:8080', { host: '::1', port: 8080 }],
  ['[fe80::1%eth0]:8080', { host: 'fe80::1%eth0', port: 8080 }],
  ['localhost:8080', { host: 'localhost', port: 8080 }],
  [':0', { port: 0 }],
  [':65535', { port: 65_535 }],
])('%s is understood, and written the same way again', (text, address) => {
  expect(parseBindAddress(text)).toEqual(address);
  expect(formatBindAddress(address)).toBe(text);
});

test('"0" means no server', () => {
  expect(parseBindAddress('0')).toBeUndefined();
});

test.each(['', '8080', ':', ':65536', '::1:8080', '[::1]', 'host:', 'http://host:80', ':80 ', ':-1', '[host]:80'])(
  '%j is refused with what to write instead',
  (text) => {
    expect(() => parseBindAddress(text)).toThrow(
      `${JSON.stringify(text)} is not an address: write ":8080", "127.0.0.1:8080" or "[::1]:8080", or "0" for none`,
    );
  },
);
