// Makes CustomResourceDefinitions of the schemas. Only `npm run generate` and tests import this file; the operator does not.

import * as z from 'zod';
import { tokenTransitionRules } from './common.ts';
import { databaseTokenSpec } from './database-token.ts';
import { GROUP, PLURALS, VERSION } from './group.ts';
import { clusterStatus, influxDBClusterSpec } from './influxdb-cluster.ts';
import { managementTokenSpec } from './management-token.ts';
import { celValidation, type CelValidation, type TransitionRule } from './schema.ts';
import { tokenStatus } from './status.ts';

/** A structural schema (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/), as far as we use it. */
export interface StructuralSchema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description?: string;
  readonly format?: string;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly default?: unknown;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-validations'?: readonly CelValidation[];
}

/** A column of `kubectl get`. One of priority 1 is shown with `-o wide`. */
interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  readonly priority?: number;
}

interface Kind {
  readonly name: keyof typeof PLURALS;
  readonly shortName: string;
  readonly scope: 'Cluster' | 'Namespaced';
  readonly description: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  readonly transitionRules: readonly TransitionRule[];
  readonly columns: readonly Column[];
}

const READY: readonly Column[] = [
  { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  { name: 'Status', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
];
const AGE: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

// Type `date` is printed as an age, and `<invalid>` when it lies ahead; so what lies ahead is of type string.
const TOKEN_COLUMNS: readonly Column[] = [
  ...READY,
  { name: 'Secret', type: 'string', jsonPath: '.status.secretName' },
  { name: 'Expires', type: 'string', jsonPath: '.status.token.expiresAt' },
  AGE,
  { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterRef.name', priority: 1 },
  { name: 'Token-ID', type: 'string', jsonPath: '.status.token.id', priority: 1 },
  { name: 'Rotates', type: 'string', jsonPath: '.status.nextRotation', priority: 1 },
];

const KINDS: readonly Kind[] = [
  {
    name: 'InfluxDBCluster',
    shortName: 'idbc',
    scope: 'Cluster',
    description:
      "Where an InfluxDB cluster is, the operator's credential for it, and who may ask for which tokens. Only administrators should be able to write it.",
    spec: influxDBClusterSpec,
    status: clusterStatus,
    transitionRules: [],
    columns: [
      ...READY,
      { name: 'URL', type: 'string', jsonPath: '.spec.url' },
      { name: 'Tokens', type: 'integer', jsonPath: '.status.tokens' },
      AGE,
    ],
  },
  {
    name: 'DatabaseToken',
    shortName: 'idbt',
    scope: 'Namespaced',
    description:
      'A token that reads or writes databases of an InfluxDB cluster. The operator issues it, writes it to a Secret of this namespace, renews it when asked to, and revokes it when this object is deleted.',
    spec: databaseTokenSpec,
    status: tokenStatus,
    transitionRules: tokenTransitionRules,
    columns: TOKEN_COLUMNS,
  },
  {
    name: 'ManagementToken',
    shortName: 'imt',
    scope: 'Namespaced',
    description:
      'A token for the Management API of an InfluxDB cluster: it can do everything but read and write data, so treat its Secret as root access. Fields and conditions are those of a DatabaseToken. This version of the operator checks it and does not issue it yet, which its condition says.',
    spec: managementTokenSpec,
    status: tokenStatus,
    transitionRules: tokenTransitionRules,
    columns: TOKEN_COLUMNS,
  },
];

/** A CustomResourceDefinition of ours. */
export type CustomResourceDefinition = ReturnType<typeof customResourceDefinition>;

/** The CRDs of all kinds. */
export const customResourceDefinitions = (): CustomResourceDefinition[] => KINDS.map(customResourceDefinition);

function customResourceDefinition(kind: Kind) {
  const plural = PLURALS[kind.name];
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: {
        kind: kind.name,
        listKind: `${kind.name}List`,
        plural,
        singular: kind.name.toLowerCase(),
        shortNames: [kind.shortName],
        categories: ['influxdb'],
      },
      scope: kind.scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: objectSchema(kind) },
        },
      ],
    },
  };
}

function objectSchema(kind: Kind): StructuralSchema {
  const rules = kind.transitionRules.map((rule) => celValidation(rule));
  return {
    description: kind.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `The version of this schema: ${GROUP}/${VERSION}.` },
      kind: { type: 'string', description: `${kind.name}.` },
      // The API server bounds names itself; a rule that reads one has to be told, or it counts as too expensive.
      metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 253 } } },
      spec: { ...structuralSchema(kind.spec), description: 'What is wanted. The operator never writes it.' },
      status: {
        ...structuralSchema(kind.status),
        description: 'What is the case. Written by the operator alone.',
        // Until the operator has looked, tools that follow kstatus see an object in progress rather than a finished one.
        default: { observedGeneration: -1 },
      },
    },
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

function structuralSchema(schema: z.ZodType): StructuralSchema {
  const json = z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    override: ({ jsonSchema }) => {
      // The API server checks `date-time` itself; zod's pattern for it is a page long.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      // JavaScript's limits, where none is given.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return structural.parse(json);
}

const structural: z.ZodType<StructuralSchema> = z.looseObject({
  type: z.enum(['object', 'array', 'string', 'integer', 'boolean']),
  get properties() {
    return z.exactOptional(z.record(z.string(), structural));
  },
});
