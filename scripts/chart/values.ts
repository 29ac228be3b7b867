// The values of the chart apart from those of components: name, meaning, what is accepted, and where they go.

import { z } from 'zod';
import { flagValues } from './schema.ts';
import type { Json } from './tree.ts';

/** Where a value goes. */
export interface Field {
  readonly kind: string;
  /** Of the manifest; unless told, the only one of its kind. */
  readonly name?: string;
  /** An item of a list by its name. */
  readonly path: readonly string[];
  /** What is written there; unless told, the value as JSON. */
  readonly expression?: string;
}

/** A value of the chart. */
export interface Value {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType;
  /** Absent: what the manifest has at the first field. */
  readonly default?: Json;
  readonly fields: readonly Field[];
}

/** What the components' values stand below. */
export const COMPONENTS = 'components';

/** Where the pod is in the Deployment. */
export const POD = ['spec', 'template', 'spec'];
/** Where the container is in the Deployment. */
export const CONTAINER = [...POD, 'containers', 'operator'];

/** Objects of the Kubernetes API, which checks them itself. */
const object = z.looseObject({});
const objects = z.array(object);
const strings = z.record(z.string(), z.string());

const digest = z.string().regex(/^(sha256:[0-9a-f]{64})?$/);

const IMAGE =
  '$.Values.image.digest | empty | ternary (printf "%s:%s" $.Values.image.repository ($.Values.image.tag | default $.Chart.AppVersion)) (printf "%s@%s" $.Values.image.repository $.Values.image.digest) | quote';

/** In the order of values.yaml. */
export const VALUES: readonly Value[] = [
  {
    name: 'image',
    description:
      'The image to run. Without a tag it is that of the version of the chart; a digest (sha256:...) wins over both.',
    schema: z.strictObject({ repository: z.string().min(1), tag: z.string(), digest }).partial(),
    default: { repository: 'ghcr.io/influxdb-token-operator/influxdb-token-operator', tag: '', digest: '' },
    fields: [{ kind: 'Deployment', path: [...CONTAINER, 'image'], expression: IMAGE }],
  },
  ofPod('imagePullSecrets', 'For a registry that asks who you are.', objects, []),
  {
    name: 'replicas',
    description: 'How many pods. One works, any others stand by and take over within seconds.',
    schema: z.int().min(0),
    fields: [{ kind: 'Deployment', path: ['spec', 'replicas'] }],
  },
  {
    name: 'flags',
    description: 'Flags of the operator, without the dashes in front, say log-level: debug.',
    schema: flagValues,
    default: {},
    fields: [],
  },
  {
    name: 'env',
    description: 'More variables for the container, as in a Pod, say HTTPS_PROXY.',
    schema: z.array(z.looseObject({ name: z.string().min(1) })),
    default: [],
    fields: [],
  },
  {
    name: 'resources',
    description:
      'The heap may take 60 % of the memory limit. A limit on CPU would make a leader renew its Lease too late.',
    schema: object,
    fields: [{ kind: 'Deployment', path: [...CONTAINER, 'resources'] }],
  },
  {
    name: 'podAnnotations',
    description: 'Annotations of the pods.',
    schema: strings,
    default: {},
    fields: [{ kind: 'Deployment', path: ['spec', 'template', 'metadata', 'annotations'] }],
  },
  ofPod('nodeSelector', 'Where the pods may run.', strings, {}),
  ofPod('tolerations', 'Taints that they bear.', objects, []),
  ofPod('affinity', 'Where they would rather run.', object, {}),
  ofPod('topologySpreadConstraints', 'How they spread.', objects, []),
  ofPod('priorityClassName', 'How important they are.', z.string(), ''),
  onOff('userRoles', "Lets Kubernetes' own roles view, edit and admin read and write token objects."),
  onOff('crds', 'The CRDs come with the release. They stay when it goes: to delete them would delete all tokens.'),
];

/** A field of the pod that is there once the value is set. */
function ofPod(name: string, description: string, schema: z.ZodType, empty: Json): Value {
  return { name, description, schema, default: empty, fields: [{ kind: 'Deployment', path: [...POD, name] }] };
}

/** Something that is there unless somebody does not want it. */
function onOff(name: string, description: string): Value {
  return {
    name,
    description,
    schema: z.strictObject({ enabled: z.boolean() }),
    default: { enabled: true },
    fields: [],
  };
}
