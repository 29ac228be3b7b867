// An issuer in memory that a test can hold back and make fail.

import type { CreatedToken, TokenInfo, TokenIssuer, TokenList, TokenRequest } from '../../src/influxdb/issuer.ts';
import { TokenString } from '../../src/influxdb/token-string.ts';
import type { ClusterConnection } from '../../src/reconcilers/cluster-connection.ts';
import { markDescription } from '../../src/tokens/marker.ts';
import { id, INSTALLATION, nonce, NOW } from '../builders.ts';

type Operation = 'list' | 'create' | 'get' | 'revoke';

/** Tokens by id. */
export class MemoryIssuer implements TokenIssuer {
  clockSkew = 0;
  credentialEnd: number | undefined;
  readonly tokens = new Map<string, TokenInfo>();
  /** What was asked for, in order: `list`, `create`, `get <id>`, `revoke <id>`. */
  readonly asked: string[] = [];
  /** Called at each request; what it throws, or rejects with, is the answer. */
  interfere: (operation: Operation, id: string) => Promise<void> | void = () => undefined;

  /** Puts a live token of an object there; answers its id. */
  add(id: string, objectUID: string, change: Partial<TokenInfo> = {}): string {
    const marker = { installation: INSTALLATION, uid: objectUID, attempt: nonce(1) };
    const description = markDescription('metrics/telegraf', marker);
    this.tokens.set(id, { id, description, permissions: [], createdAt: NOW, ...change });
    return id;
  }

  /** Ids of live tokens. */
  get live(): string[] {
    return [...this.tokens.values()].filter(({ revokedAt }) => revokedAt === undefined).map(({ id }) => id);
  }

  count(operation: Operation): number {
    return this.asked.filter((asked) => asked.split(' ')[0] === operation).length;
  }

  async list(keep: (token: TokenInfo) => boolean, signal?: AbortSignal, containing = ''): Promise<TokenList> {
    this.asked.push('list');
    const all = [...this.tokens.values()];
    await this.interfere('list', '');
    signal?.throwIfAborted();
    const tokens = all.filter((token) => token.description.includes(containing) && keep(token));
    return { tokens, total: all.length };
  }

  async create(request: TokenRequest, signal?: AbortSignal): Promise<CreatedToken> {
    this.asked.push('create');
    const created = id(this.tokens.size + 1);
    await this.interfere('create', created);
    signal?.throwIfAborted();
    const info = { id: created, ...request, createdAt: NOW };
    this.tokens.set(created, info);
    return { info, string: new TokenString(`apiv1_${created}`) };
  }

  async get(id: string, signal?: AbortSignal): Promise<TokenInfo | undefined> {
    this.asked.push(`get ${id}`);
    await this.interfere('get', id);
    signal?.throwIfAborted();
    return this.tokens.get(id);
  }

  async revoke(id: string): Promise<boolean> {
    this.asked.push(`revoke ${id}`);
    await this.interfere('revoke', id);
    const token = this.tokens.get(id);
    if (token !== undefined) this.tokens.set(id, { ...token, revokedAt: NOW });
    return token !== undefined;
  }
}

/** A connection to a cluster whose issuer is this one. */
export function connectionTo(issuer: TokenIssuer, close: () => void = () => undefined): ClusterConnection {
  return {
    issuers: { DatabaseToken: issuer },
    missing: {},
    probe: async () => ({ kind: 'accepted' }),
    useCredential: () => undefined,
    close: async () => close(),
  };
}
