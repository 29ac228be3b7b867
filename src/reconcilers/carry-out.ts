// Carries out one step of a plan: one request, and what came of it.

import { IssuerError } from '../influxdb/errors.ts';
import type { TokenIssuer } from '../influxdb/issuer.ts';
import { KubernetesError, type KubernetesClient } from '../kubernetes/client.ts';
import type { Clock } from '../controller/clock.ts';
import { digest } from '../tokens/ledger.ts';
import type { Observed } from '../tokens/observed.ts';
import type { Outcome } from '../tokens/outcome.ts';
import type { Step } from '../tokens/step.ts';
import type { ClusterConnection } from './cluster-connection.ts';
import { tokenRecord } from './records.ts';
import { kubernetesFailure } from './kubernetes-errors.ts';
import { readObject, setFinalizer } from './own-objects.ts';
import type { SecretAccess } from './secret-access.ts';

/** What a step is carried out with. */
export interface Tools {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly secret: SecretAccess;
  /** Absent while there is no way to talk to the cluster; the plan then asks for nothing there. */
  readonly connection: ClusterConnection | undefined;
  /** An inventory that is begun from now on. */
  readonly takeInventory: () => Promise<Outcome>;
  readonly signal: AbortSignal;
}

/** Rejects only when the signal fired; everything else that can happen is an outcome. */
export async function carryOut(step: Step, o: Observed, tools: Tools): Promise<Outcome> {
  tools.signal.throwIfAborted();
  try {
    return await attempt(step, o, tools);
  } catch (error) {
    tools.signal.throwIfAborted();
    if (error instanceof KubernetesError) return { got: 'failure', failure: kubernetesFailure(error) };
    if (error instanceof IssuerError) {
      const { kind, status, retryAfter, advises, message } = error;
      return {
        got: 'failure',
        failure: {
          of: 'issuer',
          kind,
          message,
          advises,
          ...(status === undefined ? {} : { status }),
          ...(retryAfter === undefined ? {} : { retryAfter }),
        },
      };
    }
    throw error;
  }
}

async function attempt(step: Step, o: Observed, tools: Tools): Promise<Outcome> {
  const { client, clock, secret, signal } = tools;
  switch (step.do) {
    case 'addFinalizer':
    case 'removeFinalizer': {
      const object = await setFinalizer(client, o.object, step.do === 'addFinalizer', signal);
      return object === undefined
        ? { got: 'no object' }
        : { got: 'object', object: tokenRecord(o.object.kind)(object) };
    }
    case 'lookAtObject': {
      const object = await readObject(client, o.object, signal);
      return object === undefined
        ? { got: 'no object' }
        : { got: 'object', object: tokenRecord(o.object.kind)(object) };
    }
    case 'lookAtSecret':
      return secret.look();
    case 'rehearse':
      return secret.rehearse(step.into);
    case 'mint':
      return { got: 'created', created: await issuerFor(o, tools).create(step.request, signal) };
    case 'publish': {
      const { pending } = step;
      const { string, info } = pending.created;
      const ledger = { ...step.ledger, digest: digest(info.id, string) };
      return secret.write(pending.base === undefined ? 'create' : { base: pending.base.ledger }, ledger, string);
    }
    case 'rewrite':
      return secret.rewrite(step.from, step.to);
    case 'disown':
      return secret.disown(step.from, o.object.metadata.uid);
    case 'probe': {
      const { pending } = o.memory;
      const inMemory = pending?.created.info.id === step.tokenID ? pending.created.string : undefined;
      const string = inMemory ?? (await secret.string());
      if (string === undefined) return { got: 'conflict' };
      const verdict = await connected(tools).probe(step.target, string, signal);
      return { got: 'probed', tokenID: step.tokenID, verdict };
    }
    case 'lookUp': {
      const at = clock.now();
      const info = await issuerFor(o, tools).get(step.id, signal);
      return { got: 'token', id: step.id, info: info ?? 'gone', at };
    }
    case 'change': {
      const at = clock.now();
      const info = await issuerFor(o, tools).update?.(step.id, step.change, signal);
      return info === undefined ? { got: 'nothing' } : { got: 'token', id: step.id, info, at };
    }
    case 'revoke': {
      const at = clock.now();
      const found = await issuerFor(o, tools).revoke(step.id, signal);
      return found ? { got: 'revoked', id: step.id } : { got: 'token', id: step.id, info: 'gone', at };
    }
    case 'takeInventory':
      return tools.takeInventory();
    case 'deleteSecret':
      return secret.remove(step.uid);
    case 'remember':
      return { got: 'nothing' };
  }
}

function issuerFor({ object }: Observed, tools: Tools): TokenIssuer {
  const issuer = connected(tools).issuers[object.kind];
  if (issuer === undefined) throw new IssuerError('Unavailable', `There is no way to issue a ${object.kind} here.`);
  return issuer;
}

function connected({ connection }: Tools): ClusterConnection {
  if (connection === undefined) throw new IssuerError('Unavailable', 'The InfluxDBCluster is not connected.');
  return connection;
}
