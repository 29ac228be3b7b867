// Which of two resource versions is the newer one.

/**
 * Negative when `a` is older than `b`, 0 when they are the same, positive when it is newer. Within one collection of one API
 * server, resource versions are decimal integers that grow with every change: so says KEP-5504 (stable in Kubernetes 1.35, and a
 * matter of conformance; true of every earlier release, as they are etcd's revisions). They may outgrow a double, hence strings:
 * without leading zeros the longer number is the greater one.
 */
export function compareResourceVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether `a` is newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  return compareResourceVersions(a, b) > 0;
}
