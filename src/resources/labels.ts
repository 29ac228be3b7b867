// Label selectors, as Kubernetes defines them.

import type { LabelSelector } from './access-rule.ts';

type Operator = NonNullable<LabelSelector['matchExpressions']>[number]['operator'];

/** Whether the value of a label, `undefined` where there is none, satisfies an operator. */
const satisfies: Readonly<Record<Operator, (value: string | undefined, values: readonly string[]) => boolean>> = {
  In: (value, values) => value !== undefined && values.includes(value),
  NotIn: (value, values) => value === undefined || !values.includes(value),
  Exists: (value) => value !== undefined,
  DoesNotExist: (value) => value === undefined,
};

/**
 * Whether a label selector picks an object with these labels: every label and every expression must hold.
 * (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/)
 *
 * Unlike in Kubernetes, an empty selector picks nothing: here a selector grants access, and silence must not grant it.
 */
export function matchesSelector(selector: LabelSelector, labels: Readonly<Record<string, string>> = {}): boolean {
  const wanted = Object.entries(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  if (wanted.length + expressions.length === 0) return false;
  // Own properties only: a label named "constructor" is not there just because every object has one.
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    wanted.every(([key, value]) => valueOf(key) === value) &&
    expressions.every(({ key, operator, values = [] }) => satisfies[operator](valueOf(key), values))
  );
}
