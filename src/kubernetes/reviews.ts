// Asks the API server who the bearer of a token is and what that user may do, as Kubernetes' own components ask for their pages.

import type { KubernetesClient } from './client.ts';

/** Whether somebody may get a page: `stranger` when the API server does not know the token. */
export type Admission = 'allowed' | 'stranger' | 'forbidden';

interface User {
  readonly username?: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

const TIMEOUT = 3_000;

/**
 * Whether the bearer of a token may `get` a non-resource URL such as `/metrics`. Throws a `KubernetesError` when there is no answer.
 * It takes the rights to create tokenreviews and subjectaccessreviews.
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication)
 */
export async function reviewBearer(client: KubernetesClient, token: string, path: string): Promise<Admission> {
  const { status: authentication } = await client.request<{
    status?: { authenticated?: boolean; user?: User };
  }>({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
    timeout: TIMEOUT,
  });
  if (authentication?.authenticated !== true || !authentication.user?.username) return 'stranger';
  const { username, uid, groups, extra } = authentication.user;
  const { status: authorization } = await client.request<{ status?: { allowed?: boolean } }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: username, uid, groups, extra, nonResourceAttributes: { path, verb: 'get' } },
    },
    timeout: TIMEOUT,
  });
  return authorization?.allowed === true ? 'allowed' : 'forbidden';
}
