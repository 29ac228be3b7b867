import { describe, expect, test } from '@jest/globals';
import { cluster, databaseToken, withMetadata, withReady } from '../../test/reconcilers/memory-world.ts';
import type { DatabaseToken } from '../resources/database-token.ts';
import type { TokenFigures } from '../server/metrics.ts';
import { clusterFigures, tokenFigures } from './fleet.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const DAY = 86_400_000;

function at(days: number): string {
  return new Date(NOW + days * DAY).toISOString();
}

function token(status: object, ends?: number): DatabaseToken {
  const expiry = ends === undefined ? {} : { expiresAt: at(ends) };
  const issued = { token: { id: '1', clusterUID: '2', createdAt: at(-30), ...expiry } };
  return { ...databaseToken('telegraf'), status: { ...issued, ...status } };
}

function figures(...objects: DatabaseToken[]): TokenFigures | undefined {
  return tokenFigures({ DatabaseToken: objects, ManagementToken: [] }, NOW)[0];
}

describe('the figures of the tokens', () => {
  test('are there for every kind, also when there is no object', () => {
    const none = { reasons: new Map(), renewalsLate: 0, revocationsPending: 0, oldestRevocation: 0 };
    expect(tokenFigures({ DatabaseToken: [], ManagementToken: [] }, NOW)).toEqual([
      { kind: 'DatabaseToken', ...none },
      { kind: 'ManagementToken', ...none },
    ]);
  });

  test('count objects by the reason of Ready, and those without one', () => {
    const issued = withReady(databaseToken('old'), 'Issued');
    expect(figures(issued, issued, databaseToken('new'))?.reasons).toEqual(
      new Map(Object.entries({ Issued: 2, None: 1 })),
    );
  });

  test.each([
    ['before its renewal', 1, 10, 0],
    ['due, with time left for retries', -4, 6, 0],
    ['past half of the time that is left for it', -6, 4, 1],
    ['past its end', -20, -10, 1],
  ])('a token %s', (_, renewal, end, late) => {
    const object = token({ nextRotation: at(renewal) }, end);
    expect(figures(object)).toMatchObject({ renewalsLate: late });
    expect(figures(object)).not.toHaveProperty('firstEnd');
  });

  test('tell the first end that nothing renews and that is still to come', () => {
    const ends = [5, 3, -1].map((days) => token({}, days));
    expect(figures(...ends, token({}))).toMatchObject({ firstEnd: NOW + 3 * DAY, renewalsLate: 0 });
  });

  test('an object that is being deleted waits for its revocation, and is not renewed', () => {
    const late = token({ nextRotation: at(-6) }, 4);
    expect(figures(withMetadata(late, { deletionTimestamp: at(-2) }))).toMatchObject({
      renewalsLate: 0,
      revocationsPending: 1,
      oldestRevocation: 2 * DAY,
    });
  });

  test('an earlier token waits for its revocation once its overlap is over', () => {
    const superseded = [-3, 1].map((days) => ({ id: `${days}`, revokeAfter: at(days) }));
    expect(figures(token({ superseded }))).toMatchObject({ revocationsPending: 1, oldestRevocation: 3 * DAY });
  });

  test('what is no time counts for nothing', () => {
    const odd = token({ nextRotation: 'soon', superseded: [{ id: '1', revokeAfter: 'later' }] }, 4);
    expect(figures(withMetadata(odd, { deletionTimestamp: 'now' }))).toMatchObject({
      renewalsLate: 0,
      revocationsPending: 0,
    });
  });
});

test('a cluster stands as its condition says', () => {
  const told = { cluster: 'production', reason: 'None' };
  expect(clusterFigures([cluster({}, 'production')])).toEqual([told]);
});
