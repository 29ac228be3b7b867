// As much of kustomize as our own folders use. What it does not know is an error, and a test holds the outcome against the real one.

import { basename, join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import { z } from 'zod';
import { isMap, type Json } from './tree.ts';

/** A manifest, or a patch to one. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly [key: string]: Json; readonly name: string };
  readonly [key: string]: Json;
}

/** What a folder makes and changes. */
export interface Folder {
  /** The comment at its beginning: what it is for. */
  readonly about: string;
  /** By the name of the file. */
  readonly resources: ReadonlyMap<string, readonly Manifest[]>;
  readonly patches: readonly Manifest[];
}

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.enum(['Kustomization', 'Component']),
  namespace: z.string().optional(),
  labels: z
    .array(z.strictObject({ pairs: z.record(z.string(), z.string()), includeTemplates: z.literal(true) }))
    .default([]),
  resources: z.array(z.string()).default([]),
  // Kind and name in it tell what a patch is for.
  patches: z.array(z.union([z.strictObject({ path: z.string() }), z.strictObject({ patch: z.string() })])).default([]),
  configMapGenerator: z
    .array(
      z.strictObject({
        name: z.string(),
        namespace: z.string().optional(),
        files: z.array(z.string()),
        options: z.strictObject({
          disableNameSuffixHash: z.literal(true),
          labels: z.record(z.string(), z.string()).default({}),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
      }),
    )
    .default([]),
});

/** Kinds without a namespace. */
const CLUSTER_SCOPED = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'Namespace',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Gives the text of a file: of one that is generated too, as it should be now. */
export type Read = (path: string) => string;

/** Reads a folder with a kustomization.yaml; throws when it holds what the chart cannot follow. */
export function readKustomization(folder: string, read: Read): Folder {
  const text = read(join(folder, 'kustomization.yaml'));
  const parsed = schema.safeParse(load(text));
  if (!parsed.success) throw new Error(`${folder}/kustomization.yaml: ${z.prettifyError(parsed.error)}`);
  const { namespace, labels, resources, patches, configMapGenerator } = parsed.data;
  const pairs = Object.assign({}, ...labels.map(({ pairs }) => pairs));
  const dress = (manifest: Manifest): Manifest => withNamespace(withLabels(manifest, pairs), namespace);
  const configMaps = configMapGenerator.map((made): [string, Manifest[]] => [
    `${made.name}.yaml`,
    [configMap(folder, made, read)],
  ]);
  const comment = text.split('\n').slice(
    0,
    text.split('\n').findIndex((line) => !line.startsWith('#')),
  );
  return {
    about: comment.map((line) => line.slice(1).trim()).join(' '),
    resources: new Map([
      ...resources.map((file): [string, Manifest[]] => [file, manifests(read(join(folder, file)), file).map(dress)]),
      ...configMaps,
    ]),
    patches: patches.flatMap((given) =>
      'path' in given ? manifests(read(join(folder, given.path)), given.path) : manifests(given.patch, folder),
    ),
  };
}

function manifests(text: string, from: string): Manifest[] {
  return loadAll(text).map((document) => {
    if (!isManifest(document)) throw new Error(`${from}: a document has no kind or no metadata.name`);
    return document;
  });
}

function isManifest(value: unknown): value is Manifest {
  return z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) }).safeParse(value).success;
}

function withLabels(manifest: Manifest, labels: Readonly<Record<string, string>>): Manifest {
  if (Object.keys(labels).length === 0) return manifest;
  const { metadata, spec } = manifest;
  const template = isMap(spec) ? spec['template'] : undefined;
  return {
    ...manifest,
    metadata: { ...metadata, labels: merged(metadata['labels'], labels) },
    ...(isMap(spec) && isMap(template) && { spec: { ...spec, template: labelled(template, labels) } }),
  };
}

function labelled(template: { readonly [key: string]: Json }, labels: Readonly<Record<string, string>>): Json {
  const { metadata = {}, ...rest } = template;
  const present = isMap(metadata) ? metadata : {};
  return { metadata: { ...present, labels: merged(present['labels'], labels) }, ...rest };
}

function merged(present: Json | undefined, labels: Readonly<Record<string, string>>): Json {
  return { ...(isMap(present) && present), ...labels };
}

function withNamespace(manifest: Manifest, namespace: string | undefined): Manifest {
  if (namespace === undefined) return manifest;
  const { metadata, subjects } = manifest;
  const { name, ...others } = metadata;
  return {
    ...manifest,
    metadata: CLUSTER_SCOPED.has(manifest.kind) ? metadata : { name, namespace, ...others },
    ...(Array.isArray(subjects) && { subjects: subjects.map((subject) => ({ ...subject, namespace })) }),
  };
}

function configMap(folder: string, made: z.output<typeof schema>['configMapGenerator'][number], read: Read): Manifest {
  const { name, namespace, files, options } = made;
  const data = files.map((file) => {
    const [, key, path] = /^(?:([^=]+)=)?(.+)$/.exec(file) ?? [];
    return [key ?? basename(file), read(join(folder, path ?? file))];
  });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      ...(Object.keys(options.labels).length > 0 && { labels: options.labels }),
      ...(Object.keys(options.annotations).length > 0 && { annotations: options.annotations }),
    },
    data: Object.fromEntries(data),
  };
}
