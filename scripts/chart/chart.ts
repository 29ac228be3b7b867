// The Helm chart, made from the manifests of deploy/: what kustomize builds from base and components, helm renders from values.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { z } from 'zod';
import type { CustomResourceDefinition } from '../../src/resources/crd.ts';
import { OPERATOR_VERSION } from '../../src/version.ts';
import { COMPONENT_SETTINGS, type ComponentSettings } from './components.ts';
import { readKustomization, type Folder, type Read } from './kustomization.ts';
import { addVariables, applyPatches, bind, partLines, partsOf, presentValue, type Part } from './parts.ts';
import { valuesSchema, valuesYaml, type Described } from './schema.ts';
import { conditional, templateText } from './template.ts';
import { entryAt, type Condition } from './tree.ts';
import { COMPONENTS, VALUES, type Value } from './values.ts';

/** A file of the chart. */
export interface ChartFile {
  /** Within the chart. */
  readonly path: string;
  readonly content: string;
}

const DEPLOY = join(import.meta.dirname, '../../deploy');
const HEADER =
  '# Made by "npm run generate" from deploy/base and deploy/components, where the reasons stand; edit those instead.';

interface Component extends Folder {
  /** Of deploy/components, and of the templates. */
  readonly folder: string;
  /** Below `components` in the values. */
  readonly name: string;
  readonly enabled: Condition;
  readonly settings: ComponentSettings;
}

/** All files of the chart, as they should be now. */
export function chartFiles(definitions: readonly CustomResourceDefinition[], read: Read): ChartFile[] {
  const components = readComponents(read);
  const parts = [
    ...partsOf(readKustomization(join(DEPLOY, 'base'), read), '', basePart),
    ...components.flatMap((component) =>
      partsOf(component, `components/${component.folder}/`, () => [component.enabled]),
    ),
  ];
  // Before any value goes where a default stands.
  const values = describeValues(parts, components);
  for (const { patches, enabled } of components) applyPatches(parts, patches, enabled);
  for (const value of VALUES) bind(parts, value, `$.Values.${value.name}`);
  for (const { name, settings } of components) {
    for (const value of settings.values ?? []) bind(parts, value, `$.Values.${COMPONENTS}.${name}.${value.name}`);
  }
  addVariables(parts);

  const templates = Map.groupBy(parts, ({ file }) => file);
  return [
    { path: 'Chart.yaml', content: `${HEADER}\n${dump(CHART, { lineWidth: -1 })}` },
    { path: 'values.yaml', content: `${HEADER}\n\n${valuesYaml(values)}` },
    { path: 'values.schema.json', content: valuesSchema(values) },
    { path: 'templates/crds.yaml', content: template(definitions.flatMap(definitionLines)) },
    ...[...templates].map(([file, of]) => ({ path: `templates/${file}`, content: template(of.flatMap(partLines)) })),
    ...components.flatMap((component) => watchedNamespaceTemplate(component, read)),
  ];
}

const CHART = {
  apiVersion: 'v2',
  name: 'influxdb-token-operator',
  description:
    'Makes InfluxDB Clustered tokens declarative: apply a token, get a Secret; delete it, and the token is revoked.',
  type: 'application',
  version: OPERATOR_VERSION,
  appVersion: OPERATOR_VERSION,
  // The CRDs need it, for the optional values in their rules. The suffix lets in the likes of v1.31.0-eks.
  kubeVersion: '>=1.29.0-0',
};

function readComponents(read: Read): Component[] {
  const folders = readdirSync(join(DEPLOY, 'components')).sort();
  const unknown = Object.keys(COMPONENT_SETTINGS).filter((folder) => !folders.includes(folder));
  if (unknown.length > 0) throw new Error(`deploy/components has no ${unknown.join(', no ')}`);
  return folders.map((folder) => {
    const name = folder.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const enabled = `$.Values.${COMPONENTS}.${name}.enabled`;
    const settings = COMPONENT_SETTINGS[folder] ?? {};
    return { ...readKustomization(join(DEPLOY, 'components', folder), read), folder, name, enabled, settings };
  });
}

const ENABLED: Described = {
  name: 'enabled',
  description: 'Off unless you want it.',
  schema: z.boolean(),
  default: false,
};

function basePart(file: string): readonly Condition[] | 'never' {
  // The release has a namespace already.
  if (file === 'namespace.yaml') return 'never';
  return file === 'user-roles.yaml' ? ['$.Values.userRoles.enabled'] : [];
}

function describeValues(parts: readonly Part[], components: readonly Component[]): Described[] {
  const describe = (value: Value): Described => ({ ...value, default: value.default ?? presentValue(parts, value) });
  const switches = components.map(({ name, about, settings }) => ({
    name,
    description: about,
    parts: [ENABLED, ...(settings.values ?? []).map(describe)],
  }));
  const description = 'The folders of deploy/components.';
  return [...VALUES.map(describe), { name: COMPONENTS, description, parts: switches }];
}

/** Upgraded with the release, and left when it goes: to delete a CRD is to delete all its objects, with nobody to revoke their tokens. */
function definitionLines(definition: CustomResourceDefinition): string[] {
  const { metadata, ...rest } = definition;
  const annotations = { 'helm.sh/resource-policy': 'keep' };
  const { apiVersion, kind, spec } = rest;
  const kept = { apiVersion, kind, metadata: { ...metadata, annotations }, spec };
  const text = templateText(dump(kept, { noRefs: true, lineWidth: -1 })).trimEnd();
  return conditional('$.Values.crds.enabled', ['---', ...text.split('\n')]);
}

/** What an overlay makes for each watched namespace. */
function watchedNamespaceTemplate({ name, enabled, settings }: Component, read: Read): ChartFile[] {
  const { perWatchedNamespace: folder } = settings;
  if (folder === undefined) return [];
  const parts = partsOf(readKustomization(join(DEPLOY, folder), read), '', () => []);
  for (const { tree } of parts) {
    entryAt(tree, ['metadata', 'namespace']).node = { kind: 'expression', expression: '$namespace | quote' };
  }
  const missing = `components.${name} needs flags.watch-namespace: the namespaces to work in`;
  const lines = conditional(enabled, [
    `{{- range $namespace := required ${JSON.stringify(missing)} (index $.Values.flags "watch-namespace") }}`,
    ...parts.flatMap(partLines),
    '{{- end }}',
  ]);
  return [{ path: `templates/${folder}.yaml`, content: template(lines) }];
}

function template(lines: readonly string[]): string {
  // A comment of the template, so that it is in no manifest.
  return `{{- /* ${HEADER.slice(2)} */}}\n${lines.join('\n')}\n`;
}
