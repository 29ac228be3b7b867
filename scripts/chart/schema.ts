// values.schema.json and values.yaml: what the chart accepts, and what it takes when nothing is said.

import { dump } from 'js-yaml';
import { z } from 'zod';
import { flags } from '../../src/config.ts';
import { FLAGS } from '../../src/flags.ts';
import type { Json } from './tree.ts';

/** A value of the chart as people meet it, or a group of them. */
export type Described = { readonly name: string; readonly description: string } & (
  { readonly schema: z.ZodType; readonly default: Json } | { readonly parts: readonly Described[] }
);

/** values.yaml: every value with its default and what it means. */
export function valuesYaml(values: readonly Described[]): string {
  return values.map((value) => `${valueLines(value).join('\n')}\n`).join('\n');
}

function valueLines(value: Described): string[] {
  const comment = `# ${value.description}`;
  if ('parts' in value)
    return [comment, `${value.name}:`, ...value.parts.flatMap(valueLines).map((line) => `  ${line}`)];
  return [
    comment,
    ...dump({ [value.name]: value.default }, { lineWidth: -1 })
      .trimEnd()
      .split('\n'),
  ];
}

/** values.schema.json. Helm refuses a value that is not in it, so a slip of the pen is told at once. */
export function valuesSchema(values: readonly Described[]): string {
  // Helm hands `global` to every chart that is part of another.
  const whole = z.strictObject({ ...shapeOf(values), global: z.looseObject({}).optional() });
  const json = z.toJSONSchema(whole, {
    io: 'input',
    target: 'draft-7',
    override: ({ zodSchema, jsonSchema }) => asFlag(zodSchema, jsonSchema),
  });
  return `${JSON.stringify({ title: 'Values of influxdb-token-operator', ...json }, undefined, 2)}\n`;
}

function shapeOf(values: readonly Described[]): Record<string, z.ZodType> {
  return Object.fromEntries(
    values.map((value) => {
      const schema = 'parts' in value ? z.strictObject(shapeOf(value.parts)) : value.schema;
      return [value.name, schema.describe(value.description).optional()];
    }),
  );
}

/** Where the pod is and where it listens is for the manifests to say; what needs more than a flag, for a component. */
const NOT_FOR_PEOPLE = {
  kubeconfig: true,
  namespace: true,
  influxctl: true,
  'metrics-auth': true,
  'metrics-bind-address': true,
  'health-probe-bind-address': true,
} as const;

/** The flags as people may set them. */
export const flagValues = flags.omit(NOT_FOR_PEOPLE).partial();

const flagNames = new Map<unknown, string>(Object.entries(flagValues.shape).map(([name, schema]) => [schema, name]));

/** Gives a flag the help that `--help` gives, and lets it be a number or a truth, which YAML tells from strings as no command line does. */
function asFlag(zodSchema: unknown, json: z.core.JSONSchema.BaseSchema): void {
  const name = flagNames.get(zodSchema);
  if (name === undefined) return;
  const flag = FLAGS[name];
  const fallback = flag?.default ?? flag?.fallback;
  json.description = [flag?.help, fallback && `Default: ${fallback}`].filter(Boolean).join(' ');
  if (json.enum?.includes('true'))
    Object.assign(json, { type: ['string', 'boolean'], enum: [...json.enum, true, false] });
  if (json.pattern?.startsWith('^\\d')) Object.assign(json, { type: ['string', 'integer'] });
}
