import { expect, test } from '@jest/globals';
import { ManualClock } from '../../test/manual-clock.ts';
import { guarded, type Review } from './guard.ts';
import { textPage } from './http.ts';

/** A guarded page, and the tokens that the reviewer was asked about. */
function guard(review: Review) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const route = guarded(
    () => textPage(200, 'figures\n'),
    (token) => {
      asked.push(token);
      return review(token);
    },
    clock,
  );
  const ask = async (authorization?: string) => (await route({ authorization })).status;
  return { ask, asked, clock, route };
}

test('who is allowed gets the page, who is not is told so, and a stranger is asked for a token', async () => {
  const { ask, route } = guard((token) =>
    Promise.resolve(token === 'prometheus' ? 'allowed' : token === 'tenant' ? 'forbidden' : 'stranger'),
  );
  expect(await ask('Bearer prometheus')).toBe(200);
  expect(await ask('bearer prometheus')).toBe(200);
  expect(await ask('Bearer tenant')).toBe(403);
  expect(await ask('Bearer nobody')).toBe(401);
  expect(await route({ authorization: 'Bearer nobody' })).toMatchObject({ headers: { 'www-authenticate': 'Bearer' } });
});

test.each([
  ['none', undefined],
  ['a password', 'Basic dXNlcjpwYXNz'],
  ['an empty token', 'Bearer '],
  ['two words', 'Bearer a b'],
  ['another character than a token has', 'Bearer ä'],
  ['more than any token is', `Bearer ${'x'.repeat(10_000)}`],
])('with %s for a credential the reviewer is not even asked', async (_, authorization) => {
  const { ask, asked } = guard(() => Promise.resolve('allowed'));
  expect(await ask(authorization)).toBe(401);
  expect(asked).toEqual([]);
});

test('an answer holds for ten seconds, however many ask, and no longer', async () => {
  let answer: Awaited<ReturnType<Review>> = 'allowed';
  const { ask, asked, clock } = guard(() => Promise.resolve(answer));
  expect(await Promise.all([ask('Bearer one'), ask('Bearer one')])).toEqual([200, 200]);
  answer = 'forbidden';
  await clock.advance(9_999);
  expect(await ask('Bearer one')).toBe(200);
  expect(asked).toEqual(['one']);
  await clock.advance(1);
  expect(await ask('Bearer one')).toBe(403);
});

test('while the reviewer does not answer nobody gets the page, and the next one asks again', async () => {
  let works = false;
  const { ask } = guard(() => (works ? Promise.resolve('allowed') : Promise.reject(new Error('down: token one'))));
  expect(await ask('Bearer one')).toBe(503);
  works = true;
  expect(await ask('Bearer one')).toBe(200);
});

test('tokens of all the world push out the oldest answers and no more', async () => {
  const { ask, asked } = guard(() => Promise.resolve('stranger'));
  for (let n = 0; n <= 256; n += 1) await ask(`Bearer ${n}`);
  asked.length = 0;
  await ask('Bearer 256');
  await ask('Bearer 0');
  expect(asked).toEqual(['0']);
});
