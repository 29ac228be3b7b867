// The raw loop's work for one token: the five requests that the operator's protocol takes, and nothing that makes them safe.

import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseToken } from '../../../src/resources/database-token.ts';
import { API_VERSION, FINALIZER, MANAGED_LABEL } from '../../../src/resources/group.ts';
import { LEDGER } from '../../../src/tokens/ledger.ts';
import type { Endpoint } from '../endpoint.ts';
import { PERMISSIONS, secretPath, tokenPath } from '../objects.ts';

const FIELD_MANAGER = 'fieldManager=influxdb-token-operator';
/** Stands where the operator has its installation, the layout of the Secret, and the UID of the InfluxDBCluster, in their length. */
const INSTALLATION = '0123456789abcdef';
const CLUSTER_UID = '00000000-0000-4000-8000-000000000000';

/** The servers that a token is made of. */
export interface Servers {
  readonly kubernetes: Endpoint;
  readonly influxDB: Endpoint;
}

/** Issues the token that an object asks for: finalizer, dry run, token, Secret, status, in sequence. */
export async function issue({ kubernetes, influxDB }: Servers, object: DatabaseToken): Promise<void> {
  const { name, namespace, uid, resourceVersion, generation } = object.metadata;
  await kubernetes.ask({
    method: 'PATCH',
    path: `${tokenPath(namespace, name)}?${FIELD_MANAGER}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { uid, resourceVersion, finalizers: [FINALIZER] } },
  });

  const attempt = randomBytes(8).toString('hex');
  const issuedAt = `${new Date().toISOString().slice(0, 19)}Z`;
  const ledger = { object, attempt, issuedAt };
  await kubernetes.ask({
    method: 'POST',
    path: `${secretPath(namespace)}?dryRun=All&${FIELD_MANAGER}`,
    body: secret({ ...ledger, id: CLUSTER_UID, string: `apiv1_${'0'.repeat(128)}` }),
  });

  const description = `${namespace}/${name} [influxtokens ${INSTALLATION}/${uid}/${attempt}]`;
  const body = { description, permissions: PERMISSIONS };
  const answer = await influxDB.ask({ method: 'POST', path: '/api/v0/tokens', body });
  const { id, accessToken: string }: { id: string; accessToken: string } = JSON.parse(answer);

  await kubernetes.ask({
    method: 'POST',
    path: `${secretPath(namespace)}?${FIELD_MANAGER}`,
    body: secret({ ...ledger, id, string }),
  });

  const condition = {
    status: 'True',
    reason: 'Issued',
    message: `Token ${id} is in the Secret ${name}.`,
    observedGeneration: generation,
    lastTransitionTime: issuedAt,
  };
  const status = {
    observedGeneration: generation,
    conditions: [
      { type: 'Ready', ...condition },
      { type: 'Synced', ...condition },
    ],
    token: { id, clusterUID: CLUSTER_UID, createdAt: issuedAt },
    secretName: name,
  };
  await kubernetes.ask({
    method: 'PATCH',
    path: `${tokenPath(namespace, name, 'status')}?${FIELD_MANAGER}`,
    contentType: 'application/json-patch+json',
    body: [{ op: 'add', path: '/status', value: status }],
  });
}

interface Content {
  readonly object: DatabaseToken;
  readonly attempt: string;
  readonly issuedAt: string;
  readonly id: string;
  readonly string: string;
}

/** What the operator writes, byte for byte as long. */
function secret({ object, attempt, issuedAt, id, string }: Content): object {
  const { kind, metadata } = object;
  const { name, namespace, uid } = metadata;
  const digest = createHash('sha256').update(`influxtokens.dev/v1\0${id}\0${string}`).digest('hex');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name,
      namespace,
      labels: { [MANAGED_LABEL]: 'true' },
      annotations: {
        [LEDGER.version]: '1',
        [LEDGER.object]: `${kind}/${namespace}/${name}/${uid}`,
        [LEDGER.clusterUID]: CLUSTER_UID,
        [LEDGER.tokenID]: id,
        [LEDGER.attempt]: attempt,
        [LEDGER.issuedAt]: issuedAt,
        [LEDGER.fence]: '1',
        [LEDGER.digest]: `sha256:${digest}`,
        [LEDGER.layout]: INSTALLATION,
      },
      ownerReferences: [{ apiVersion: API_VERSION, kind, name, uid, controller: true, blockOwnerDeletion: true }],
    },
    data: { token: Buffer.from(string).toString('base64') },
  };
}
