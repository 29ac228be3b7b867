// Every generated file. A new one is one more entry.

import { dump } from 'js-yaml';
import { customResourceDefinitions } from '../src/resources/crd.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { conditionsPage } from './pages/conditions.ts';
import { flagsPage } from './pages/flags.ts';
import { metricsPage } from './pages/metrics.ts';
import { resourcesPage } from './pages/resources.ts';

/** A file that is made from sources. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: string;
}

/** All of them, as they should be now. */
export function generatedFiles(): GeneratedFile[] {
  const definitions = customResourceDefinitions();
  const manifests = definitions.map((definition) => ({
    name: `${definition.spec.group}_${definition.spec.names.plural}.yaml`,
    content: yaml(definition),
  }));
  return [
    ...manifests.map(({ name, content }) => ({ path: `crds/${name}`, content })),
    { path: 'crds/kustomization.yaml', content: kustomization(manifests.map(({ name }) => name)) },
    { path: 'deploy/components/monitoring/dashboard.json', content: dashboard() },
    { path: 'docs/reference/conditions.md', content: conditionsPage() },
    { path: 'docs/reference/flags.md', content: flagsPage() },
    { path: 'docs/reference/metrics.md', content: metricsPage() },
    { path: 'docs/reference/resources.md', content: resourcesPage(definitions) },
  ];
}

const HEADER = '# Made by "npm run generate"; edit src/resources instead.\n';

function yaml(value: unknown): string {
  return HEADER + dump(value, { noRefs: true, lineWidth: -1 });
}

function kustomization(resources: readonly string[]): string {
  return yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
