// What people do to the objects and to the InfluxDBCluster.

import { REQUESTS } from '../../src/resources/group.ts';
import { noteReason } from './accounts.ts';
import { deleteObject, putObject } from './kubernetes.ts';
import { tokenObject, withAnnotation, withPermission, withSpec, type SpecChange } from './specs.ts';
import type { World } from './world.ts';

/** An action of a person on the object of this name, or on the InfluxDBCluster. */
export type PeopleAction = { readonly person: true; readonly name: string } & (
  | { readonly do: 'create'; readonly spec: SpecChange }
  | { readonly do: 'delete' }
  | { readonly do: 'permit'; readonly resource: string }
  | { readonly do: 'describe'; readonly description: string }
  | { readonly do: 'rename key'; readonly key: string }
  | { readonly do: 'lifetime'; readonly lifetime: string }
  | { readonly do: 'policy'; readonly policy: 'Revoke' | 'Retain' }
  | { readonly do: 'suspend'; readonly suspend: boolean }
  | { readonly do: 'rotate' }
  | { readonly do: 'rotate at once' }
  | { readonly do: 'deny'; readonly denied: boolean }
  | { readonly do: 'abandon' }
  | { readonly do: 'suspend cluster'; readonly suspended: boolean }
  | { readonly do: 'move data'; readonly dataURL: string }
  | { readonly do: 'withdrawal'; readonly withdrawal: 'Keep' | 'Revoke' }
);

/** Carries it out; answers what happened in words, or `undefined` when it makes no sense. */
export function people(w: World, action: PeopleAction): string | undefined {
  const { name } = action;
  switch (action.do) {
    case 'create':
      return create(w, name, action.spec);
    case 'suspend cluster':
      if (w.settings.suspended === action.suspended) return undefined;
      w.settings = { ...w.settings, suspended: action.suspended };
      return `the InfluxDBCluster is ${action.suspended ? 'suspended' : 'resumed'}`;
    case 'move data':
      if (w.settings.dataURL === action.dataURL) return undefined;
      w.settings = { ...w.settings, dataURL: action.dataURL };
      return `dataURL is ${action.dataURL} now`;
    case 'withdrawal':
      if (w.settings.withdrawal === action.withdrawal) return undefined;
      w.settings = { ...w.settings, withdrawal: action.withdrawal };
      return `accessWithdrawal is ${action.withdrawal} now`;
    case 'abandon':
      w.settings = { ...w.settings, abandon: 'the server was restored' };
      return 'an administrator lets go of what the server has lost';
    case 'deny':
      return deny(w, name, action.denied);
    case 'delete':
    case 'permit':
    case 'describe':
    case 'rename key':
    case 'lifetime':
    case 'policy':
    case 'suspend':
    case 'rotate':
    case 'rotate at once':
      return change(w, action);
  }
}

function create(w: World, name: string, spec: SpecChange): string | undefined {
  if (w.objects.has(name)) return undefined;
  const uid = `object-${w.serial + 1}`;
  putObject(w, name, tokenObject(w.settings, name, uid, w.now, spec));
  w.accounts.set(uid, { name, posts: 0, published: 0, reasons: 0, failures: 0 });
  const { kind, bornWithFinalizer } = w.settings;
  const born = bornWithFinalizer ? ', born with our finalizer' : '';
  return `${kind} ${name} is created as ${uid}${born}: ${JSON.stringify(spec)}`;
}

function deny(w: World, name: string, denied: boolean): string | undefined {
  if (w.settings.denied.includes(name) === denied) return undefined;
  const others = w.settings.denied.filter((other) => other !== name);
  w.settings = { ...w.settings, denied: denied ? [...others, name] : others };
  // With `accessWithdrawal: Revoke` it needs a new token when its access comes back.
  noteReason(w, w.objects.get(name)?.metadata.uid);
  return `access is ${denied ? 'withdrawn from' : 'granted to'} ${name}`;
}

function change(
  w: World,
  action: Exclude<PeopleAction, { do: 'create' | 'abandon' | 'suspend cluster' | 'move data' | 'withdrawal' | 'deny' }>,
): string | undefined {
  const { name } = action;
  const object = w.objects.get(name);
  if (object === undefined) return undefined;
  const { uid } = object.metadata;
  const apply = (spec: SpecChange): string => {
    putObject(w, name, withSpec(object, spec));
    return `the spec of ${name} changes: ${JSON.stringify(spec)}`;
  };
  switch (action.do) {
    case 'delete':
      deleteObject(w, name);
      return `${name} is deleted`;
    case 'permit': {
      const permitted = withPermission(object, action.resource);
      if (permitted === undefined) return undefined;
      putObject(w, name, permitted);
      return `${name} is to read ${action.resource}`;
    }
    case 'describe':
      // What cannot be changed in place needs another token.
      if (object.kind === 'ManagementToken') noteReason(w, uid);
      return apply({ description: action.description });
    case 'rename key':
      return apply({ secret: { ...object.spec.secret, keys: { token: action.key, url: 'url' } } });
    case 'policy':
      // Once the deletion is under way it is too late to ask for something else.
      if (object.metadata.deletionTimestamp !== undefined) return undefined;
      return apply({ deletionPolicy: action.policy });
    case 'suspend':
      return apply({ suspend: action.suspend });
    case 'lifetime':
      noteReason(w, uid);
      return apply({ lifetime: action.lifetime });
    case 'rotate':
    case 'rotate at once': {
      noteReason(w, uid);
      const key = action.do === 'rotate' ? REQUESTS.rotate : REQUESTS.rotateImmediately;
      putObject(w, name, withAnnotation(object, key, String(w.serial)));
      return `${name} is to ${action.do}`;
    }
  }
}
