import { getEventListeners } from 'node:events';
import { expect, test } from '@jest/globals';
import { onAbort } from './on-abort.ts';

test('all who wait are told once when the signal fires, over one listener', () => {
  const { signal, abort } = controller();
  const told: string[] = [];
  const action = (): void => void told.push('twice');
  onAbort(signal, action);
  onAbort(signal, action);
  onAbort(signal, () => told.push('other'));
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  abort();
  abort();
  expect(told).toEqual(['twice', 'twice', 'other']);
});

test('who has taken it back is not told, even when that happens while others are', () => {
  const { signal, abort } = controller();
  const told: string[] = [];
  onAbort(signal, () => {
    told.push('first');
    cancelLater();
  });
  const cancelLater = onAbort(signal, () => told.push('later'));
  const cancel = onAbort(signal, () => told.push('never'));
  cancel();
  cancel();
  abort();
  expect(told).toEqual(['first']);
});

test('a signal that has fired, or none, tells nobody', () => {
  const { signal, abort } = controller();
  abort();
  const told: string[] = [];
  onAbort(signal, () => told.push('fired'))();
  onAbort(undefined, () => told.push('none'))();
  expect(told).toEqual([]);
});

test('who waits again while the signal is telling is not told of it', () => {
  const { signal, abort } = controller();
  let told = 0;
  onAbort(signal, () => {
    told += 1;
    onAbort(signal, () => (told += 1));
  });
  abort();
  expect(told).toBe(1);
});

function controller(): { signal: AbortSignal; abort: () => void } {
  const abort = new AbortController();
  return { signal: abort.signal, abort: () => abort.abort() };
}
