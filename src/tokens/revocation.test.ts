import { describe, expect, test } from '@jest/globals';

import { aLedger, aSecret, DAY, given, id, NOW } from '../../test/builders.ts';
import { towardsEndOfLiving } from './revocation.ts';

describe('the way to the end of a token of a living object', () => {
  const looked = { object: true, rehearsed: false, tokens: {} };
  const ledger = aLedger({ tokenID: id(2), superseded: [{ id: id(1), revokeAfter: NOW - DAY }] });

  test('leads through live looks at the object, the Secret and the token', () => {
    const unseen = given().issued().build();
    expect(towardsEndOfLiving(unseen, id(9), 'an orphan')).toEqual({ step: { do: 'lookAtObject' } });
    expect(towardsEndOfLiving({ ...unseen, looked }, id(9), 'an orphan')).toEqual({ step: { do: 'lookAtSecret' } });
    const secret = aSecret({ seen: 'live', intact: true, ledger });
    expect(towardsEndOfLiving({ ...unseen, looked, secret }, id(1), 'its overlap ended')).toEqual({
      step: { do: 'lookUp', id: id(1) },
    });
  });

  test('is closed while the string in the Secret does not fit its ledger: a forged one would have the token in use revoked', () => {
    const secret = aSecret({ seen: 'live', intact: false, ledger });
    const o = given().issued().with({ looked, secret }).build();
    expect(towardsEndOfLiving(o, id(1), 'its overlap ended')).toBe('unclear');
  });
});
