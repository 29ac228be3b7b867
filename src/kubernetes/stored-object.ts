// What an object must have to be kept in a store.

/** The identity and version of an object; the API server sets all of it. */
export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    /** Tells an object from an earlier one of the same name. */
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** An object's key in stores and queues: `namespace/name`, or `name` when it is cluster-scoped. */
export function objectKey(object: {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}): string {
  const { name, namespace } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
