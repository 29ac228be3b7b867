import { describe, expect, test } from '@jest/globals';

import { waitFor } from '../wait.ts';

describe('waiting for a condition', () => {
  test('answers what the condition answered when it came true, errors before that notwithstanding', async () => {
    const answers = [
      () => '',
      () => {
        throw new Error('not yet');
      },
      () => 'now',
    ];
    expect(await waitFor(() => answers.shift()?.(), { what: 'now' })).toBe('now');
  });

  test('says at the end what it waited for and what it last saw', async () => {
    await expect(waitFor(() => 0, { what: 'a number', timeout: 1 })).rejects.toThrow(
      'waited 1 ms for a number; last seen: 0',
    );
    const failing = waitFor(() => Promise.reject(new Error('no answer')), { what: 'an answer', timeout: 1 });
    await expect(failing).rejects.toThrow('waited 1 ms for an answer; last seen: Error: no answer');
  });
});
