// A tree as the text of a Helm template.

import { dump } from 'js-yaml';
import type { Condition, Item, Json, Tree } from './tree.ts';

/** The namespace in the manifests; in the chart it is the release's. */
export const NAMESPACE = 'influxtokens-system';

/** Template and lines alike; `holds` is what is known to hold where it stands, so that no condition is asked twice. */
export function templateLines(tree: Tree, holds: readonly Condition[] = []): string[] {
  switch (tree.kind) {
    case 'map':
      return tree.entries.flatMap((entry) => under(entry, holds, (known) => entryLines(entry.key, entry.node, known)));
    case 'list':
      return tree.items.flatMap((item) => under(item, holds, (known) => itemLines(item.node, known)));
    case 'scalar':
      return [scalar(tree.value)];
    case 'expression':
      return [`{{ ${tree.expression} }}`];
    case 'lines':
      return [...tree.lines];
  }
}

function entryLines(key: string, node: Tree, holds: readonly Condition[]): string[] {
  if (node.kind === 'map' || node.kind === 'list') return [`${key}:`, ...indented(templateLines(node, holds))];
  if (node.kind === 'scalar') return plain({ [key]: node.value });
  return templateLines(node, holds).map((line) => `${key}: ${line}`);
}

function itemLines(node: Tree, holds: readonly Condition[]): string[] {
  if (node.kind === 'lines') return [...node.lines];
  if (node.kind === 'scalar') return plain([node.value]);
  const [first = '', ...rest] = templateLines(node, holds);
  // A directive would hide the dash from YAML.
  if (first.startsWith('{{-')) throw new Error(`the first field of a list item depends on a value: ${first}`);
  return [`- ${first}`, ...indented(rest)];
}

/** The lines, in an `if` unless it goes without saying. */
function under(item: Item, holds: readonly Condition[], lines: (holds: readonly Condition[]) => string[]): string[] {
  const when = item.when.some((condition) => holds.includes(condition)) ? [] : item.when;
  const condition = conditionOf(when, item.unless);
  // Where one of several holds nobody knows which.
  const known = when.length === 1 ? [...holds, ...when] : holds;
  return condition === undefined ? lines(known) : conditional(condition, lines(known));
}

/** Lines that are there only where an expression is true. */
export function conditional(expression: string, lines: readonly string[]): string[] {
  return [`{{- if ${expression} }}`, ...lines, '{{- end }}'];
}

function conditionOf(when: readonly Condition[], unless: readonly Condition[]): string | undefined {
  const any = (conditions: readonly Condition[]): string =>
    conditions.length === 1 ? `${conditions[0]}` : `or ${conditions.join(' ')}`;
  if (unless.length === 0) return when.length === 0 ? undefined : any(when);
  const not = `not (${any(unless)})`;
  return when.length === 0 ? not : `and (${any(when)}) (${not})`;
}

function scalar(value: Json): string {
  return plain(value).join('\n');
}

/** YAML that Helm leaves as it is, but for the namespace. */
function plain(value: Json): string[] {
  return templateText(dump(value, { noRefs: true, lineWidth: -1 }).trimEnd()).split('\n');
}

/** Text of YAML as text of a template: braces of its own are kept from Helm, and the namespace becomes the release's. */
export function templateText(yaml: string): string {
  return yaml
    .replaceAll('{{', '{{ "{{" }}')
    .replaceAll(new RegExp(`(?<=: )${NAMESPACE}$`, 'gm'), '{{ $.Release.Namespace | quote }}')
    .replaceAll(NAMESPACE, '{{ $.Release.Namespace }}');
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' || line.startsWith('{{-') ? line : `  ${line}`));
}
