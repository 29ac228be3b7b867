import { describe, expect, test } from '@jest/globals';
import { proxyFor } from './proxy.ts';

const HTTPS_PROXY = 'http://proxy.example.com:3128';

describe('proxyFor', () => {
  test('there is no proxy unless the environment names one', () => {
    expect(proxyFor(new URL('https://api.example.com'), {})).toBeUndefined();
    expect(proxyFor(new URL('https://api.example.com'), { HTTPS_PROXY: '' })).toBeUndefined();
    expect(proxyFor(new URL('https://api.example.com'), { HTTP_PROXY: HTTPS_PROXY })).toBeUndefined();
  });

  test('the scheme of the server chooses the variable, in either case of letters', () => {
    expect(proxyFor(new URL('https://api.example.com'), { HTTPS_PROXY })).toBe(HTTPS_PROXY);
    expect(proxyFor(new URL('https://api.example.com'), { https_proxy: HTTPS_PROXY })).toBe(HTTPS_PROXY);
    expect(proxyFor(new URL('http://api.example.com'), { HTTP_PROXY: HTTPS_PROXY })).toBe(HTTPS_PROXY);
  });

  test('a proxy without a scheme is taken for HTTP', () => {
    expect(proxyFor(new URL('https://api.example.com'), { HTTPS_PROXY: 'proxy:3128' })).toBe('http://proxy:3128');
  });

  test.each([
    ['*', 'https://api.example.com'],
    ['example.com', 'https://example.com'],
    ['example.com', 'https://api.example.com'],
    ['.example.com', 'https://api.example.com'],
    ['*.example.com', 'https://api.example.com'],
    ['other, EXAMPLE.com ', 'https://api.example.com'],
    ['api.example.com:6443', 'https://api.example.com:6443'],
    ['10.96.0.1', 'https://10.96.0.1'],
    ['10.0.0.0/8', 'https://10.96.0.1:443'],
    ['fd00::/8', 'https://[fd00::1]'],
    ['[fd00::1]:443', 'https://[fd00::1]'],
    ['', 'https://localhost:6443'],
    ['', 'https://127.0.0.1:6443'],
    ['', 'https://[::1]:6443'],
  ])('NO_PROXY "%s" exempts %s', (noProxy, server) => {
    expect(proxyFor(new URL(server), { HTTPS_PROXY, NO_PROXY: noProxy })).toBeUndefined();
  });

  test.each([
    ['.example.com', 'https://example.com'],
    ['example.com', 'https://notexample.com'],
    ['api.example.com:443', 'https://api.example.com:6443'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['10.0.0.0/8', 'https://api.example.com'],
    ['10.0.0.0/99', 'https://10.0.0.1'],
    ['nonsense/8', 'https://10.0.0.1'],
    ['0.0.1', 'https://10.0.0.1'],
  ])('NO_PROXY "%s" does not exempt %s', (noProxy, server) => {
    expect(proxyFor(new URL(server), { HTTPS_PROXY, NO_PROXY: noProxy })).toBe(HTTPS_PROXY);
  });
});
