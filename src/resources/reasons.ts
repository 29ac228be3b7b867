// The one catalogue of condition reasons: what each means, what causes it and what to do about it.

/**
 * What a reason says about an object:
 * - `good`: Ready=True.
 * - `underway`: Ready=False and Reconciling=True: this spec is not in effect yet.
 * - `stalled`: Ready=False and Stalled=True: a person must act.
 * - `retrying`: as `underway`; but while a live token stands that matches the spec, Ready stays as it was and only Synced=False carries the reason.
 * - `suspended`: Ready keeps its status (a new object: False) and carries the reason.
 */
export type ReasonClass = 'good' | 'underway' | 'stalled' | 'retrying' | 'suspended';

interface ReasonEntry {
  readonly class: ReasonClass;
  readonly meaning: string;
  readonly cause: string;
  readonly remedy: string;
}

/** The remedy of what is as it should be. */
export const NOTHING_TO_DO = 'Nothing to do.';

/** Every reason that Ready of a DatabaseToken, ManagementToken or InfluxDBCluster may carry. */
export const REASONS = {
  Issued: {
    class: 'good',
    meaning: 'The token is live and its string is in the Secret.',
    cause: 'The data API accepted the token, or no probe is possible for it.',
    remedy: NOTHING_TO_DO,
  },
  IssuedUnverified: {
    class: 'good',
    meaning: 'The token was issued and written, but the data API gave no verdict on it.',
    cause: 'The probe got neither success nor 401 for 5 minutes: the data API is unreachable or failing.',
    remedy: 'Check spec.dataURL of the InfluxDBCluster, or set its activationProbe to Disabled.',
  },
  Rotating: {
    class: 'good',
    meaning: 'The token in the Secret works; its successor is on the way.',
    cause: 'A renewal or a requested rotation is under way.',
    remedy: NOTHING_TO_DO,
  },
  Issuing: {
    class: 'underway',
    meaning: 'The token is being created.',
    cause: 'The object is new, or its token has to be issued again.',
    remedy: 'Wait a moment.',
  },
  Updating: {
    class: 'underway',
    meaning: 'A changed spec is not in effect yet.',
    cause: 'Permissions, description, the end of the token or the keys of the Secret changed.',
    remedy: 'Wait a moment.',
  },
  Activating: {
    class: 'underway',
    meaning: 'The Secret is written; InfluxDB does not accept the token yet.',
    cause: 'A new token needs seconds to minutes to become active.',
    remedy: 'Wait; the operator probes until the data API takes the token.',
  },
  NotAccepted: {
    class: 'underway',
    meaning: 'The data API still answers 401 after 10 minutes.',
    cause: 'Activation is slow, or the database does not exist: the API also says 401 then.',
    remedy: 'Check that the named databases exist on the cluster and that spec.dataURL is its data API.',
  },
  Revoking: {
    class: 'underway',
    meaning: 'The object is being deleted; its token is not revoked yet.',
    cause: 'The cluster did not confirm the revocation yet.',
    remedy:
      'See the message; to let go of an unreachable cluster, annotate the object with influxtokens.dev/abandon: <reason>.',
  },
  InvalidSpec: {
    class: 'stalled',
    meaning: 'The spec, or that of its InfluxDBCluster, is not valid.',
    cause: 'The message names the field.',
    remedy: 'Correct the field.',
  },
  ClusterNotFound: {
    class: 'stalled',
    meaning: 'The InfluxDBCluster that clusterRef names does not exist.',
    cause: 'It was not created yet, or the name is wrong.',
    remedy: 'Create the InfluxDBCluster, or delete this object and create it with the right clusterRef.',
  },
  ClusterMismatch: {
    class: 'stalled',
    meaning: 'The cluster answers, but does not know any of the tokens that were issued on it.',
    cause: 'The URL points to another cluster, or the cluster was restored from an older state.',
    remedy:
      'Correct spec.url; if the old cluster is gone for good, annotate the InfluxDBCluster with influxtokens.dev/abandon: <reason>.',
  },
  AccessDenied: {
    class: 'stalled',
    meaning: 'No access rule of the InfluxDBCluster allows this token.',
    cause: 'The message says which rule came closest and what it lacks.',
    remedy: 'Ask for less, or have an administrator extend spec.access of the InfluxDBCluster.',
  },
  SecretConflict: {
    class: 'stalled',
    meaning: 'The Secret belongs to someone else.',
    cause: 'A Secret of that name exists and was not created for this object.',
    remedy: 'Delete that Secret, or delete this object and create it with another spec.secret.name.',
  },
  NotApplied: {
    class: 'stalled',
    meaning: 'The cluster took a change but does not show it.',
    cause: 'The Management API answered success, and still reports the former permissions or description.',
    remedy: 'Look at the token on the cluster; change the spec to try again.',
  },
  Expired: {
    class: 'stalled',
    meaning: 'spec.expiresAt is in the past.',
    cause: 'The token has ended, as asked.',
    remedy: 'Set a later expiresAt, or use lifetime for a token that renews itself.',
  },
  Suspended: {
    class: 'suspended',
    meaning: 'Nothing is minted, changed or revoked.',
    cause: 'spec.suspend is true on the object or on its InfluxDBCluster.',
    remedy: 'Set suspend to false to go on.',
  },
  CredentialsMissing: {
    class: 'retrying',
    meaning: 'The credential of the InfluxDBCluster cannot be read.',
    cause: 'The Secret or its key is missing or empty, or holds a JSON document instead of a token string.',
    remedy:
      "Put the token string into the Secret that spec.credentials.secretRef names, in the operator's own namespace.",
  },
  CredentialsRejected: {
    class: 'retrying',
    meaning: 'The cluster refused the credential.',
    cause: 'The management token is wrong, expired or revoked.',
    remedy:
      "Put a valid management token into the Secret that spec.credentials.secretRef of the InfluxDBCluster names, in the operator's own namespace.",
  },
  ClusterUnreachable: {
    class: 'retrying',
    meaning: 'The Management API gives no usable answer.',
    cause: 'Network, DNS, TLS or the server itself; the message says which.',
    remedy: 'Check spec.url and spec.tls of the InfluxDBCluster, and whether the cluster is well.',
  },
  RateLimited: {
    class: 'retrying',
    meaning: 'Too many tokens were created for this object, or for new objects of its namespace, in too short a time.',
    cause:
      'Something makes each new token unusable, or writes the Secret each time before the operator does; the condition Synced and the Events say what. Or objects are deleted and created anew again and again.',
    remedy: 'Remove the cause; the message says when the next try is due. A changed spec allows one try at once.',
  },
  SecretRejected: {
    class: 'retrying',
    meaning: 'The API server refuses the Secret.',
    cause: 'A quota, an admission policy or missing RBAC; the message quotes it.',
    remedy: 'Make room for the Secret or allow it; the operator tries again by itself.',
  },
  NamespaceTerminating: {
    class: 'retrying',
    meaning: 'The namespace is being deleted.',
    cause: 'No Secret can be created in it any more.',
    remedy:
      'Nothing to do: the token is revoked when this object goes; create the object in another namespace to have a new one.',
  },
  InfluxctlMissing: {
    class: 'retrying',
    meaning: 'A management token was asked for, which only the influxctl command can create, and it cannot be run.',
    cause: 'The operator was started without --influxctl, or the command is missing, too old or not fit to run.',
    remedy:
      'Give the operator influxctl 2.10.0 or later, as docs/guides/management-tokens.md says; it tries again by itself.',
  },
  InternalError: {
    class: 'retrying',
    meaning: 'The operator met an error that it does not know.',
    cause:
      'The API server refuses a change of the object, or a defect of the operator; the message and the log have the details.',
    remedy: 'Allow what the message says is refused, or else report it; the operator tries again by itself.',
  },
  Connected: {
    class: 'good',
    meaning: 'The Management API answers and takes the credential.',
    cause: 'The last list of tokens succeeded.',
    remedy: NOTHING_TO_DO,
  },
} as const satisfies Record<string, ReasonEntry>;

/** The reason of a Ready condition. */
export type Reason = keyof typeof REASONS;

/** Whether a condition carries one of our reasons; status may have been written by anyone. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}
