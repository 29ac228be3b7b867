// Who may lead, decided from a Lease as it was seen; no I/O.

/** The part of coordination.k8s.io/v1 LeaseSpec that election uses; what else stands there is kept. Times are RFC 3339 with microseconds. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A coordination.k8s.io/v1 Lease. */
export interface Lease {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion?: string };
  readonly spec?: LeaseSpec;
}

/** A Lease, and for how long we have seen it stay the same. */
export interface SeenLease {
  readonly lease: Lease;
  /** Our own time of the last look. */
  readonly seenAt: number;
  /** Milliseconds, by our own time; times that stand in the Lease were written by other machines and are never compared. */
  readonly unchangedFor: number;
}

/** A candidate. */
export interface Candidate {
  /** Unique among processes, past ones included. */
  readonly identity: string;
  /** For how long, in milliseconds, others wait after our last sign of life. */
  readonly duration: number;
  /** Whether it believes to lead. */
  readonly leading: boolean;
}

/** What a candidate does next. */
export type ElectorStep =
  /** There is no Lease: make this spec into one (create-only). */
  | { readonly kind: 'create'; readonly spec: LeaseSpec }
  /** The Lease is ours, or free: write this spec, if it has not changed since. */
  | { readonly kind: 'update'; readonly spec: LeaseSpec }
  /** Somebody else leads. */
  | { readonly kind: 'wait'; readonly holder: string }
  /** We led, and somebody else does now, or took the Lease from us. */
  | { readonly kind: 'lost'; readonly holder: string };

/**
 * Adds one look. A look counts at most half the duration of the Lease: were our clock set forward by an hour, a leader who renews would still
 * be seen to renew before the time is up. Set back, it counts nothing.
 */
export function look(lease: Lease, before: SeenLease | undefined, now: number): SeenLease {
  const same = before !== undefined && JSON.stringify(before.lease.spec) === JSON.stringify(lease.spec);
  if (!same) return { lease, seenAt: now, unchangedFor: 0 };
  const passed = Math.min(Math.max(0, now - before.seenAt), durationOf(lease) / 2);
  return { lease, seenAt: now, unchangedFor: before.unchangedFor + passed };
}

/** The next step of a candidate that has seen this, `undefined` being no Lease. `now` in milliseconds since the Unix epoch. */
export function electorStep(seen: SeenLease | undefined, self: Candidate, now: number): ElectorStep {
  const time = new Date(now).toISOString().replace('Z', '000Z');
  const sign = { holderIdentity: self.identity, leaseDurationSeconds: self.duration / 1_000, renewTime: time };
  if (!seen) return { kind: 'create', spec: { ...sign, acquireTime: time, leaseTransitions: 0 } };
  const { spec } = seen.lease;
  const holder = spec?.holderIdentity ?? '';
  if (holder === self.identity) return { kind: 'update', spec: { ...spec, ...sign } };
  if (self.leading) return { kind: 'lost', holder };
  if (holder !== '' && seen.unchangedFor < durationOf(seen.lease)) return { kind: 'wait', holder };
  const leaseTransitions = (spec?.leaseTransitions ?? 0) + 1;
  return { kind: 'update', spec: { ...spec, ...sign, acquireTime: time, leaseTransitions } };
}

/** The holder's own duration, since only the holder knows how long it may go without a renewal. */
function durationOf(lease: Lease): number {
  return (lease.spec?.leaseDurationSeconds ?? 15) * 1_000;
}
