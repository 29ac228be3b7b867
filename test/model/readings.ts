// What is read off the values of a world again and again, each once.

import type { TokenInfo } from '../../src/influxdb/issuer.ts';
import { readLedger, type Ledger } from '../../src/tokens/ledger.ts';
import { parseMarker } from '../../src/tokens/marker.ts';
import type { LiveSecret } from '../../src/tokens/secret.ts';
import { once } from './once.ts';

/** The ledger of a Secret. */
export function ledgerOf({ annotations }: LiveSecret['metadata']): Ledger | undefined {
  return annotations && read(annotations);
}

const read = once(readLedger);

/** The marker that a token carries. */
export const markerOf = once(({ description }: TokenInfo) => parseMarker(description));
