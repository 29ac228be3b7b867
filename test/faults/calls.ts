// What the operator asks of others, told from method and path: by this a fault finds its call.

/** One request of the operator. */
export interface Call {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly body: string;
  /** For people and for tables: `POST secrets (dry run)`, `PATCH databasetokens/status`, `DELETE token`, `probe`. */
  readonly name: string;
  /** The Kubernetes object that it is about, as far as it is about one. */
  readonly namespace?: string;
  readonly object?: string;
  readonly watch: boolean;
  /** Of Kubernetes it changes something other than Leases and Events; or it goes to the Management API, whatever it does there. */
  readonly counts: boolean;
}

/** Reads a request. Paths of Kubernetes: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris */
export function callOf(method: string, path: string, body: string): Call {
  const { pathname, searchParams } = new URL(path, 'https://localhost');
  const management = /\/tokens(\/[^/]+)?$/.exec(pathname);
  if (pathname.startsWith('/api/v0/') && management) {
    const name = `${method} ${management[1] === undefined ? 'tokens' : 'token'}`;
    return { method, path, body, name, watch: false, counts: true };
  }
  const kubernetes =
    /^\/(?:api|apis\/[^/]+)\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname);
  if (kubernetes === null) return { method, path, body, name: 'probe', watch: false, counts: false };
  const [, namespace, resource = '', inPath, subresource] = kubernetes;
  const object = inPath ?? (method === 'POST' ? nameIn(body) : undefined);
  const dryRun = searchParams.get('dryRun') === 'All' ? ' (dry run)' : '';
  return {
    method,
    path,
    body,
    name: `${method} ${resource}${subresource === undefined ? '' : `/${subresource}`}${dryRun}`,
    ...(namespace === undefined ? {} : { namespace }),
    ...(object === undefined ? {} : { object }),
    watch: ['1', 'true'].includes(searchParams.get('watch') ?? ''),
    counts: method !== 'GET' && resource !== 'leases' && resource !== 'events',
  };
}

function nameIn(body: string): string | undefined {
  const { metadata }: { metadata?: { name?: string } } = JSON.parse(body);
  return metadata?.name;
}
