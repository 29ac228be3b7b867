import { describe, expect, test } from '@jest/globals';

import { aLedger, aSecret, given, id, MINUTE, NOW, SECOND } from '../../test/builders.ts';
import { story } from '../../test/story.ts';
import { learn } from './learn.ts';

describe('a Secret of a former object of the same name', () => {
  const former = aSecret({
    ledger: aLedger({ object: 'DatabaseToken/metrics/telegraf/former', superseded: [{ id: id(2), revokeAfter: NOW }] }),
    ownerUIDs: ['former'],
  });

  test('is given a minute to be collected, then minted into, and its ids are never trusted', () => {
    const one = story(given().finalized().secret(former).build());
    expect(one.run()).toMatchObject({ told: ['lookAtSecret'], wakeAt: NOW + MINUTE });
    expect(one.later(MINUTE).run().told).toEqual([
      'lookAtSecret',
      'lookAtObject',
      'rehearse',
      'mint: takeover',
      'publish 101',
      'probe 101',
    ]);
    expect(one.world.secret?.ledger).toMatchObject({ tokenID: id(101), fence: 2, superseded: [] });
  });

  test('that is really that of a later one is left alone: it is this object that is gone', () => {
    const one = story(given().finalized().secret(former).build()).on('lookAtObject', () => ({ got: 'no object' }));
    one.run();
    expect(one.later(MINUTE).run()).toMatchObject({ told: ['lookAtSecret', 'lookAtObject'], over: true });
    expect(one.world.secret?.ledger).toEqual(former.ledger);
  });

  test('has the object looked at after it, not before, so that neither can have changed hands in between', () => {
    const one = story(given().finalized().secret(former).build());
    one.run();
    const looked = { object: true, rehearsed: false, tokens: {} };
    const o = { ...one.later(MINUTE).run().o, looked };
    const seen = { ...former, seen: 'live', intact: true, asWanted: false } as const;
    const after = learn(o, { do: 'lookAtSecret' }, { got: 'secret', secret: seen, wrote: false }, NOW);
    expect(after.looked.object).toBe(false);
  });

  test('that is collected meanwhile is created anew', () => {
    const one = story(given().finalized().secret(former).build());
    one.run();
    one.world.secret = undefined;
    expect(one.later(SECOND, (o) => ({ ...o, secret: one.world.watched() })).run().told).toContain('mint: first');
  });

  test('that was retained is not taken over, even if a stranger put itself down as its owner', () => {
    for (const ownerUIDs of [[], ['stranger']]) {
      const { told, verdict } = story(
        given()
          .finalized()
          .secret({ ...former, ownerUIDs })
          .build(),
      ).run();
      expect({ told, reason: verdict.reason }).toEqual({ told: [], reason: 'SecretConflict' });
    }
  });
});
