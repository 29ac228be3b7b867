import { X509Certificate, createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { connect, createServer } from 'node:tls';

import { describe, expect, test } from '@jest/globals';

import { CertificateAuthority } from '../certificates.ts';

describe('certificates of the tests', () => {
  test('a certificate is signed by its authority, for its names, and belongs to its key', async () => {
    const authority = await CertificateAuthority.create('an authority');
    const issued = await authority.issue({
      commonName: 'it',
      hosts: ['a.example', '127.0.0.1', '::1'],
      usage: 'server',
    });
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.checkIssued(new X509Certificate(authority.certificate))).toBe(true);
    expect(certificate.checkHost('a.example')).toBe('a.example');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkIP('::1')).toBe('::1');
    expect(certificate.checkPrivateKey(createPrivateKey(issued.key))).toBe(true);
  });

  test('user and groups stand in the subject as they were given, quotes included', async () => {
    const authority = await CertificateAuthority.create('an authority');
    const issued = await authority.issue({
      commonName: 'a "b"',
      organizations: ['system:masters', 'x'],
      usage: 'client',
    });
    expect(new X509Certificate(issued.certificate).toLegacyObject().subject).toEqual({
      O: ['system:masters', 'x'],
      CN: 'a "b"',
    });
  });

  test('an authority carried to another process issues in the same name', async () => {
    const authority = await CertificateAuthority.create('an authority');
    const copy = await CertificateAuthority.fromPem(await authority.toPem());
    const issued = await copy.issue({ commonName: 'it', usage: 'client' });
    expect(copy.certificate).toBe(authority.certificate);
    expect(new X509Certificate(issued.certificate).verify(new X509Certificate(authority.certificate).publicKey)).toBe(
      true,
    );
  });

  test('server and client authenticate one another over TLS', async () => {
    const authority = await CertificateAuthority.create('an authority');
    const [server, client] = await Promise.all([
      authority.issue({ commonName: 'server', hosts: ['127.0.0.1'], usage: 'server' }),
      authority.issue({ commonName: 'client', usage: 'client' }),
    ]);
    const ca = authority.certificate;
    const listener = createServer(
      { ca, cert: server.certificate, key: server.key, requestCert: true, rejectUnauthorized: true },
      (peer) => peer.end(String(peer.getPeerCertificate().subject.CN)),
    );
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    try {
      const address = listener.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      const socket = connect({ host: '127.0.0.1', port, ca, cert: client.certificate, key: client.key });
      expect(await text(socket)).toBe('client');
      expect(socket.authorized).toBe(true);
    } finally {
      listener.close();
    }
  });
});
