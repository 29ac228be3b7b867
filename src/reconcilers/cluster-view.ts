// What the plan sees of a cluster, for one object.

import { REQUESTS } from '../resources/group.ts';
import type { TokenObject } from '../resources/token-object.ts';
import type { ClusterView } from '../tokens/observed.ts';
import type { ClusterState, Inventory } from './clusters.ts';

/** Projects the state of a cluster onto one object. */
export function clusterView(state: ClusterState, { kind, metadata: { uid } }: TokenObject): ClusterView {
  const { object, spec, connection, inventory } = state;
  const issuer = connection?.issuers[kind];
  const hindrance = state.hindrance ?? connection?.missing[kind];
  const abandon = object.metadata.annotations?.[REQUESTS.abandon];
  const passable =
    hindrance === undefined || hindrance.reason === 'CredentialsMissing' || hindrance.reason === 'InvalidSpec';
  return {
    name: object.metadata.name,
    uid: object.metadata.uid,
    ...(hindrance === undefined ? {} : { hindrance }),
    canRevoke: issuer !== undefined && passable,
    suspended: object.spec.suspend === true,
    ...(abandon === undefined ? {} : { abandon }),
    withdrawal: spec?.accessWithdrawal ?? 'Keep',
    probing: spec?.activationProbe !== 'Disabled',
    changesInPlace: issuer?.update !== undefined,
    clockSkew: issuer?.clockSkew ?? 0,
    ...(inventory === undefined ? {} : { inventory: inventoryOf(inventory, uid) }),
  };
}

/** The part of an inventory that concerns one object. */
export function inventoryOf(
  { begun, finished, knowsUs, byUID }: Inventory,
  uid: string,
): NonNullable<ClusterView['inventory']> {
  return { begun, finished, knowsUs, tokens: byUID.get(uid) ?? [] };
}
