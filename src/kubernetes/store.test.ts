import { describe, expect, test } from '@jest/globals';
import { compareResourceVersions } from './resource-version.ts';
import { objectKey, Store, type StoreChange } from './store.ts';

interface Thing {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly colours: readonly string[];
}

function thing(name: string, version: number, { uid = `${name}-1`, colours = [] as string[] } = {}): Thing {
  return { metadata: { name, namespace: 'ns', uid, resourceVersion: String(version) }, colours };
}

/** A store that was listed at version 10, and what its listener hears from then on. */
function listed(...objects: Thing[]): { store: Store<Thing>; heard: StoreChange<Thing>[] } {
  const store = new Store<Thing>();
  store.beginList('10');
  for (const object of objects) store.list(object);
  store.endList('10');
  const heard: StoreChange<Thing>[] = [];
  store.onChange((change) => heard.push(change));
  return { store, heard };
}

test('a key is namespace and name, or the name alone', () => {
  expect(objectKey({ metadata: { namespace: 'a', name: 'b' } })).toBe('a/b');
  expect(objectKey({ metadata: { name: 'b' } })).toBe('b');
});

test('resource versions are compared as integers of any length', () => {
  const inOrder = ['1', '9', '10', '99', '100', '9007199254740993', '9007199254740994'];
  expect(inOrder.toReversed().sort(compareResourceVersions)).toEqual(inOrder);
  expect(compareResourceVersions('42', '42')).toBe(0);
});

describe('a store', () => {
  test('is synced when its first list is complete, and stays so', () => {
    const store = new Store<Thing>();
    store.beginList('10');
    store.list(thing('a', 3));
    expect(store.synced).toBe(false);
    store.endList('10');
    expect(store.synced).toBe(true);
    store.beginList('11');
    expect(store.synced).toBe(true);
  });

  test('tells its listeners what was before and what is now', () => {
    const { store, heard } = listed(thing('a', 3));
    store.change({ type: 'put', object: thing('a', 11) });
    store.change({ type: 'put', object: thing('b', 12) });
    store.change({ type: 'delete', object: thing('a', 13) });
    expect(heard).toEqual([
      { key: 'ns/a', before: thing('a', 3), after: thing('a', 11) },
      { key: 'ns/b', after: thing('b', 12) },
      { key: 'ns/a', before: thing('a', 11) },
    ]);
    expect([...store.values()]).toEqual([thing('b', 12)]);
    expect(store.size).toBe(1);
  });

  test('tells a listener nothing after it has left', () => {
    const { store } = listed();
    const heard: unknown[] = [];
    store.onChange((change) => heard.push(change))();
    store.change({ type: 'put', object: thing('a', 11) });
    expect(heard).toEqual([]);
  });

  test('shows an object with another uid as a deletion and a creation', () => {
    const { store, heard } = listed(thing('a', 3));
    store.change({ type: 'put', object: thing('a', 11, { uid: 'a-2' }) });
    expect(heard).toEqual([
      { key: 'ns/a', before: thing('a', 3) },
      { key: 'ns/a', after: thing('a', 11, { uid: 'a-2' }) },
    ]);
  });

  test('drops what a new list no longer contains, and says nothing of what did not change', () => {
    const { store, heard } = listed(thing('a', 3), thing('b', 4));
    store.beginList('20');
    store.list(thing('b', 4));
    expect(store.get('ns/a')).toBeDefined();
    store.endList('20');
    expect(heard).toEqual([{ key: 'ns/a', before: thing('a', 3) }]);
  });
});

describe('our own write', () => {
  test('is read back before the watch tells of it, and its echo says nothing', () => {
    const { store, heard } = listed(thing('a', 3));
    store.observe(thing('a', 11));
    expect(store.get('ns/a')).toEqual(thing('a', 11));
    store.change({ type: 'put', object: thing('a', 11) });
    expect(heard).toHaveLength(1);
  });

  test('is known by its version when the watch comes to it, and only then', () => {
    const { store, heard } = listed(thing('a', 3));
    store.observe(thing('a', 11));
    expect(store.confirm('12')).toBe(false);
    expect(store.confirm('11')).toBe(true);
    expect(store.confirm('11')).toBe(false);
    expect(heard).toHaveLength(1);
    // From now on it is what the watch said: a bookmark does not drop it.
    store.advance('20');
    expect(store.get('ns/a')).toEqual(thing('a', 11));
  });

  test('is not undone by an older event', () => {
    const { store } = listed(thing('a', 3));
    store.observe(thing('a', 12));
    store.change({ type: 'put', object: thing('a', 11) });
    expect(store.get('ns/a')).toEqual(thing('a', 12));
  });

  test('does not bring back an object that was deleted since', () => {
    const { store } = listed(thing('a', 3));
    store.change({ type: 'delete', object: thing('a', 12) });
    store.observe(thing('a', 11));
    expect(store.get('ns/a')).toBeUndefined();
  });

  test('outlives a list that is older, and not one that is newer', () => {
    const { store } = listed();
    store.observe(thing('a', 25));
    store.beginList('20');
    store.endList('20');
    expect(store.get('ns/a')).toEqual(thing('a', 25));
    store.beginList('30');
    store.endList('30');
    expect(store.get('ns/a')).toBeUndefined();
  });

  test('that does not belong to the collection is dropped when the watch has come as far', () => {
    const { store } = listed();
    store.observe(thing('a', 11));
    store.advance('11');
    expect(store.get('ns/a')).toBeUndefined();
  });
});

describe('our own deletion', () => {
  test('hides the object at once, whatever older events and answers still say', () => {
    const { store, heard } = listed(thing('a', 3));
    store.observeDeletion(thing('a', 3));
    store.change({ type: 'put', object: thing('a', 11) });
    store.observe(thing('a', 12));
    expect(store.get('ns/a')).toBeUndefined();
    store.change({ type: 'delete', object: thing('a', 13) });
    expect(heard).toEqual([{ key: 'ns/a', before: thing('a', 3) }]);
  });

  test('does not hide a new object of that name', () => {
    const { store } = listed(thing('a', 3));
    store.observeDeletion(thing('a', 3));
    store.observe(thing('a', 14, { uid: 'a-2' }));
    expect(store.get('ns/a')).toEqual(thing('a', 14, { uid: 'a-2' }));
  });
});

test('after etcd was restored from a backup, the older state is the truth, even of what was deleted', () => {
  const { store } = listed(thing('a', 3), thing('b', 9));
  store.observeDeletion(thing('a', 3));
  store.observe(thing('c', 11));
  store.beginList('5');
  store.list(thing('a', 3));
  store.endList('5');
  expect([...store.values()]).toEqual([thing('a', 3)]);
  store.change({ type: 'put', object: thing('a', 6) });
  expect(store.get('ns/a')).toEqual(thing('a', 6));
});

describe('an index', () => {
  test('finds objects by any of their values, and follows changes and deletions', () => {
    const { store } = listed(thing('a', 3, { colours: ['red', 'blue'] }));
    store.addIndex('colour', ({ colours }) => colours);
    const names = (colour: string): string[] => store.byIndex('colour', colour).map(({ metadata }) => metadata.name);
    expect(names('red')).toEqual(['a']);
    store.change({ type: 'put', object: thing('b', 11, { colours: ['red'] }) });
    expect(names('red')).toEqual(['a', 'b']);
    store.change({ type: 'put', object: thing('a', 12, { colours: ['green'] }) });
    expect(names('red')).toEqual(['b']);
    expect(names('blue')).toEqual([]);
    store.change({ type: 'delete', object: thing('b', 13) });
    expect(names('red')).toEqual([]);
    expect(names('green')).toEqual(['a']);
  });

  test('that does not exist is an error', () => {
    expect(() => new Store<Thing>().byIndex('colour', 'red')).toThrow('the store has no index "colour"');
  });
});
