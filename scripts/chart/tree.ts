// A manifest whose parts may depend on the values of the chart: kustomize's patches, each applied only where a value says so.

/** What YAML holds. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** When a part is there: a Go template expression, say `$.Values.networkPolicy.enabled`. */
export type Condition = string;

/** Part of a manifest. */
export type Tree =
  | { readonly kind: 'map'; readonly entries: Entry[] }
  | { readonly kind: 'list'; readonly items: Item[] }
  | { readonly kind: 'scalar'; readonly value: Json }
  /** A Go template expression that yields JSON, which is YAML too and needs no indentation. */
  | { readonly kind: 'expression'; readonly expression: string }
  /** Lines of a template, for a list whose length a value decides. */
  | { readonly kind: 'lines'; readonly lines: readonly string[] };

/** Something that is there while any of `when` holds (or always, when there is none) and none of `unless`. */
export interface Item {
  node: Tree;
  readonly when: Condition[];
  readonly unless: Condition[];
}

/** An item of a map. A key may stand in several entries that exclude each other. */
export interface Entry extends Item {
  readonly key: string;
}

/** By what field the items of a list are told apart when it is patched, as Kubernetes' own API types say; other lists are replaced whole. */
const MERGE_KEYS: Readonly<Record<string, string>> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
};

/** A manifest as a tree; with a condition, each part of it depends on that. */
export function treeOf(value: Json, condition?: Condition): Tree {
  const when = (): Pick<Item, 'when' | 'unless'> => ({ when: condition === undefined ? [] : [condition], unless: [] });
  if (isList(value) && value.length > 0) {
    return { kind: 'list', items: value.map((item) => ({ node: treeOf(item, condition), ...when() })) };
  }
  if (isMap(value) && Object.keys(value).length > 0) {
    const entries = Object.entries(value);
    return { kind: 'map', entries: entries.map(([key, of]) => ({ key, node: treeOf(of, condition), ...when() })) };
  }
  return { kind: 'scalar', value };
}

/** Applies a strategic merge patch where the condition holds. Two patches that replace the same thing are an error: neither would know of the other. */
export function patch(tree: Tree, changes: Json, condition: Condition): void {
  if (tree.kind !== 'map' || !isMap(changes)) throw new Error('a patch has to be a map, as the manifest is');
  for (const [key, value] of Object.entries(changes)) patchEntry(tree.entries, key, value, condition);
}

function patchEntry(entries: Entry[], key: string, value: Json, condition: Condition): void {
  const [entry, another] = entries.filter((entry) => entry.key === key);
  if (another !== undefined) throw new Error(`"${key}" is replaced by two components`);
  if (entry === undefined) {
    entries.push({ key, node: treeOf(value, condition), when: [condition], unless: [] });
    return;
  }
  const { node } = entry;
  const mergeKey = MERGE_KEYS[key];
  if (value === null) {
    entry.unless.push(condition);
  } else if (node.kind === 'map' && isMap(value)) {
    patch(node, value, condition);
    alsoWhen(entry, condition);
  } else if (node.kind === 'list' && isList(value) && mergeKey !== undefined) {
    patchList(node.items, value, mergeKey, condition);
    alsoWhen(entry, condition);
  } else if (node.kind !== 'scalar' || node.value !== value) {
    entry.unless.push(condition);
    entries.splice(entries.indexOf(entry), 0, { key, node: treeOf(value, condition), when: [condition], unless: [] });
  } else {
    alsoWhen(entry, condition);
  }
}

function patchList(items: Item[], changes: readonly Json[], mergeKey: string, condition: Condition): void {
  const added: Item[] = [];
  for (const change of changes) {
    if (!isMap(change)) throw new Error(`an item without "${mergeKey}" cannot be patched in`);
    const { $patch: directive, ...rest } = change;
    const item = items.find(({ node }) => scalarAt(node, mergeKey) === change[mergeKey]);
    if (item === undefined) {
      added.push({ node: treeOf(rest, condition), when: [condition], unless: [] });
    } else if (directive === 'delete') {
      item.unless.push(condition);
    } else {
      patch(item.node, rest, condition);
      alsoWhen(item, condition);
    }
  }
  // At the beginning, as kustomize does it.
  items.unshift(...added);
}

/** What another condition brought is there for this one too; what is always there stays so. */
function alsoWhen(item: Item, condition: Condition): void {
  if (item.when.length > 0) item.when.push(condition);
}

/**
 * The entry at a path, made where there is none; an item of a list is named by its merge key.
 * Throws when the way there leads through what does not exist.
 */
export function entryAt(tree: Tree, path: readonly string[]): Entry {
  const [key = '', ...rest] = path;
  if (tree.kind === 'list') {
    const item = tree.items.find(({ node }) => Object.values(MERGE_KEYS).some((by) => scalarAt(node, by) === key));
    if (item === undefined) throw new Error(`there is no item "${key}"`);
    return entryAt(item.node, rest);
  }
  if (tree.kind !== 'map') throw new Error(`there is nothing below which "${key}" could stand`);
  let entry = tree.entries.find((entry) => entry.key === key);
  if (entry === undefined) {
    entry = { key, node: rest.length === 0 ? treeOf(null) : { kind: 'map', entries: [] }, when: [], unless: [] };
    tree.entries.push(entry);
  }
  return rest.length === 0 ? entry : entryAt(entry.node, rest);
}

/** The plain value of a field; `undefined` when it has none. */
export function scalarAt(tree: Tree, key: string): Json | undefined {
  if (tree.kind !== 'map') return undefined;
  const node = tree.entries.find((entry) => entry.key === key)?.node;
  return node?.kind === 'scalar' ? node.value : undefined;
}

export function isMap(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
