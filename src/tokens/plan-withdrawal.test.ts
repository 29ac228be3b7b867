import { describe, expect, test } from '@jest/globals';

import { aLedger, aSecret, given, id, MINUTE, serverToken } from '../../test/builders.ts';
import { story } from '../../test/story.ts';

describe('access withdrawn', () => {
  test('leaves the token alone with Keep', () => {
    expect(story(given().issued().denied().build()).run()).toMatchObject({
      told: [],
      verdict: { reason: 'AccessDenied' },
    });
  });

  test('deletes the Secret before it revokes with Revoke', () => {
    const one = story(given().issued().denied().cluster({ withdrawal: 'Revoke' }).build());
    expect(one.run().told).toEqual(['lookAtSecret', 'deleteSecret', 'lookAtObject', 'lookUp 1', 'revoke 1']);
    expect(one.later(MINUTE).run()).toMatchObject({ told: [], verdict: { reason: 'AccessDenied' } });
  });

  test('deletes a Secret with a damaged ledger as well: it may hold the token that is revoked', () => {
    const { ledger: _, ...damaged } = aSecret();
    const o = given().issued().secret(damaged).denied().cluster({ withdrawal: 'Revoke' }).build();
    expect(story(o).run().told).toEqual(['lookAtSecret', 'deleteSecret', 'lookAtObject', 'lookUp 1', 'revoke 1']);
  });

  test('looks at the Secret again when the object changed since: a token that was issued meanwhile is in use', () => {
    const o = given().issued().secretGone().denied().cluster({ withdrawal: 'Revoke' }).build();
    const one = story(o).on('lookAtObject', () => {
      // Another process, which knew that access is back, issued between our two looks.
      one.world.secret = { ...aSecret({ ledger: aLedger({ tokenID: id(2) }) }), seen: 'live', intact: true };
      const { object } = given()
        .with(o)
        .issued({ tokenID: id(2) })
        .metadata({ resourceVersion: '2' })
        .build();
      one.world.object = object;
      one.world.tokens.set(id(2), serverToken(2));
      return { got: 'object', object };
    });
    expect(one.run().told.join()).toBe('lookAtSecret,lookAtObject,lookAtSecret,deleteSecret,lookUp 2,revoke 2');
  });

  test('looks at the Secret again after a list of all tokens, which may show one that was issued meanwhile', () => {
    const o = given().issued().secretGone().denied().cluster({ withdrawal: 'Revoke' }).build();
    const one = story(o).on('takeInventory', () => {
      one.world.secret = { ...aSecret({ ledger: aLedger({ tokenID: id(2) }) }), seen: 'live', intact: true };
      one.world.tokens.set(id(2), serverToken(2));
      return undefined;
    });
    one.world.tokens.delete(id(1));
    expect(one.run().told.join()).toBe(
      'lookAtSecret,lookAtObject,lookUp 1,takeInventory,lookAtSecret,deleteSecret,lookUp 2,revoke 2',
    );
  });

  test('waits after a step that failed instead of trying it again and again', () => {
    const one = story(given().issued().denied().cluster({ withdrawal: 'Revoke' }).build()).on('deleteSecret', () => ({
      got: 'failure',
      failure: { of: 'kubernetes', refused: true, reason: 'Forbidden', status: 403, causes: [], message: 'no' },
    }));
    expect(one.run().told).toEqual(['lookAtSecret', 'deleteSecret']);
    expect(
      one
        .calm()
        .later(5 * MINUTE)
        .run().told,
    ).toContain('revoke 1');
  });
});

describe('a ceiling that was lowered', () => {
  const exceeded = given().with({ access: { allowed: false, ceiling: true, message: 'maxLifetime' } });
  const standing = exceeded.issued().cluster({ withdrawal: 'Revoke' });

  test('is about the minting: no new token is issued', () => {
    expect(story(exceeded.build()).run()).toMatchObject({ told: [], verdict: { reason: 'AccessDenied' } });
  });

  test('leaves a token that stands alone, even with Revoke: no rule went away', () => {
    expect(story(standing.build()).run()).toMatchObject({ told: [], verdict: { reason: 'Issued' } });
  });

  test('refuses its successor', () => {
    const asked = standing.annotations({ 'influxtokens.dev/rotate': 'a' });
    for (const situation of [asked, standing.secretGone()]) {
      const { told, verdict } = story(situation.build()).run();
      expect(told.filter((step) => step !== 'lookAtSecret')).toEqual([]);
      expect(verdict).toMatchObject({ reason: 'AccessDenied', message: 'maxLifetime' });
    }
  });
});
