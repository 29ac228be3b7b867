import { beforeAll, describe, expect, test } from '@jest/globals';

import { CertificateAuthority } from '../../test/certificates.ts';
import { tlsOptions } from './tls.ts';

let certificate: string;

beforeAll(async () => {
  ({ certificate } = await CertificateAuthority.create('a test'));
});

describe('tlsOptions', () => {
  test('without a bundle the roots of the system hold', () => {
    expect(tlsOptions({})).toEqual({ minVersion: 'TLSv1.2', rejectUnauthorized: true });
  });

  test('a bundle takes the place of the roots; text around the certificates is passed over', () => {
    const bundle = `# our authority\r\n${certificate}\n# and again\n${certificate}`;
    expect(tlsOptions({ caBundle: bundle }).ca).toHaveLength(2);
  });

  test('verification is off only when that is asked for', () => {
    expect(tlsOptions({ insecureSkipVerify: true }).rejectUnauthorized).toBe(false);
    expect(tlsOptions({ insecureSkipVerify: false }).rejectUnauthorized).toBe(true);
  });

  test.each([
    ['an empty bundle', () => '', 'the CA bundle holds no PEM certificate'],
    ['base64 that was not decoded', () => btoa(certificate), 'the CA bundle holds no PEM certificate'],
    [
      'a private key',
      () => certificate.replaceAll('CERTIFICATE', 'PRIVATE KEY'),
      'the CA bundle holds no PEM certificate',
    ],
    [
      'a certificate with a missing line',
      () => certificate.replace(/\n.+\n/, '\n'),
      'certificate 1 of the CA bundle cannot be read',
    ],
  ])('refuses %s, rather than trusting nobody in silence', (_, bundle, message) => {
    expect(() => tlsOptions({ caBundle: bundle() })).toThrow(message);
  });
});
