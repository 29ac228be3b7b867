// How a held inventory is told.

import { rfc3339, type Condition } from '../resources/conditions.ts';
import { REQUESTS } from '../resources/group.ts';
import type { Held } from './sweeper.ts';

/** What is the case and what to do. */
export function heldMessage({ gone, ours }: Held): string {
  return `${gone} of ${ours} live tokens of this installation belong to objects that are gone; that is more than the brake lets pass, so none of them was revoked. If that is right, annotate this InfluxDBCluster with ${REQUESTS.releaseInventory}: <any new value>.`;
}

/** The condition `InventoryHeld`, which an InfluxDBCluster carries while the brake holds. */
export function heldCondition(held: Held, before: readonly Condition[], generation: number, now: number): Condition {
  const old = before.find(({ type }) => type === 'InventoryHeld');
  return {
    type: 'InventoryHeld',
    status: 'True',
    reason: 'TooManyOrphans',
    message: heldMessage(held),
    observedGeneration: generation,
    lastTransitionTime: old?.lastTransitionTime ?? rfc3339(now),
  };
}
