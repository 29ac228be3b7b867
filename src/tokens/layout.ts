// What a spec decides of its Secret besides the token, as a short digest that stands in the ledger: by it, metadata alone tells whether
// a Secret was written for another spec than the present one.

import { hash } from 'node:crypto';

import { namedDatabases, secretKeys } from '../resources/defaults.ts';
import type { TokenSpec } from '../resources/token-object.ts';
import type { Wanted } from './observed.ts';

/** What the layout of a Secret follows from. */
export interface LaidOut {
  readonly spec: TokenSpec;
  readonly wanted: Pick<Wanted, 'retained'>;
  readonly dataURL: string;
}

/** Bytes: enough to tell two specs of one object apart; who could make two alike could as well write the Secret. */
const LENGTH = 8;

/**
 * Names the layout: keys, the values under them that do not come with the token, labels, annotations, and whether the object owns the
 * Secret. The order in which people wrote them makes no difference.
 */
export function layoutOf({ spec, wanted, dataURL }: LaidOut): string {
  const { token, url, database, tokenID, expiresAt } = secretKeys(spec);
  const layout = [
    [token, url, database, tokenID, expiresAt],
    // What stands under no key makes no difference.
    url === undefined ? null : dataURL,
    database === undefined ? null : namedDatabases(spec.permissions)[0],
    sorted(spec.secret?.labels),
    sorted(spec.secret?.annotations),
    wanted.retained,
  ];
  // Not cut out of a longer text, which would live as long as this one.
  return hash('sha256', JSON.stringify(layout), 'buffer').toString('hex', 0, LENGTH);
}

function sorted(map: Readonly<Record<string, string>> = {}): readonly (readonly [string, string])[] {
  return Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1));
}
