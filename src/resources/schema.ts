// The vocabulary of our schemas: zod for the types and the run-time check, with what Kubernetes needs for the CRD beside it.
//
// Whatever is declared here ends up in both places, so the two cannot come apart. The CRD generator copies zod's metadata
// (`.meta()`) into the OpenAPI schema as it stands, which is how the `x-kubernetes-` keys get there.

import * as z from 'zod';

/** Objects that come out of a store are shared by everything that reads them, so their types do not let anyone change them. */
export type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A rule on a value, written once for the API server and once for us, side by side. */
export interface Rule<T> {
  /** The rule in CEL, over `self`. (https://kubernetes.io/docs/reference/using-api/cel/) */
  readonly cel: string;
  /** The same in TypeScript. Only called for a value of the right shape. */
  readonly check: (self: T) => boolean;
  /** What is wrong and what to do about it; follows the path of the field, so it begins with a verb. */
  readonly message: string;
  /** The field that the message is about, when it lies below the value. */
  readonly path?: readonly string[];
}

/** A rule that compares a value with what it was (`oldSelf`). Only the API server has both, so there is no run-time check. */
export type TransitionRule = Omit<Rule<unknown>, 'check'>;

/** An entry of `x-kubernetes-validations`. */
export interface CelValidation {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

const VALIDATIONS = 'x-kubernetes-validations';

/** Adds rules to a schema: to what it checks and to what the CRD says. */
export function withRules<S extends z.ZodType>(schema: S, rules: readonly Rule<z.output<S>>[]): S {
  const checked = schema.superRefine((self, context) => {
    for (const { check, message, path = [] } of rules) {
      if (!check(self)) context.addIssue({ code: 'custom', message, path: [...path] });
    }
  });
  return withCel(checked, rules);
}

/** Adds rules to a schema that only the API server can check. */
export function withTransitionRules<S extends z.ZodType>(schema: S, rules: readonly TransitionRule[]): S {
  return withCel(schema, rules);
}

/** A rule as the CRD spells it. */
export function celValidation({ cel, message, path }: TransitionRule): CelValidation {
  return { rule: cel, message, ...(path && { fieldPath: `.${path.join('.')}` }) };
}

function withCel<S extends z.ZodType>(schema: S, rules: readonly TransitionRule[]): S {
  const before = schema.meta()?.[VALIDATIONS];
  const validations = [...(Array.isArray(before) ? before : []), ...rules.map((rule) => celValidation(rule))];
  return schema.meta({ ...schema.meta(), [VALIDATIONS]: validations });
}

/** A string of bounded length, in characters. */
export function text(max: number, min = 1): z.ZodString {
  return z
    .string()
    .refine((value) => min <= value.length && codePoints(value, max) <= max, {
      error: `must have ${min} to ${max} characters`,
    })
    .meta({ minLength: min, maxLength: max });
}

/**
 * Unicode code points, as the API server counts; zod's own `max` counts UTF-16 units, so that 100 emoji would pass the CRD
 * and fail here. Counting ends soon after `enough`.
 */
function codePoints(value: string, enough: number): number {
  return Array.from(value.slice(0, 2 * enough + 2)).length;
}

/**
 * A rule that a text matches a pattern. It has to mean the same in RE2 and in JavaScript: no `.`, `\s` or `\w`, no look-around.
 * Both read `^` and `$` as the ends of the text.
 */
export function matches(pattern: string, message: string): Rule<string> {
  const expression = new RegExp(pattern, 'u');
  return { cel: `self.matches(${rawString(pattern)})`, check: (self) => expression.test(self), message };
}

/** The opposite of `matches`. */
export function matchesNot(pattern: string, message: string): Rule<string> {
  const { cel, check } = matches(pattern, message);
  return { cel: `!${cel}`, check: (self) => !check(self), message };
}

/** A text as a CEL literal in which a backslash is a backslash. */
export function rawString(value: string): string {
  if (value.includes("'")) throw new Error(`a CEL raw string cannot hold a quote: ${value}`);
  return `r'${value}'`;
}

/** A list without order or repetition, such as actions. */
export function setOf<S extends z.ZodType<string>>(item: S, max: number): z.ZodArray<S> {
  return z
    .array(item)
    .min(1)
    .max(max)
    .superRefine((items, context) => {
      repetitions(items).forEach((index) => {
        context.addIssue({ code: 'custom', message: 'repeats an earlier entry: remove one', path: [index] });
      });
    })
    .meta({ 'x-kubernetes-list-type': 'set' });
}

/** A list of objects told apart by some of their fields, which must be required ones. Server-side apply merges it entry by entry. */
export function mapListOf<S extends z.ZodObject>(
  item: S,
  keys: readonly (keyof S['shape'] & string)[],
  size: { readonly min?: number; readonly max: number },
): z.ZodArray<S> {
  return z
    .array(item)
    .min(size.min ?? 0)
    .max(size.max)
    .superRefine((items, context) => {
      repetitions(items.map((entry) => JSON.stringify(keys.map((key) => entry[key])))).forEach((index) => {
        const message = `has the same ${keys.join(' and ')} as an earlier entry: remove one`;
        context.addIssue({ code: 'custom', message, path: [index] });
      });
    })
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': keys });
}

/** A map from free names to texts, such as labels. */
export function textMap<S extends z.ZodType<string>>(value: S, max: number): z.ZodRecord<z.ZodString, S> {
  return z
    .record(z.string(), value)
    .refine((map) => Object.keys(map).length <= max, { error: `must have at most ${max} entries` })
    .meta({ maxProperties: max });
}

function repetitions(keys: readonly string[]): number[] {
  const seen = new Set<string>();
  return keys.flatMap((key, index) => {
    if (seen.has(key)) return [index];
    seen.add(key);
    return [];
  });
}
