import { describe, expect, test } from '@jest/globals';

import { DAY, NOW } from '../../test/builders.ts';
import { cluster } from '../../test/reconcilers/memory-world.ts';
import { TokenString } from '../influxdb/token-string.ts';
import { credentialEnd, credentialNotice } from './credential-end.ts';

const MANAGEMENT_TOKEN = new TokenString('M.V1.+5Jk');
/** A JWT, as far as anybody looks at it. */
const jwt = new TokenString(
  [{ alg: 'RS256' }, { exp: NOW / 1_000 }, 'signature']
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.'),
);

describe('the end of a credential', () => {
  test('is told by a list of tokens, whichever issuer has one', () => {
    expect(credentialEnd(MANAGEMENT_TOKEN, [{}, { credentialEnd: NOW }])).toBe(NOW);
  });

  test('is told by a JWT itself, which no list could contradict', () => {
    expect(credentialEnd(jwt, [{ credentialEnd: NOW + DAY }])).toBe(NOW);
  });

  test('is not known where nobody tells', () => {
    expect(credentialEnd(MANAGEMENT_TOKEN, [{}])).toBeUndefined();
    expect(credentialEnd(MANAGEMENT_TOKEN, [])).toBeUndefined();
  });
});

describe('what is said of it', () => {
  const END = NOW + 10 * DAY;
  const by = 'influxtokens-system/operator-credential';

  test.each([
    ['its end is not known', undefined, undefined],
    ['its end is more than two weeks away', NOW + 14 * DAY + 1, undefined],
    ['it will be renewed', END, NOW + DAY],
    ['its renewal fell due a moment ago', END, NOW - 3 * DAY],
  ])('is nothing while %s', (_, end, renewal) => {
    const renewedAt = renewal === undefined ? undefined : { at: renewal, by };
    expect(credentialNotice(cluster(), end, renewedAt, NOW)).toBeUndefined();
  });

  test('names the end and the place for another one, where nobody renews it', () => {
    expect(credentialNotice(cluster(), END, undefined, NOW)).toBe(
      'The credential itself ends at 2030-01-11T00:00:00Z: put another one into Secret influxdb-admin under the key token before.',
    );
  });

  test('names the ManagementToken, once a quarter of the time is over that its renewal has', () => {
    expect(credentialNotice(cluster(), END, { at: NOW - 4 * DAY, by }, NOW)).toBe(
      `The credential itself ends at 2030-01-11T00:00:00Z, and ManagementToken ${by} should have renewed it at 2029-12-28T00:00:00Z: look what hinders it, or name a Secret with another credential before.`,
    );
  });
});
