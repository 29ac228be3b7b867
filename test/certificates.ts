// A certificate authority of a test's own, so that every connection in the tests is real TLS, verified by both sides.

import 'reflect-metadata'; // @peculiar/x509 stands on tsyringe, which throws at import without it.
import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  X509Certificate,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hour = 3_600_000;

/** Whom a certificate is for. `hosts` are DNS names or IP addresses; a client's identity at Kubernetes is `commonName` (user) and `organizations` (groups). */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly hosts?: readonly string[];
  readonly usage: 'server' | 'client';
}

/** A certificate and its private key (PKCS #8), both PEM. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Issues ECDSA P-256 certificates, valid from an hour ago for a day: longer than any test run, and forgiving of clocks. */
export class CertificateAuthority {
  /** The authority's own certificate, PEM: what a peer must trust. */
  readonly certificate: string;
  readonly #authority: X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(authority: X509Certificate, key: webcrypto.CryptoKey) {
    this.certificate = authority.toString('pem');
    this.#authority = authority;
    this.#key = key;
  }

  /** Makes a new authority with a key of its own; `name` is its common name. */
  static async create(name: string): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const authority = await X509CertificateGenerator.createSelfSigned({
      ...validity(),
      name: distinguishedName(name),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    });
    return new CertificateAuthority(authority, keys.privateKey);
  }

  /** The authority that `toPem` described: for another process that is to issue in its name. */
  static async fromPem({ certificate, key }: IssuedCertificate): Promise<CertificateAuthority> {
    const authority = new X509Certificate(certificate);
    const privateKey = await webcrypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), algorithm, true, [
      'sign',
    ]);
    return new CertificateAuthority(authority, privateKey);
  }

  /** The authority itself, private key included. */
  async toPem(): Promise<IssuedCertificate> {
    return { certificate: this.certificate, key: await privateKeyPem(this.#key) };
  }

  /** Issues a certificate with a new key. */
  async issue(request: CertificateRequest): Promise<IssuedCertificate> {
    const { commonName, organizations = [], hosts = [], usage } = request;
    const keys = await generateKeys();
    const certificate = await X509CertificateGenerator.create({
      ...validity(),
      subject: distinguishedName(commonName, organizations),
      issuer: this.#authority.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth]),
        ...(hosts.length === 0 ? [] : [new SubjectAlternativeNameExtension(hosts.map(generalName))]),
      ],
    });
    return { certificate: certificate.toString('pem'), key: await privateKeyPem(keys.privateKey) };
  }
}

/** A new ECDSA P-256 key pair, PEM: for signing what is not a certificate, such as service account tokens. */
export async function createKeyPair(): Promise<{ publicKey: string; privateKey: string }> {
  const keys = await generateKeys();
  return {
    publicKey: PemConverter.encode(await webcrypto.subtle.exportKey('spki', keys.publicKey), 'PUBLIC KEY'),
    privateKey: await privateKeyPem(keys.privateKey),
  };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

function validity(): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now();
  // Positive and without leading zeros, as RFC 5280 wants serial numbers.
  const serialNumber = `01${randomBytes(15).toString('hex')}`;
  return { serialNumber, notBefore: new Date(now - hour), notAfter: new Date(now + 24 * hour) };
}

/** Spelled out as UTF-8, because in plain strings the library would look for quoting. */
function distinguishedName(commonName: string, organizations: readonly string[] = []): Name {
  return new Name([
    ...organizations.map((organization) => ({ O: [{ utf8String: organization }] })),
    { CN: [{ utf8String: commonName }] },
  ]);
}

function generalName(host: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(host) === 0 ? 'dns' : 'ip', value: host };
}
