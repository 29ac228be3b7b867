// As much of an API server as the reconcilers and the sweeper ask of one: objects by path, creates, patches, lists.

import { isDeepStrictEqual } from 'node:util';

import { KubernetesError, type KubernetesClient, type KubernetesRequest } from '../../src/kubernetes/client.ts';

/** An object by its path; whatever it holds beside metadata. */
export interface Kept {
  readonly [field: string]: unknown;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly [field: string]: unknown;
  };
}

interface Patched {
  readonly metadata?: { readonly uid?: string; readonly resourceVersion?: string; readonly annotations?: object };
}

interface Created {
  readonly metadata?: { readonly name?: string };
}

/** Objects in memory; every write is checked for uid and resourceVersion as the API server does. */
export class MemoryKubernetes implements KubernetesClient {
  readonly objects = new Map<string, Kept>();
  readonly requests: KubernetesRequest[] = [];
  /** Called at each request; what it throws is the answer. */
  interfere: (request: KubernetesRequest) => void = () => undefined;
  readonly #nextVersion: () => string;

  constructor(nextVersion: () => string) {
    this.#nextVersion = nextVersion;
  }

  /** Writes so far, as `METHOD path`. */
  get writes(): string[] {
    return this.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  async request<T>(request: KubernetesRequest): Promise<T> {
    this.requests.push(request);
    this.interfere(request);
    request.signal?.throwIfAborted();
    return JSON.parse(JSON.stringify(this.#answer(request)));
  }

  async stream(): Promise<AsyncIterable<Uint8Array>> {
    throw new KubernetesError('Unreadable', 'unknown', 'nothing is watched here');
  }

  #answer({ method, path, query, body, contentType }: KubernetesRequest): object {
    if (method === 'POST') return this.#create(path, asObject(body), query?.['dryRun'] === 'All');
    const at = path.replace(/\/status$/, '');
    const kept = this.objects.get(at);
    if (kept !== undefined && method === 'GET') return kept;
    if (kept === undefined && method === 'GET' && isCollection(path)) {
      const items = [...this.objects].filter(([other]) => isIn(path, other)).map(([, object]) => object);
      return { metadata: { resourceVersion: this.#nextVersion() }, items };
    }
    if (kept === undefined) throw new KubernetesError('NotFound', 'refused', `not found (${path})`, { status: 404 });
    const changed =
      contentType === 'application/json-patch+json' ? this.#swap(kept, body) : this.#merge(kept, asObject(body));
    const after = { ...changed, metadata: { ...changed.metadata, resourceVersion: this.#nextVersion() } };
    this.objects.set(at, after);
    return after;
  }

  #create(path: string, body: Created, dryRun: boolean): Kept {
    const { name = '' } = body.metadata ?? {};
    const at = `${path}/${name}`;
    if (this.objects.has(at)) {
      throw new KubernetesError('AlreadyExists', 'refused', `"${name}" already exists`, { status: 409 });
    }
    const metadata = { ...body.metadata, name, uid: `${name}-uid`, resourceVersion: this.#nextVersion() };
    const created = { ...body, metadata };
    if (!dryRun) this.objects.set(at, created);
    return created;
  }

  #merge(kept: Kept, { metadata = {} }: Patched): Kept {
    const conflict = (['uid', 'resourceVersion'] as const).some(
      (field) => metadata[field] !== undefined && metadata[field] !== kept.metadata[field],
    );
    if (conflict) throw new KubernetesError('Conflict', 'refused', 'the object has been modified', { status: 409 });
    const annotations = { ...asObject(kept.metadata['annotations']), ...metadata.annotations };
    return { ...kept, metadata: { ...kept.metadata, ...metadata, annotations } };
  }

  /** Knows `test` of metadata and `add` of a whole field. */
  #swap(kept: Kept, body: unknown): Kept {
    const after: Record<string, unknown> & Kept = { ...kept };
    for (const { op, path, value } of Array.isArray(body) ? body : []) {
      const [, first = '', second = ''] = String(path).split('/');
      const found = second === '' ? after[first] : after.metadata[second];
      if (op === 'add') Object.assign(after, { [first]: value });
      else if (!isDeepStrictEqual(found, value)) {
        const message = 'the server rejected our request due to an error in our request';
        throw new KubernetesError('Invalid', 'refused', message, { status: 422 });
      }
    }
    return after;
  }
}

function isCollection(path: string): boolean {
  return /\/(databasetokens|managementtokens|secrets)$/.test(path);
}

function isIn(collection: string, path: string): boolean {
  const everywhere = collection.includes('/namespaces/') ? path : path.replace(/\/namespaces\/[^/]+/, '');
  return everywhere.startsWith(`${collection}/`);
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
