// Whom a connection to InfluxDB trusts.

import { X509Certificate } from 'node:crypto';

/** What a cluster's `spec.tls` says. */
export interface TLSSettings {
  /**
   * PEM certificates of the authorities to trust *instead of* the system's, as with every `caBundle` in Kubernetes. Without it Node's own
   * list holds, with what `NODE_EXTRA_CA_CERTS` adds.
   */
  readonly caBundle?: string | undefined;
  /** Trust any certificate for any name. */
  readonly insecureSkipVerify?: boolean | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The settings in the words of `node:tls`. */
export interface TLSOptions {
  readonly minVersion: 'TLSv1.2';
  readonly rejectUnauthorized: boolean;
  readonly ca?: string[];
}

/** Options for `node:tls`. Throws an `Error` with a printable message where the bundle holds no certificate or a broken one. */
export function tlsOptions(settings: TLSSettings): TLSOptions {
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: settings.insecureSkipVerify !== true,
    ...(settings.caBundle === undefined ? {} : { ca: certificates(settings.caBundle) }),
  };
}

/** Checked here because the TLS library passes over what it cannot read, and would then trust nobody without saying why. */
function certificates(bundle: string): string[] {
  const found = bundle.match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new Error('the CA bundle holds no PEM certificate');
  for (const [index, certificate] of found.entries()) {
    try {
      void new X509Certificate(certificate);
    } catch {
      throw new Error(`certificate ${index + 1} of the CA bundle cannot be read`);
    }
  }
  return found;
}
