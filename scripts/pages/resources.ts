// The reference page of the resources: a table of fields for each kind, read from its CRD.

import type { CustomResourceDefinition, StructuralSchema } from '../../src/resources/crd.ts';
import { table } from './table.ts';

/** The page, in Markdown. */
export function resourcesPage(definitions: readonly CustomResourceDefinition[]): string {
  return [
    '<!-- Made by "npm run generate"; edit src/resources instead. -->',
    '# Resources',
    'What each field means, what it is when it is left out, and what is refused. `kubectl explain --recursive` tells the same.',
    'No field of `spec` is filled in or rewritten, neither by the API server nor by the operator: what is in Git is what is in the cluster.',
    'Durations are whole hours, minutes and seconds (`720h`, `1h30m`, `90s`); points in time are RFC 3339 (`2030-01-01T00:00:00Z`).',
    'The CRDs need Kubernetes 1.29 or later, for the optional values in their rules.',
    ...definitions.map(kindSection),
  ]
    .join('\n\n')
    .concat('\n');
}

function kindSection({ spec: { group, names, scope, versions } }: CustomResourceDefinition): string {
  return versions
    .map(({ name, schema: { openAPIV3Schema: schema } }) => {
      const { spec, status } = schema.properties ?? {};
      const scoped = scope === 'Namespaced' ? 'In a namespace' : 'Cluster-scoped';
      return [
        `## ${names.kind}`,
        schema.description,
        `${scoped}. \`apiVersion: ${group}/${name}\`; \`kubectl get ${names.shortNames.join(', ')}\`, or with the others \`kubectl get influxdb\`.`,
        fields('spec', spec),
        rules(schema),
        fields('status', status),
      ]
        .filter((part) => part !== '')
        .join('\n\n');
    })
    .join('\n\n');
}

interface Row {
  readonly path: string;
  readonly schema: StructuralSchema;
  readonly required: boolean;
}

function fields(path: string, schema: StructuralSchema = { type: 'object' }): string {
  const lines = rows(path, schema).map((row) => [
    `\`${row.path}\``,
    typeName(row.schema),
    row.required ? 'yes' : '',
    row.schema.description ?? '',
  ]);
  return table(['Field', 'Type', 'Required', 'Meaning'], lines);
}

/** The fields below a schema, in reading order. */
function rows(path: string, schema: StructuralSchema): Row[] {
  const { properties = {}, required = [], items } = schema;
  if (items !== undefined) return rows(`${path}[]`, items);
  return Object.entries(properties).flatMap(([name, child]) => {
    const row: Row = { path: `${path}.${name}`, schema: child, required: required.includes(name) };
    return [row].concat(rows(row.path, child));
  });
}

function typeName(schema: StructuralSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(' or ');
  if (schema.items !== undefined) return `list of ${typeName(schema.items)}`;
  if (schema.additionalProperties !== undefined) return `map to ${typeName(schema.additionalProperties)}`;
  return schema.format === 'date-time' ? 'point in time' : schema.type;
}

/** What is refused beyond the types: the messages of the rules, each once. */
function rules(schema: StructuralSchema): string {
  const fields = Map.groupBy(refusals('', schema), ({ message }) => message);
  const lines = [...fields].map(([message, of]) => `- ${of.map(({ field }) => `\`${field}\``).join(', ')} ${message}`);
  return ['What is refused, with the words of the API server:', lines.join('\n')].join('\n\n');
}

interface Refusal {
  readonly field: string;
  readonly message: string;
}

function refusals(path: string, schema: StructuralSchema): Refusal[] {
  const { properties = {}, items, 'x-kubernetes-validations': validations = [] } = schema;
  return [
    ...validations.map(({ message, fieldPath = '' }) => ({ field: `${path}${fieldPath}`.slice(1), message })),
    ...Object.entries(properties).flatMap(([name, child]) => refusals(`${path}.${name}`, child)),
    ...(items === undefined ? [] : refusals(`${path}[]`, items)),
  ];
}
