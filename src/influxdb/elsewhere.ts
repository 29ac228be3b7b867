// Keeps connections away from link-local addresses, whatever name leads there.

import type { LookupFunction } from 'node:net';

import { isLinkLocal } from '../resources/link-local.ts';

/** The code of the error with which such a name fails. */
export const LINK_LOCAL = 'LINK_LOCAL';

/**
 * The same look-up, but a name of which any address is link-local fails: validation sees only addresses that stand in the URL, and a
 * name may begin to lead elsewhere at any time. Behind a proxy it is the proxy that looks names up.
 */
export function elsewhere(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, address, family) => {
      const found = typeof address === 'string' ? [{ address }] : (address ?? []);
      if (error === null && found.some((one) => isLinkLocal(one.address))) {
        callback(Object.assign(new Error(`${hostname} leads to a link-local address`), { code: LINK_LOCAL }), []);
      } else callback(error, address, family);
    });
  };
}
