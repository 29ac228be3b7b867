import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Common, commonText } from './common.ts';

const common = new Common<unknown[]>();

test('what is alike becomes the same, and stays what it was', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 4 }), (value) => {
      fc.pre(JSON.stringify(value).length < 500);
      const read = (): unknown[] => JSON.parse(JSON.stringify(value));
      const one = common.first(read());
      expect(one).toEqual(read());
      expect(common.first(read())).toBe(one);
    }),
  );
});

test('what is long is not kept for others', () => {
  const long = ['x'.repeat(1_000)];
  expect(common.first(long)).toBe(long);
  expect(common.first([...long])).not.toBe(long);
});

test('however many there are, only the latest are remembered', () => {
  const first = common.first(['first']);
  for (let i = 0; i < 10_000; i += 1) {
    expect(commonText(`text ${i}`)).toBe(`text ${i}`);
    common.first([i]);
  }
  expect(common.first(['first'])).not.toBe(first);
});
