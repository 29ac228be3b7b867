import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { commonText, commonValue } from './common.ts';

test('what is alike becomes the same, and stays what it was', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 4 }), (value) => {
      const read = (): unknown[] => JSON.parse(JSON.stringify(value));
      const one = commonValue(read());
      expect(one).toEqual(read());
      if (JSON.stringify(value).length < 500) expect(commonValue(read())).toBe(one);
    }),
  );
});

test('what is long is not kept for others', () => {
  const long = ['x'.repeat(1_000)];
  expect(commonValue(long)).toBe(long);
  expect(commonValue([...long])).not.toBe(long);
});

test('however many there are, only the latest are remembered', () => {
  const first = commonValue(['first']);
  for (let i = 0; i < 10_000; i += 1) {
    expect(commonText(`text ${i}`)).toBe(`text ${i}`);
    commonValue([i]);
  }
  expect(commonValue(['first'])).not.toBe(first);
});
