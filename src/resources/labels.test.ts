import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { LabelSelector } from './access-rule.ts';
import { matchesSelector } from './labels.ts';

const expression = (
  key: string,
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist',
  ...values: string[]
): LabelSelector => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 && { values }) }],
});

describe('a selector', () => {
  test.each<[string, LabelSelector, boolean]>([
    ['a label that is there', { matchLabels: { team: 'a' } }, true],
    ['a label of another value', { matchLabels: { team: 'b' } }, false],
    ['a label that is not there', { matchLabels: { stage: 'a' } }, false],
    ['several labels, one of them missing', { matchLabels: { team: 'a', stage: 'x' } }, false],
    ['a value among some', expression('team', 'In', 'b', 'a'), true],
    ['a value that is not among some', expression('team', 'In', 'b'), false],
    ['a missing label among some', expression('stage', 'In', 'a'), false],
    ['a value to avoid', expression('team', 'NotIn', 'a'), false],
    ['another value to avoid', expression('team', 'NotIn', 'b'), true],
    ['a value to avoid of a missing label', expression('stage', 'NotIn', 'a'), true],
    ['any value', expression('empty', 'Exists'), true],
    ['any value of a missing label', expression('stage', 'Exists'), false],
    ['the absence of a label', expression('stage', 'DoesNotExist'), true],
    ['the absence of a label that is there', expression('team', 'DoesNotExist'), false],
    ['a label and the absence of it', { matchLabels: { team: 'a' }, ...expression('team', 'DoesNotExist') }, false],
    ['what every JavaScript object has', expression('constructor', 'Exists'), false],
    ['nothing', {}, false],
    ['no labels', { matchLabels: {}, matchExpressions: [] }, false],
  ])('that asks for %s', (_, selector, expected) => {
    expect(matchesSelector(selector, { team: 'a', empty: '' })).toBe(expected);
  });

  test('that asks for a label does not pick an object without any', () => {
    expect(matchesSelector({ matchLabels: { team: 'a' } })).toBe(false);
  });

  test('and its opposite never pick the same labels', () => {
    const value = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(fc.dictionary(value, value), value, fc.array(value, { minLength: 1 }), (labels, key, values) => {
        const not = matchesSelector(expression(key, 'NotIn', ...values), labels);
        expect(matchesSelector(expression(key, 'In', ...values), labels)).toBe(!not);
      }),
    );
  });
});
