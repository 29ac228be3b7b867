// Where a resource is found in the Kubernetes API.

/** What a path is made of; see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris. */
export interface ResourceAddress {
  /** API group; `''` is the core group. */
  readonly group: string;
  readonly version: string;
  /** The resource's plural name, in lower case. */
  readonly plural: string;
  /** Left out for cluster-scoped resources, and to mean all namespaces. */
  readonly namespace?: string;
  /** Left out to mean the whole collection. */
  readonly name?: string;
  /** `status`, for example; needs a name. */
  readonly subresource?: string;
}

/** The URL path of a resource or collection. Every part is encoded, so that no name can point anywhere else. */
export function resourcePath(address: ResourceAddress): string {
  const { group, version, plural, namespace, name, subresource } = address;
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(plural);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  return `/${parts.map(encodePart).join('/')}`;
}

/** URL parsers resolve dot segments even when they are percent-encoded, so these two can never be a name. */
function encodePart(part: string): string {
  if (part === '' || part === '.' || part === '..')
    throw new TypeError(`"${part}" cannot be a part of a resource path`);
  return encodeURIComponent(part);
}
