import { describe, expect, test } from '@jest/globals';
import {
  firstStep,
  nextStep,
  progress,
  type WatchEvent,
  type WatchFailure,
  type WatchState,
  type WatchStep,
} from './watch-machine.ts';

/** No jitter. */
const random = (): number => 0;
const clean = { failures: 0, trouble: undefined };
const listing: WatchState = { at: 'listing', ...clean };
const watching: WatchState = { at: 'watching', resourceVersion: '10', healthy: false, ...clean };
const healthy: WatchState = { ...watching, healthy: true };

function failed(status: number | undefined, more: Partial<WatchFailure> = {}): WatchFailure {
  const base = {
    type: 'failed',
    status,
    reason: `R${status}`,
    message: 'no',
    retryAfter: undefined,
    lasted: 0,
  } as const;
  return { ...base, ...more };
}

/** Lets the waiting end. */
function afterWait(step: WatchStep): WatchStep {
  return nextStep(step.state, { type: 'due' }, random);
}

describe('listing', () => {
  test('is what everything begins with', () => {
    expect(firstStep()).toEqual({ state: listing, action: { type: 'list', next: undefined } });
  });

  test('goes on page by page, and then to a watch from the version that the pages show', () => {
    const second = nextStep(listing, { type: 'page', resourceVersion: '10', next: 'token' }, random);
    expect(second).toEqual({ state: listing, action: { type: 'list', next: 'token' } });
    const step = nextStep(second.state, { type: 'page', resourceVersion: '10', next: undefined }, random);
    expect(step).toEqual({ state: watching, action: { type: 'watch', resourceVersion: '10', timeoutSeconds: 300 } });
  });

  test.each([410, 500, undefined])('begins again from the first page after a failure (%s)', (status) => {
    expect(afterWait(nextStep(listing, failed(status), random)).action).toEqual({ type: 'list', next: undefined });
  });
});

describe('watching', () => {
  test('follows the version of changes and bookmarks', () => {
    expect(progress(watching, '11')).toEqual({ state: { ...healthy, resourceVersion: '11' } });
  });

  test('is taken up at once where it ended, when the server ended it in good order', () => {
    const step = nextStep({ ...healthy, resourceVersion: '15' }, { type: 'closed', lasted: 1 }, () => 0.5);
    expect(step.action).toEqual({ type: 'watch', resourceVersion: '15', timeoutSeconds: 450 });
  });

  test('that ends as soon as it began is not taken up without a pause, unless it lasted', () => {
    expect(nextStep(watching, { type: 'closed', lasted: 10 }, random).action).toEqual({
      type: 'wait',
      milliseconds: 100,
    });
    expect(nextStep(watching, { type: 'closed', lasted: 10_000 }, random).action.type).toBe('watch');
  });

  test.each([undefined, 429, 500, 503])(
    'is taken up where it ended after failure %s, which says nothing of the version',
    (status) => {
      expect(afterWait(nextStep(watching, failed(status), random)).action).toMatchObject({
        type: 'watch',
        resourceVersion: '10',
      });
    },
  );

  test.each([400, 403, 404, 410])('gives way to a new list after failure %s', (status) => {
    expect(afterWait(nextStep(watching, failed(status), random)).action).toEqual({ type: 'list', next: undefined });
  });

  test.each([410, 500, undefined])('gives way to a new list after what cannot be used (%s)', (status) => {
    const step = afterWait(nextStep(healthy, failed(status, { type: 'unusable' }), random));
    expect(step.action).toEqual({ type: 'list', next: undefined });
  });

  test('gives way to a new list after silence', () => {
    const step = nextStep(healthy, { type: 'silent', lasted: 90_000 }, random);
    expect(step.log).toMatchObject({ level: 'info' });
    expect(afterWait(step).action).toEqual({ type: 'list', next: undefined });
  });
});

describe('the pauses', () => {
  test('grow from 100 ms to 30 s while nothing works', () => {
    let step = firstStep();
    const pauses: number[] = [];
    for (let failure = 0; failure < 12; failure++) {
      step = nextStep(step.state, failed(undefined), random);
      if (step.action.type === 'wait') pauses.push(step.action.milliseconds);
      step = afterWait(step);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000]);
  });

  test('grow also while lists succeed but no watch does', () => {
    let step = firstStep();
    for (let failure = 0; failure < 12; failure++) {
      step = nextStep(afterWait(step).state, { type: 'page', resourceVersion: '10', next: undefined }, random);
      step = nextStep(step.state, failed(403), random);
    }
    expect(step.action).toEqual({ type: 'wait', milliseconds: 30_000 });
  });

  test.each([
    ['has delivered something', progress({ ...watching, failures: 7 }, '11').state, 1],
    ['has lasted', { ...watching, failures: 7 }, 10_000],
  ])('begin small again when a watch %s', (_, state, lasted) => {
    expect(nextStep(state, failed(undefined, { lasted }), random).action).toEqual({ type: 'wait', milliseconds: 100 });
  });

  test('are as long as the server asks, up to 30 s', () => {
    const pause = (retryAfter: number) => nextStep(listing, failed(429, { retryAfter }), random).action;
    expect(pause(5000)).toEqual({ type: 'wait', milliseconds: 5000 });
    expect(pause(600_000)).toEqual({ type: 'wait', milliseconds: 30_000 });
  });

  test('are jittered', () => {
    expect(nextStep({ ...listing, failures: 20 }, failed(500), () => 0.9).action).toEqual({
      type: 'wait',
      milliseconds: 21_000,
    });
  });
});

describe('the log', () => {
  test.each([
    [403, /RBAC/],
    [404, /CustomResourceDefinition/],
    [401, /credential/],
    [500, /trying again/],
  ])('is told of %i once, with the remedy, and of the end of it', (status, remedy) => {
    const first = nextStep(listing, failed(status), random);
    expect(first.log).toEqual({ level: 'warn', message: expect.stringMatching(remedy) });
    const second = nextStep(afterWait(first).state, failed(status), random);
    expect(second.log).toBeUndefined();
    const listed = nextStep(afterWait(second).state, { type: 'page', resourceVersion: '10', next: undefined }, random);
    expect(listed.log).toEqual({ level: 'info', message: 'list works again' });
    expect(progress(listed.state, '11').log).toBeUndefined();
  });

  test('is told of a server that asks for patience only when it goes on asking', () => {
    const levels: (string | undefined)[] = [];
    let step = firstStep();
    for (let failure = 0; failure < 6; failure++) {
      step = nextStep(step.state, failed(429), random);
      levels.push(step.log?.level);
      step = afterWait(step);
    }
    expect(levels).toEqual(['debug', 'debug', 'debug', 'debug', 'warn', undefined]);
  });

  test('is told again when something else is wrong', () => {
    const first = nextStep(listing, failed(404), random);
    expect(nextStep(afterWait(first).state, failed(403), random).log).toBeDefined();
  });

  test('is told that the watch works again only when it has delivered something', () => {
    const broken = nextStep(watching, failed(403), random);
    const listed = nextStep(afterWait(broken).state, { type: 'page', resourceVersion: '10', next: undefined }, random);
    expect(listed.log).toBeUndefined();
    expect(progress(listed.state, '11').log).toEqual({ level: 'info', message: 'watch works again' });
  });

  test('is not bothered with a watch that fell behind', () => {
    expect(nextStep(healthy, failed(410), random).log).toMatchObject({ level: 'debug' });
  });
});

test('no event leads to a standstill in any state', () => {
  const states = [listing, watching, healthy, nextStep(listing, failed(500), random).state];
  const events: WatchEvent[] = [
    { type: 'page', resourceVersion: '1', next: undefined },
    { type: 'closed', lasted: 0 },
    { type: 'silent', lasted: 0 },
    { type: 'due' },
    failed(410),
  ];
  for (const state of states) for (const event of events) expect(nextStep(state, event, random).action).toBeDefined();
  expect(nextStep(listing, { type: 'closed', lasted: 0 }, random).action.type).toBe('list');
  expect(nextStep(watching, { type: 'due' }, random).action.type).toBe('list');
  expect(progress(listing, '1')).toEqual({ state: listing });
});
