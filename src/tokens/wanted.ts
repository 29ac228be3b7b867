// What a valid spec asks for, with the defaults applied.

import * as defaults from '../resources/defaults.ts';
import type { TokenObject, TokenSpec } from '../resources/token-object.ts';
import type { Wanted } from './observed.ts';
import { wholeSeconds } from './schedule.ts';

/** Works out a spec that was found valid; call it once per generation. */
export function wantedOf(object: TokenObject, spec: TokenSpec): Wanted {
  const lifetime = defaults.lifetime(spec);
  const renewBefore = defaults.renewBefore(spec);
  const overlap = defaults.overlap(spec);
  return {
    description: defaults.description(object),
    permissions: spec.permissions ?? [],
    ...(spec.expiresAt === undefined ? {} : { expiresAt: wholeSeconds(Date.parse(spec.expiresAt)) }),
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(renewBefore === undefined ? {} : { renewBefore }),
    ...(overlap === undefined ? {} : { overlap }),
    secretName: defaults.secretName(object),
    retained: defaults.deletionPolicy(spec) === 'Retain',
  };
}
