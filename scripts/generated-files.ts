// Every generated file. A new one is one more entry.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { customResourceDefinitions } from '../src/resources/crd.ts';
import { chartFiles } from './chart/chart.ts';
import { dashboard } from './dashboard/dashboard.ts';
import { argocdConfigMap, copiedCustomizations } from './argocd.ts';
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

/** The folder of the Helm chart. */
export const CHART = 'deploy/helm/influxdb-token-operator';

/** All of them, as they should be now. */
export function generatedFiles(): GeneratedFile[] {
  const definitions = customResourceDefinitions();
  const manifests = definitions.map((definition) => ({
    name: `${definition.spec.group}_${definition.spec.names.plural}.yaml`,
    content: yaml(definition),
  }));
  const parts = [{ path: 'deploy/components/monitoring/dashboard.json', content: dashboard() }];
  return [
    ...manifests.map(({ name, content }) => ({ path: `crds/${name}`, content })),
    { path: 'crds/kustomization.yaml', content: kustomization(manifests.map(({ name }) => name)) },
    ...parts,
    ...chartFiles(definitions, readWith(parts)).map(({ path, content }) => ({ path: `${CHART}/${path}`, content })),
    ...copiedCustomizations(),
    { path: 'deploy/argocd/argocd-cm.yaml', content: yaml(argocdConfigMap(), 'deploy/argocd/resource_customizations') },
    { path: 'docs/reference/conditions.md', content: conditionsPage() },
    { path: 'docs/reference/flags.md', content: flagsPage() },
    { path: 'docs/reference/metrics.md', content: metricsPage() },
    { path: 'docs/reference/resources.md', content: resourcesPage(definitions) },
  ];
}

/** Reads what is in the repository, but what is generated itself as it should be now, so that one run is enough. */
function readWith(generated: readonly GeneratedFile[]): (path: string) => string {
  const fresh = new Map(generated.map(({ path, content }) => [join(ROOT, path), content]));
  return (path) => fresh.get(path) ?? readFileSync(path, 'utf8');
}

const ROOT = join(import.meta.dirname, '..');

function yaml(value: unknown, source = 'src/resources'): string {
  return `# Made by "npm run generate"; edit ${source} instead.\n${dump(value, { noRefs: true, lineWidth: -1 })}`;
}

function kustomization(resources: readonly string[]): string {
  return yaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources });
}
