import { describe, expect, test } from '@jest/globals';
import { customResourceDefinitions, type StructuralSchema } from './crd.ts';

/** What a structural schema may hold, of what we use: the API server refuses or ignores anything else. */
const KNOWN = new Set(
  `type description format enum required properties additionalProperties items default
  minLength maxLength minItems maxItems maxProperties minimum maximum
  x-kubernetes-validations x-kubernetes-list-type x-kubernetes-list-map-keys x-kubernetes-map-type`.split(/\s+/),
);

interface Place {
  readonly path: string;
  readonly schema: StructuralSchema;
}

/** A schema and everything below it. */
function places(path: string, schema: StructuralSchema): Place[] {
  const { properties = {}, items, additionalProperties } = schema;
  return [
    { path, schema },
    ...Object.entries(properties).flatMap(([name, child]) => places(`${path}.${name}`, child)),
    ...(items ? places(`${path}[]`, items) : []),
    ...(additionalProperties ? places(`${path}{}`, additionalProperties) : []),
  ];
}

const all = customResourceDefinitions().flatMap(({ spec }) =>
  spec.versions.flatMap(({ schema }) => places(spec.names.kind, schema.openAPIV3Schema)),
);
const written = all.filter(({ path }) => /^\w+\.(spec|status)\b/.test(path));

/** The paths of the places that lack something. */
const lacking = (of: readonly Place[], has: (schema: StructuralSchema) => boolean): string[] =>
  of.filter(({ schema }) => !has(schema)).map(({ path }) => path);

describe('the CRDs', () => {
  test('describe every field', () => {
    const fields = written.filter(({ path }) => /\w$/.test(path));
    expect(fields.length).toBeGreaterThan(100);
    expect(lacking(fields, ({ description = '' }) => /^\S.*[.]$/.test(description))).toEqual([]);
  });

  test('hold nothing that a structural schema does not know', () => {
    expect(new Set(all.flatMap(({ schema }) => Object.keys(schema))).difference(KNOWN)).toEqual(new Set());
  });

  test('fill in nothing but the generation that was observed', () => {
    const defaults = all.filter(({ schema }) => 'default' in schema);
    expect(defaults.map(({ path }) => path.replace(/^\w+/, ''))).toEqual(['.status', '.status', '.status']);
    for (const { schema } of defaults) expect(schema.default).toEqual({ observedGeneration: -1 });
  });

  test('bound whatever can grow, which also bounds what rules cost', () => {
    const bounded = (schema: StructuralSchema): boolean => {
      if (schema.type === 'string') return 'maxLength' in schema || 'enum' in schema || schema.format === 'date-time';
      if (schema.type === 'array') return 'maxItems' in schema;
      return schema.additionalProperties === undefined || 'maxProperties' in schema;
    };
    expect(lacking(written, bounded)).toEqual([]);
  });

  test('say for every list how it is merged, by keys that are required', () => {
    const lists = written.filter(({ schema }) => schema.type === 'array');
    expect(lacking(lists, (schema) => 'x-kubernetes-list-type' in schema)).toEqual([]);
    expect(
      lacking(lists, ({ items, ...list }) => {
        const keys = list['x-kubernetes-list-map-keys'] ?? [];
        return keys.every((key) => items?.required?.includes(key));
      }),
    ).toEqual([]);
  });

  test('say in every message what to do', () => {
    const messages = all.flatMap(({ schema }) =>
      (schema['x-kubernetes-validations'] ?? []).map(({ message }) => message),
    );
    expect(new Set(messages).size).toBeGreaterThan(30);
    for (const message of messages) expect(message).toMatch(/^(must|needs|cannot) .*(;|such as|:)/);
  });

  test('are small enough for the annotation that kubectl apply keeps', () => {
    for (const definition of customResourceDefinitions())
      expect(JSON.stringify(definition).length).toBeLessThan(100_000);
  });
});
