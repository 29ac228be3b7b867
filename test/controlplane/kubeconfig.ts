// The text of a kubeconfig: JSON, which every reader of YAML understands.

import type { IssuedCertificate } from '../certificates.ts';

/** As whom to connect: with a client certificate, or with a bearer token. */
export type Credentials = IssuedCertificate | { readonly token: string };

/** A kubeconfig with one server, one user and one context, nothing of it in other files. */
export function kubeconfigText(server: string, authority: string, credentials: Credentials): string {
  const user =
    'token' in credentials
      ? { token: credentials.token }
      : {
          'client-certificate-data': base64(credentials.certificate),
          'client-key-data': base64(credentials.key),
        };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
