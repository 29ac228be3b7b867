// The flags: their names, words and defaults, from which parsing, the environment and the help all follow.

/** A flag as a person meets it. */
export interface Flag {
  /** What stands after the flag in the help; absent for a switch. */
  readonly placeholder?: string;
  /** One or more sentences for the help. */
  readonly help: string;
  /** The value as it would be written; absent when there is none. */
  readonly default?: string;
  /** What stands in the help in place of a default. */
  readonly fallback?: string;
  /** May be given several times. */
  readonly repeatable?: boolean;
}

/** The flags in the groups and the order of the help. */
export const FLAG_GROUPS = {
  'Where it works': {
    kubeconfig: {
      placeholder: 'PATH',
      help: 'The kubeconfig to use.',
      fallback: '$KUBECONFIG, then ~/.kube/config, then the service account of the pod',
    },
    namespace: {
      placeholder: 'NS',
      help: "The operator's own namespace: its credentials and its Lease are there.",
      fallback: '$POD_NAMESPACE, then influxtokens-system',
    },
    'watch-namespace': {
      placeholder: 'NS',
      help: 'Serve token objects of this namespace only. Repeat it for several; separate them by commas in the environment.',
      fallback: 'all namespaces',
      repeatable: true,
    },
    installation: {
      placeholder: 'ID',
      help: 'Marks our tokens in InfluxDB, so that several installations can share a cluster. Never change it while tokens exist.',
      fallback: 'a hash of the UID of kube-system and of --namespace',
    },
  },
  'How it works': {
    'leader-elect': {
      help: 'Let only one replica act at a time. Turn it off with --no-leader-elect.',
      default: 'true',
    },
    workers: { placeholder: 'N', help: 'How many objects are reconciled at the same time, 1 to 256.', default: '16' },
    'inventory-interval': {
      placeholder: 'DURATION',
      help: 'How often all tokens of each cluster are listed, to find orphans and changes made elsewhere.',
      default: '10m',
    },
    'minimum-lifetime': {
      placeholder: 'DURATION',
      help: 'The shortest spec.lifetime that is accepted: revoked tokens stay listed in InfluxDB for ever.',
      default: '1h',
    },
    influxctl: {
      placeholder: 'PATH',
      help: 'The influxctl command, 2.10.0 or later, for ManagementTokens; without it none is issued.',
    },
  },
  'How it is watched': {
    'metrics-bind-address': {
      placeholder: 'ADDRESS',
      help: 'Where /metrics is served; "0" turns it off.',
      default: ':8080',
    },
    'metrics-auth': {
      help: 'Serve /metrics only to those whom Kubernetes lets get the URL /metrics, by their bearer token.',
      default: 'false',
    },
    'health-probe-bind-address': {
      placeholder: 'ADDRESS',
      help: 'Where /healthz and /readyz are served; "0" turns them off.',
      default: ':8081',
    },
    'log-level': { placeholder: 'LEVEL', help: 'trace, debug, info, warn, error or fatal.', default: 'info' },
    'log-format': { placeholder: 'FORMAT', help: 'json for machines, pretty for people.', default: 'json' },
  },
  Help: {
    help: { help: 'Print this and exit.' },
    version: { help: 'Print the version and exit.' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Flag>>>>;

/** All flags by name. */
export const FLAGS: Readonly<Record<string, Flag>> = Object.assign({}, ...Object.values(FLAG_GROUPS));

/** The environment variable that stands for a flag: `log-level` is `INFLUXTOKENS_LOG_LEVEL`. */
export function environmentName(flag: string): string {
  return `INFLUXTOKENS_${flag.toUpperCase().replaceAll('-', '_')}`;
}
