// Builders that make what the plan looks at fit on one line: `given().issued().annotations({ … }).build()`.

import type { TokenInfo } from '../src/influxdb/issuer.ts';
import { TokenString } from '../src/influxdb/token-string.ts';
import { conditionsOf, rfc3339, type Verdict } from '../src/resources/conditions.ts';
import type { DatabaseToken, DatabaseTokenSpec } from '../src/resources/database-token.ts';
import { FINALIZER } from '../src/resources/group.ts';
import { layoutOf } from '../src/tokens/layout.ts';
import { objectReference, type Ledger } from '../src/tokens/ledger.ts';
import { NOTHING_LOOKED_AT } from '../src/tokens/learn.ts';
import { markDescription } from '../src/tokens/marker.ts';
import {
  NO_MEMORY,
  type ClusterView,
  type Memory,
  type Observed,
  type Pending,
  type SecretView,
} from '../src/tokens/observed.ts';
import { wantedOf } from '../src/tokens/wanted.ts';

/** When the stories of the tests begin, by our clock and by the server's. */
export const NOW = Date.UTC(2030, 0, 1);
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const INSTALLATION = 'cafe0123';
export const OBJECT_UID = '11111111-aaaa-4aaa-8aaa-111111111111';
export const CLUSTER_UID = '22222222-bbbb-4bbb-8bbb-222222222222';
export const SECRET_UID = '33333333-cccc-4ccc-8ccc-333333333333';

/** The id of the token with a number; the one that an issued object starts with is 1. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** The nonce of an attempt with a number. */
export function nonce(number: number): string {
  return number.toString(16).padStart(16, '0');
}

/** How the ledger of the object's own Secret names it. */
export const REFERENCE = objectReference('DatabaseToken', 'metrics', 'telegraf', OBJECT_UID);

/** A new object. */
const OBJECT: DatabaseToken = {
  apiVersion: 'influxtokens.dev/v1alpha1',
  kind: 'DatabaseToken',
  metadata: {
    name: 'telegraf',
    namespace: 'metrics',
    uid: OBJECT_UID,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: rfc3339(NOW - DAY),
  },
  spec: { permissions: [{ action: 'read', resource: 'sensors' }] },
};

/** What the Secret of this object is to look like. */
function layoutFor(object: DatabaseToken): string {
  return layoutOf({ spec: object.spec, wanted: wantedOf(object, object.spec), dataURL: 'https://data.example.com' });
}

/** The ledger of an issued object; its token is number 1, issued a day ago. */
export function aLedger(change: Partial<Ledger> = {}): Ledger {
  return {
    object: REFERENCE,
    clusterUID: CLUSTER_UID,
    tokenID: id(1),
    attempt: nonce(1),
    issuedAt: NOW - DAY,
    fence: 1,
    superseded: [],
    digest: 'sha256:00',
    layout: layoutFor(OBJECT),
    ...change,
  };
}

type PresentSecret = Extract<SecretView, { present: true }>;

/** A Secret of the object's name, as the watch shows it: ours, unless said otherwise. */
export function aSecret(change: Partial<PresentSecret> = {}): PresentSecret {
  return {
    present: true,
    seen: 'cached',
    uid: SECRET_UID,
    resourceVersion: '10',
    ledger: aLedger(),
    owners: ['DatabaseToken/telegraf'],
    ownerUIDs: [OBJECT_UID],
    terminating: false,
    foreignWriter: false,
    ...change,
  };
}

/** A Secret without our annotations. */
export function aForeignSecret(change: Partial<Omit<PresentSecret, 'ledger'>> = {}): PresentSecret {
  const { ledger: _, ...rest } = aSecret({ uid: 'foreign', owners: ['Deployment/web'], ownerUIDs: ['web'], ...change });
  return rest;
}

/** The server's words about the token with a number: live, and ours. */
export function serverToken(number: number, change: Partial<TokenInfo> = {}): TokenInfo {
  const marker = { installation: INSTALLATION, uid: OBJECT_UID, attempt: nonce(number) };
  return {
    id: id(number),
    description: markDescription('metrics/telegraf', marker),
    permissions: [{ action: 'read', resource: 'sensors' }],
    createdAt: NOW - DAY,
    ...change,
  };
}

/** A token with a number whose string is still in memory: the successor of token 1, to be probed before it is written. */
export function aPending(number: number, change: Partial<Pending> = {}): Pending {
  return {
    attempt: nonce(number),
    cause: 'rotate',
    created: { info: serverToken(number), string: new TokenString(`apiv1_${number}`) },
    issuedAt: NOW,
    base: { uid: SECRET_UID, ledger: aLedger() },
    clusterUID: CLUSTER_UID,
    superseded: [{ id: id(1) }],
    probeFirst: true,
    ...change,
  };
}

/** A cluster that is connected. */
export function aCluster(change: Partial<ClusterView> = {}): ClusterView {
  return {
    name: 'default',
    uid: CLUSTER_UID,
    canRevoke: true,
    suspended: false,
    withdrawal: 'Keep',
    probing: true,
    changesInPlace: true,
    clockSkew: 0,
    ...change,
  };
}

/** Why a cluster that does not answer is of no use. */
export const UNREACHABLE: Verdict = { reason: 'ClusterUnreachable', message: 'connection refused' };

/** Begins with a new object on a connected cluster. */
export function given(): Given {
  return new Given({
    installation: INSTALLATION,
    object: OBJECT,
    wanted: wantedOf(OBJECT, OBJECT.spec),
    layout: layoutFor(OBJECT),
    cluster: aCluster(),
    access: { allowed: true },
    namespaceTerminating: false,
    secret: { present: false, seen: 'cached' },
    memory: NO_MEMORY,
    looked: NOTHING_LOOKED_AT,
    nonce: nonce(0xf),
  });
}

/** What was observed, changed one fact at a time. */
export class Given {
  readonly #o: Observed;

  constructor(o: Observed) {
    this.#o = o;
  }

  build(): Observed {
    return this.#o;
  }

  /** Token 1 stands: finalizer, status and Secret are there, and this process has not looked at anything yet. */
  issued(ledger: Partial<Ledger> = {}): Given {
    const { tokenID, clusterUID, issuedAt, expiresAt, superseded } = aLedger(ledger);
    const { generation } = this.#o.object.metadata;
    const verdict: Verdict = {
      reason: 'Issued',
      message: `Token ${tokenID} is live; its string is in Secret telegraf.`,
    };
    return this.finalized()
      .secret(aSecret({ ledger: aLedger(ledger) }))
      .status({
        observedGeneration: generation,
        conditions: conditionsOf(verdict, [], generation, issuedAt),
        token: {
          id: tokenID,
          clusterUID,
          createdAt: rfc3339(issuedAt),
          ...(expiresAt === undefined ? {} : { expiresAt: rfc3339(expiresAt) }),
        },
        secretName: 'telegraf',
        ...(superseded.length === 0
          ? {}
          : { superseded: superseded.map(({ id, revokeAfter }) => ({ id, revokeAfter: rfc3339(revokeAfter) })) }),
      });
  }

  /** Gives the spec other fields. */
  spec(change: Partial<DatabaseTokenSpec>): Given {
    const { object } = this.#o;
    if (object.kind !== 'DatabaseToken') return this;
    const changed: DatabaseToken = { ...object, spec: { ...object.spec, ...change } };
    return this.with({ object: changed, wanted: wantedOf(changed, changed.spec), layout: layoutFor(changed) });
  }

  /** Changes the spec of an object that is there: the generation grows. */
  edited(change: Partial<DatabaseTokenSpec>): Given {
    return this.metadata({ generation: this.#o.object.metadata.generation + 1 }).spec(change);
  }

  /** The spec is not valid. */
  invalid(problem: string): Given {
    const { wanted: _, layout: __, ...rest } = this.#o;
    return new Given({ ...rest, problem });
  }

  metadata(change: Partial<DatabaseToken['metadata']>): Given {
    const { object } = this.#o;
    return this.with({ object: { ...object, metadata: { ...object.metadata, ...change } } });
  }

  annotations(annotations: Readonly<Record<string, string>>): Given {
    return this.metadata({ annotations });
  }

  finalized(): Given {
    return this.metadata({ finalizers: [FINALIZER] });
  }

  /** As the API server does it, a deletion makes a new generation. */
  deleted(): Given {
    const { generation } = this.#o.object.metadata;
    return this.metadata({ deletionTimestamp: rfc3339(NOW), generation: generation + 1 });
  }

  status(status: NonNullable<DatabaseToken['status']>): Given {
    return this.with({ object: { ...this.#o.object, status } });
  }

  /** Its Secret, as the watch shows it. */
  secret(secret: SecretView): Given {
    return this.with({ secret });
  }

  secretGone(): Given {
    return this.secret({ present: false, seen: 'cached' });
  }

  cluster(change: Partial<ClusterView>): Given {
    return this.with({ cluster: { ...(this.#o.cluster ?? aCluster()), ...change } });
  }

  noCluster(): Given {
    const { cluster: _, ...rest } = this.#o;
    return new Given(rest);
  }

  /** The cluster does not answer. */
  unreachable(): Given {
    return this.cluster({ hindrance: UNREACHABLE, canRevoke: false });
  }

  /** A list of the tokens taken a while ago. */
  inventory(tokens: readonly TokenInfo[], at = NOW - MINUTE): Given {
    return this.cluster({ inventory: { begun: at, finished: at, knowsUs: true, tokens } });
  }

  denied(message = 'No access rule allows all of this token.'): Given {
    return this.with({ access: { allowed: false, message } });
  }

  memory(change: Partial<Memory>): Given {
    return this.with({ memory: { ...this.#o.memory, ...change } });
  }

  with(change: Partial<Observed>): Given {
    return new Given({ ...this.#o, ...change });
  }
}
