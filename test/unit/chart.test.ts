import { describe, expect, test } from '@jest/globals';
import { templateLines, templateText } from '../../scripts/chart/template.ts';
import { entryAt, patch, treeOf, type Json, type Tree } from '../../scripts/chart/tree.ts';

const WITH = '$.Values.with.enabled';
const OTHER = '$.Values.other.enabled';

/** The template of a manifest with the patches of components, each under its condition. */
function template(manifest: Json, ...patches: readonly (readonly [Json, string])[]): string[] {
  const tree = treeOf(manifest);
  for (const [changes, condition] of patches) patch(tree, changes, condition);
  return templateLines(tree);
}

describe('a manifest in the chart', () => {
  test('that no component touches is the manifest', () => {
    expect(template({ a: 1, b: { c: ['d', { e: '' }], f: {} } })).toEqual([
      'a: 1',
      'b:',
      '  c:',
      '    - d',
      "    - e: ''",
      '  f: {}',
    ]);
  });

  test('gets what a component adds only with that component', () => {
    expect(template({ a: 1 }, [{ b: { c: 2 } }, WITH])).toEqual([
      'a: 1',
      `{{- if ${WITH} }}`,
      'b:',
      '  c: 2',
      '{{- end }}',
    ]);
  });

  test('has a field either as it is or as a component wants it', () => {
    expect(template({ a: 1 }, [{ a: 2 }, WITH])).toEqual([
      `{{- if ${WITH} }}`,
      'a: 2',
      '{{- end }}',
      `{{- if not (${WITH}) }}`,
      'a: 1',
      '{{- end }}',
    ]);
  });

  test('lacks what a component takes away, with that component', () => {
    expect(template({ a: 1, b: 2 }, [{ b: null }, WITH])).toEqual([
      'a: 1',
      `{{- if not (${WITH}) }}`,
      'b: 2',
      '{{- end }}',
    ]);
  });

  test('has what two components bring with either of them', () => {
    expect(template({ a: 1 }, [{ b: { c: 1 } }, WITH], [{ b: { c: 1 } }, OTHER])).toEqual([
      'a: 1',
      `{{- if or ${WITH} ${OTHER} }}`,
      'b:',
      `{{- if or ${WITH} ${OTHER} }}`,
      '  c: 1',
      '{{- end }}',
      '{{- end }}',
    ]);
  });

  test('has the items of a list that Kubernetes tells apart by name patched one by one, and new ones at the beginning', () => {
    const changes = {
      env: [
        { name: 'NEW', value: 'x' },
        { name: 'OLD', $patch: 'delete' },
      ],
    };
    expect(template({ env: [{ name: 'OLD', value: 'old' }] }, [changes, WITH])).toEqual([
      'env:',
      `{{- if ${WITH} }}`,
      '  - name: NEW',
      '    value: x',
      '{{- end }}',
      `{{- if not (${WITH}) }}`,
      '  - name: OLD',
      '    value: old',
      '{{- end }}',
    ]);
  });

  test('is not made where two components want the same field otherwise', () => {
    expect(() => template({ a: 1 }, [{ a: 2 }, WITH], [{ a: 3 }, OTHER])).toThrow('"a" is replaced by two components');
  });
});

test('braces that are YAML’s own do not reach Helm, and the namespace is that of the release', () => {
  expect(
    templateText('expr: "{{ $labels.pod }}"\nnamespace: influxtokens-system\nurl: a.influxtokens-system.svc'),
  ).toBe(
    [
      'expr: "{{ "{{" }} $labels.pod }}"',
      'namespace: {{ $.Release.Namespace | quote }}',
      'url: a.{{ $.Release.Namespace }}.svc',
    ].join('\n'),
  );
});

test('a value reaches a field through lists by name, and a field that is not there is made', () => {
  const tree: Tree = treeOf({ containers: [{ name: 'operator', image: 'a' }] });
  entryAt(tree, ['containers', 'operator', 'image']).node = { kind: 'expression', expression: 'toJson $.Values.image' };
  expect(entryAt(tree, ['containers', 'operator', 'resources', 'limits']).node).toEqual({
    kind: 'scalar',
    value: null,
  });
  expect(templateLines(tree)).toContain('    image: {{ toJson $.Values.image }}');
  expect(() => entryAt(tree, ['containers', 'another', 'image'])).toThrow('there is no item "another"');
});
