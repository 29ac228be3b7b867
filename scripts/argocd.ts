// What Argo CD needs to know of our kinds, from the Lua files in deploy/argocd/resource_customizations: they have the layout of Argo CD's
// own, and are put into its ConfigMap until they are part of it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { GROUP, type PLURALS, type TokenKind } from '../src/resources/group.ts';

/** A kind of ours. */
export type Kind = keyof typeof PLURALS;

/** All of them. */
export const KINDS: readonly Kind[] = ['InfluxDBCluster', 'DatabaseToken', 'ManagementToken'];

/** Where the customizations are, from the root of the repository. */
export const CUSTOMIZATIONS = `deploy/argocd/resource_customizations/${GROUP}`;

/** The kind whose files are written by hand, and the one that gets the same. */
const ORIGINAL: TokenKind = 'DatabaseToken';
const COPY: TokenKind = 'ManagementToken';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The scripts of a kind. */
export interface Customization {
  readonly health: string;
  readonly discovery: string;
  /** By name, sorted. */
  readonly actions: Readonly<Record<string, string>>;
}

/** Reads the scripts of a kind. */
export function customizationOf(kind: Kind): Customization {
  const folder = `${CUSTOMIZATIONS}/${kind}`;
  const actions = actionNames(kind).map((name) => [name, read(`${folder}/actions/${name}/action.lua`)] as const);
  return {
    health: read(`${folder}/health.lua`),
    discovery: read(`${folder}/actions/discovery.lua`),
    actions: Object.fromEntries(actions),
  };
}

/** The files of ManagementToken: token objects are judged alike. */
export function copiedCustomizations(): { path: string; content: string }[] {
  const scripts = [
    'health.lua',
    'actions/discovery.lua',
    ...actionNames(ORIGINAL).map((name) => `actions/${name}/action.lua`),
  ];
  return scripts.map((script) => ({
    path: `${CUSTOMIZATIONS}/${COPY}/${script}`,
    content: read(`${CUSTOMIZATIONS}/${ORIGINAL}/${script}`),
  }));
}

/** What is merged into Argo CD's own ConfigMap: the keys are those of its documentation, "Custom Health Checks" and "Resource Actions". */
export function argocdConfigMap(): object {
  const kinds: readonly (readonly [Kind, Kind])[] = [
    ['InfluxDBCluster', 'InfluxDBCluster'],
    [ORIGINAL, ORIGINAL],
    [COPY, ORIGINAL],
  ];
  const data = kinds.flatMap(([kind, source]) => {
    const { health, discovery, actions } = customizationOf(source);
    const definitions = Object.entries(actions).map(([name, script]) => ({ name, 'action.lua': script }));
    return [
      [`resource.customizations.health.${GROUP}_${kind}`, health],
      [
        `resource.customizations.actions.${GROUP}_${kind}`,
        dump({ 'discovery.lua': discovery, definitions }, { lineWidth: -1 }),
      ],
    ] as const;
  });
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd' },
    data: Object.fromEntries(data),
  };
}

function actionNames(kind: Kind): string[] {
  return readdirSync(join(root, CUSTOMIZATIONS, kind, 'actions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'testdata')
    .map(({ name }) => name)
    .sort();
}
