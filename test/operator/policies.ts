// Admission policies that stand in the operator's way, in one namespace.

import { FINALIZER } from '../../src/resources/group.ts';
import { waitFor } from '../wait.ts';
import type { Scene } from './scene.ts';

const FINALIZED = JSON.stringify({ metadata: { finalizers: [FINALIZER] } });

/**
 * Forbids an operation on a kind in the namespace of a scene; resolves when the API server follows, which it does with a delay.
 * The result allows it again.
 */
export async function forbid(
  scene: Scene,
  operation: 'CREATE' | 'UPDATE' | 'DELETE',
  resource: 'secrets' | 'databasetokens',
  message: string,
  /** In CEL, what is allowed all the same. */
  unless = 'false',
): Promise<() => Promise<unknown>> {
  const { stage, namespace } = scene;
  const group = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: namespace } };
  await scene.applyOther([
    {
      ...group,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: [operation], resources: [resource] }],
        },
        validations: [{ expression: unless, message }],
      },
    },
    {
      ...group,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: namespace, validationActions: ['Deny'] },
    },
  ]);
  const attempt = {
    CREATE: ['create', 'secret', 'generic', 'attempt'],
    UPDATE: ['patch', 'databasetokens', 'telegraf', '--type=merge', `--patch=${FINALIZED}`],
    DELETE: ['delete', 'databasetokens', '--all'],
  }[operation];
  const refused = async (): Promise<boolean> => {
    const { stderr } = await stage.controlPlane.kubectl([...attempt, `--namespace=${namespace}`, '--dry-run=server']);
    return stderr.includes(message);
  };
  await waitFor(refused, { what: 'the policy to be in force' });
  return () => stage.kubectl('delete', 'validatingadmissionpolicies,validatingadmissionpolicybindings', namespace);
}
