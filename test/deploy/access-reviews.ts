// Asks the API server's authorizer who may do what.

import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';

/** What somebody wants to do. */
export interface Access {
  readonly verb: string;
  /** As in RBAC: `databasetokens`, `databasetokens/status`, `leases.coordination.k8s.io`; with a name after a space, `leases.coordination.k8s.io other`. */
  readonly resource: string;
  /** Empty for cluster-scoped objects, and for all namespaces. */
  readonly namespace: string;
}

/** Who asks. */
export interface Subject {
  readonly user: string;
  readonly groups?: readonly string[];
}

/** Which of these are allowed, in one request to kubectl. */
export async function allowed(
  controlPlane: ControlPlaneClient,
  subject: Subject,
  wanted: readonly Access[],
): Promise<readonly Access[]> {
  const items = wanted.map((access) => ({
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { ...subject, resourceAttributes: attributes(access) },
  }));
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const output = '--output=jsonpath={.status.allowed}{"\\n"}';
  const { code, stdout, stderr } = await controlPlane.kubectl(['create', output, '--filename=-'], { input });
  const answers = stdout.trimEnd().split('\n');
  if (code !== 0 || answers.length !== wanted.length) throw new Error(`not every review was answered: ${stderr}`);
  return wanted.filter((_, index) => answers[index] === 'true');
}

function attributes({ verb, resource, namespace }: Access): Record<string, string> {
  const [, plural = '', subresource = '', group = '', name = ''] =
    /^([a-z]+)(?:\/([a-z]+))?(?:\.([a-z0-9.]+))?(?: (\S+))?$/.exec(resource) ?? [];
  return { verb, group, resource: plural, subresource, namespace, name };
}
