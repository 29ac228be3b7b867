// The names that users and other tools meet: API group, finalizer, labels and annotations.

/** The API group of all our kinds. */
export const GROUP = 'influxtokens.dev';
/** The served and stored version. */
export const VERSION = 'v1alpha1';
/** `apiVersion` of all our kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Keeps an object until its token is revoked or let go. */
export const FINALIZER = `${GROUP}/revoke`;
/** Marks our Secrets; they are watched by it. Its value is `true`. */
export const MANAGED_LABEL = `${GROUP}/managed`;

/** The kinds that ask for a token. */
export const TOKEN_KINDS = ['DatabaseToken', 'ManagementToken'] as const;
/** A kind that asks for a token. */
export type TokenKind = (typeof TOKEN_KINDS)[number];

/** Plural resource names, as they stand in URLs and RBAC rules. */
export const PLURALS = {
  InfluxDBCluster: 'influxdbclusters',
  DatabaseToken: 'databasetokens',
  ManagementToken: 'managementtokens',
} as const;

/** Annotations that people write. */
export const REQUESTS = {
  /** On a token object: a new nonce rotates once. */
  rotate: `${GROUP}/rotate`,
  /** On a token object: as `rotate`, and the old token is revoked as soon as the Secret is written. */
  rotateImmediately: `${GROUP}/rotate-immediately`,
  /** On a token object or an InfluxDBCluster: lets go of tokens that cannot be revoked; the value is the reason. */
  abandon: `${GROUP}/abandon`,
  /** On an InfluxDBCluster: a new nonce lets a held inventory go on. */
  releaseInventory: `${GROUP}/release-inventory`,
} as const;
