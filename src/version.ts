// The version of the operator, from the one place that states it.

import about from '../package.json' with { type: 'json' };

/** As in package.json, say `0.1.0`. */
export const OPERATOR_VERSION: string = about.version;
