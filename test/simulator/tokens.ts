// The tokens of the simulated cluster: those made here, and old ones that are made up while they are listed.

import { randomBytes, randomUUID } from 'node:crypto';
import type { Permission } from '../../src/influxdb/issuer.ts';

/** A token as the cluster knows it, and its string, which no answer but that of its creation shows. Instants are milliseconds since the Unix epoch. */
export interface SimulatedToken {
  readonly id: string;
  readonly description: string;
  readonly permissions: readonly Permission[];
  /** A management token: another kind, in lists of its own, which no data API takes. */
  readonly management?: true;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revokedAt?: number;
  /** From here on the data API takes the token. */
  readonly activeAt: number;
  /** Absent for an old token: its string is lost. */
  readonly string?: string;
}

/** What a creation states. */
export interface NewToken {
  readonly description: string;
  readonly permissions?: readonly Permission[];
  readonly management?: true;
  readonly expiresAt?: number;
}

/** What may be changed behind the operator's back; the API itself never changes an expiry. */
export type TokenChange = Partial<NewToken>;

/** How many entries a list is rendered in one go. */
const CHUNK = 500;
const OLD_ID = /^([0-9a-f]{8})-0000-4000-8000-000000000000$/;
const OLDEST = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;

/** Every change replaces the entry, so what was handed out before stays as it was. */
export class TokenStore {
  readonly #now: () => number;
  readonly #oldTokens: number;
  readonly #canary: string;
  readonly #tokens = new Map<string, SimulatedToken>();
  readonly #idsByString = new Map<string, string>();
  readonly #forgotten = new Set<string>();

  /** `canary` is the hex that the string of every token begins with, after `apiv1_`. */
  constructor(now: () => number, oldTokens: number, canary: string) {
    if (!/^[0-9a-f]{1,64}$/.test(canary)) throw new Error(`the canary must be 1 to 64 hex digits, not "${canary}"`);
    this.#now = now;
    this.#oldTokens = oldTokens;
    this.#canary = canary;
  }

  create({ description, permissions = [], management, expiresAt }: NewToken, activationDelay: number): SimulatedToken {
    const now = this.#now();
    const token: SimulatedToken & { readonly string: string } = {
      id: randomUUID(),
      description,
      permissions: sorted(permissions),
      ...(management && { management }),
      createdAt: now,
      ...(expiresAt !== undefined && { expiresAt }),
      activeAt: now + activationDelay,
      string: management ? managementString(this.#canary) : databaseString(this.#canary),
    };
    this.#tokens.set(token.id, token);
    this.#idsByString.set(token.string, token.id);
    return token;
  }

  get(id: string): SimulatedToken | undefined {
    if (this.#forgotten.has(id)) return undefined;
    return this.#tokens.get(id) ?? this.#old(id);
  }

  /** `undefined` when there is no such token. */
  update(id: string, { permissions, ...rest }: TokenChange): SimulatedToken | undefined {
    return this.#replace(id, { ...rest, ...(permissions && { permissions: sorted(permissions) }) });
  }

  /** The time of the first revocation stays. `undefined` when there is no such token. */
  revoke(id: string): SimulatedToken | undefined {
    return this.#replace(id, { revokedAt: this.get(id)?.revokedAt ?? this.#now() });
  }

  /** As if the token had never been. */
  forget(id: string): void {
    const string = this.#tokens.get(id)?.string;
    if (string !== undefined) this.#idsByString.delete(string);
    this.#tokens.delete(id);
    this.#forgotten.add(id);
  }

  findByString(string: string): SimulatedToken | undefined {
    const id = this.#idsByString.get(string);
    return id === undefined ? undefined : this.#tokens.get(id);
  }

  /** All tokens, live and revoked, but not the old ones that nobody touched. */
  all(): readonly SimulatedToken[] {
    return [...this.#tokens.values()];
  }

  /** Every token in bunches, old ones first, so that a list of hundreds of thousands costs no memory. */
  *bunches(): Generator<readonly SimulatedToken[]> {
    let bunch: SimulatedToken[] = [];
    for (const token of this.#every()) {
      bunch.push(token);
      if (bunch.length < CHUNK) continue;
      yield bunch;
      bunch = [];
    }
    yield bunch;
  }

  *#every(): Generator<SimulatedToken> {
    for (let index = 0; index < this.#oldTokens; index++) {
      const token = oldToken(index);
      if (!this.#tokens.has(token.id) && !this.#forgotten.has(token.id)) yield token;
    }
    yield* this.#tokens.values();
  }

  #old(id: string): SimulatedToken | undefined {
    const [, digits] = OLD_ID.exec(id) ?? [];
    const index = digits === undefined ? Infinity : Number.parseInt(digits, 16);
    return index < this.#oldTokens ? oldToken(index) : undefined;
  }

  #replace(id: string, change: Partial<SimulatedToken>): SimulatedToken | undefined {
    const token = this.get(id);
    if (!token) return undefined;
    const replacement = { ...token, ...change };
    this.#tokens.set(id, replacement);
    return replacement;
  }
}

function databaseString(canary: string): string {
  return `apiv1_${canary}${randomBytes(64).toString('hex').slice(canary.length)}`;
}

/** Of the form `M.V1.+5Jk...`: the list shows the first characters, so the canary begins behind them. */
function managementString(canary: string): string {
  return `M.V1.${randomBytes(3).toString('base64')}${canary}${randomBytes(48).toString('base64')}`;
}

/** Nine of ten are revoked, as in a cluster where somebody has rotated by hand for years. */
function oldToken(index: number): SimulatedToken {
  const createdAt = OLDEST + index * MINUTE;
  return {
    id: `${index.toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`,
    description: `Old token ${index}`,
    permissions: [{ action: 'read', resource: `old-${index % 100}` }],
    createdAt,
    activeAt: createdAt,
    ...(index % 10 !== 0 && { revokedAt: createdAt + MINUTE }),
  };
}

/** That the order is kept is documented nowhere, so it is not. */
function sorted(permissions: readonly Permission[]): readonly Permission[] {
  return permissions.toSorted(
    (a, b) => a.resource.localeCompare(b.resource, 'en') || a.action.localeCompare(b.action, 'en'),
  );
}
