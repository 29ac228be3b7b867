// The inventory of the cluster reconciler: list the tokens, read Kubernetes live, and let go of tokens whose object is gone.

import { brakeHolds, namedAt, tokensOfGoneObjects } from '../../src/tokens/inventory.ts';
import type { TokenInfo } from '../../src/influxdb/issuer.ts';
import { getToken, listTokens, revokeToken } from './influxdb.ts';
import { knownTokens } from './process.ts';
import { ledgerOf, markerOf } from './readings.ts';
import { INSTALLATION, type Request, type World } from './world.ts';

/** A list is asked for; `finishListing` brings its answer. */
export function beginSweep(w: World, p: number): string {
  const process = w.processes[p]!;
  process.listing = {
    process: p,
    name: '',
    uid: '',
    ask: { do: 'takeInventory' },
    sentAt: w.now,
    since: w.serial,
    resourceVersion: '',
    secretName: '',
    known: knownTokens(process),
  };
  return `process ${p} begins an inventory`;
}

/** The list arrives: it becomes the process's inventory, and tokens of objects that are gone are revoked. */
export function finishListing(w: World, p: number): string {
  const process = w.processes[p]!;
  const request = process.listing!;
  process.listing = undefined;
  const inventory = listTokens(w, request);
  if (inventory === 'mismatch') {
    process.hindrance = { reason: 'ClusterMismatch', message: 'It knows none of ours.' };
    return `process ${p}'s inventory shows another cluster`;
  }
  process.inventory = inventory;
  process.hindrance = undefined;
  const revoked = process.settings.suspended ? [] : sweep(w, request, inventory.tokens);
  const shown = inventory.tokens.map(({ id }) => id).join(', ') || 'none of ours';
  return `process ${p}'s inventory shows ${shown}${revoked.length === 0 ? '' : ` and revokes ${revoked.join(', ')}`}`;
}

function sweep(w: World, request: Request, tokens: readonly TokenInfo[]): string[] {
  const byUID = new Map<string, TokenInfo[]>();
  for (const token of tokens) {
    const uid = markerOf(token)?.uid ?? '';
    byUID.set(uid, [...(byUID.get(uid) ?? []), token]);
  }
  const ledgers = [...w.secrets.values()].map(({ metadata }) => ledgerOf(metadata));
  const gone = tokensOfGoneObjects(byUID, {
    objects: new Set([...w.objects.values()].map(({ metadata }) => metadata.uid)),
    named: new Set(ledgers.flatMap((ledger) => (ledger === undefined ? [] : namedAt(ledger, w.now)))),
  });
  if (brakeHolds(gone.length, tokens.length)) return [];
  return gone.flatMap((token) => {
    const { id } = token;
    const info = getToken(w, id);
    const marker = info === 'gone' ? undefined : markerOf(info);
    if (marker?.installation !== INSTALLATION) return [];
    revokeToken(w, { ...request, uid: markerOf(token)?.uid ?? '' }, id);
    return [id];
  });
}
