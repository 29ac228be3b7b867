// The manifests of deploy/ on their way into the chart, and what components and values do to them.

import { conditional, templateLines } from './template.ts';
import { entryAt, patch, treeOf, type Condition, type Entry, type Json, type Tree } from './tree.ts';
import { CONTAINER, type Field, type Value } from './values.ts';
import type { Folder, Manifest } from './kustomization.ts';

/** A manifest of the chart. */
export interface Part {
  /** Of the template that it stands in. */
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  readonly tree: Tree;
  /** It is there while all of these hold and none of `unless`. */
  readonly when: readonly Condition[];
  readonly unless: Condition[];
}

/** The manifests of a folder; `when` tells of each file what it depends on, or that it is left out. */
export function partsOf(
  { resources }: Folder,
  directory: string,
  when: (file: string) => readonly Condition[] | 'never',
): Part[] {
  return [...resources].flatMap(([file, manifests]) => {
    const conditions = when(file);
    if (conditions === 'never') return [];
    return manifests.map((manifest) => ({
      file: `${directory}${file}`,
      kind: manifest.kind,
      name: manifest.metadata.name,
      tree: treeOf(manifest),
      when: conditions,
      unless: [],
    }));
  });
}

/** Lets a component's patches work where its condition holds. */
export function applyPatches(parts: readonly Part[], patches: readonly Manifest[], condition: Condition): void {
  for (const { $patch: directive, ...changes } of patches) {
    const part = partFor(parts, { kind: changes.kind, name: changes.metadata.name });
    if (directive === 'delete') part.unless.push(condition);
    else patch(part.tree, changes, condition);
  }
}

/** What the manifests have where a value goes. */
export function presentValue(parts: readonly Part[], { name, fields: [field] }: Value): Json {
  const tree = field && fieldEntry(parts, field).node;
  if (tree === undefined) throw new Error(`the value ${name} has neither a default nor a field`);
  return plainValue(tree);
}

/** Puts a value of the chart into its fields. A field that the manifest does not have is there once the value is set. */
export function bind(parts: readonly Part[], { fields }: Value, reference: string): void {
  for (const field of fields) {
    const entry = fieldEntry(parts, field);
    if (entry.node.kind === 'scalar' && entry.node.value === null) entry.when.push(reference);
    entry.node = { kind: 'expression', expression: field.expression ?? `toJson ${reference}` };
  }
}

/** Flags go to the operator as variables, where those of components are merged by name; then what else people want there. */
export function addVariables(parts: readonly Part[]): void {
  const env = fieldEntry(parts, { kind: 'Deployment', path: [...CONTAINER, 'env'] }).node;
  if (env.kind !== 'list') throw new Error('the container has no variables');
  env.items.push({ node: { kind: 'lines', lines: VARIABLES }, when: [], unless: [] });
}

const VARIABLES = [
  '{{- range $name, $value := $.Values.flags }}',
  '- name: INFLUXTOKENS_{{ $name | upper | replace "-" "_" }}',
  '  value: {{ join "," $value | quote }}',
  '{{- end }}',
  '{{- range $.Values.env }}',
  '- {{ toJson . }}',
  '{{- end }}',
];

/** The text of a part, a document of its own. */
export function partLines({ tree, when, unless }: Part): string[] {
  const conditions = [...when, ...unless.map((condition) => `(not ${condition})`)];
  const lines = ['---', ...templateLines(tree, when)];
  if (conditions.length === 0) return lines;
  return conditional(conditions.length === 1 ? `${conditions[0]}` : `and ${conditions.join(' ')}`, lines);
}

function fieldEntry(parts: readonly Part[], field: Field): Entry {
  return entryAt(partFor(parts, field).tree, field.path);
}

function partFor(parts: readonly Part[], { kind, name }: { readonly kind: string; readonly name?: string }): Part {
  const found = parts.filter((part) => part.kind === kind && (name === undefined || part.name === name));
  const [part] = found;
  if (part === undefined || found.length > 1) throw new Error(`${found.length} manifests are a ${kind} ${name ?? ''}`);
  return part;
}

function plainValue(tree: Tree): Json {
  switch (tree.kind) {
    case 'scalar':
      return tree.value;
    case 'map':
      return Object.fromEntries(tree.entries.map(({ key, node }) => [key, plainValue(node)]));
    case 'list':
      return tree.items.map(({ node }) => plainValue(node));
    case 'expression':
    case 'lines':
      throw new Error('what a value decides has no value of its own');
  }
}
