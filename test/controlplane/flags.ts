// The command lines of the control plane's processes, and what stands in the files they name. All paths are relative to its folder.

/** The files that are written before anything starts. */
export const files = {
  authority: 'ca.crt',
  serverCertificate: 'kube-apiserver.crt',
  serverKey: 'kube-apiserver.key',
  serviceAccountKey: 'service-account.key',
  serviceAccountPublicKey: 'service-account.pub',
  auditPolicy: 'audit-policy.json',
  adminKubeconfig: 'admin.kubeconfig',
  controllerManagerKubeconfig: 'kube-controller-manager.kubeconfig',
} as const;

/** Written by the API server, one JSON event a line. */
export const auditLog = 'audit.log';

/**
 * Who did what to which object, for every request; no bodies. Without RequestReceived, which would double the lines and says
 * nothing that the later stages do not say too.
 */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

// Unix sockets in the folder, so that no port can be taken and nobody else can connect. etcd insists on the form host:port;
// what it makes of it is a file of that name.
const etcdClients = 'unix://etcd:0';
const etcdPeers = 'unix://etcd-peer:0';

/** etcd, which need not survive a power cut. */
export function etcdFlags(): string[] {
  return [
    '--name=test',
    '--data-dir=etcd-data',
    `--listen-client-urls=${etcdClients}`,
    `--advertise-client-urls=${etcdClients}`,
    `--listen-peer-urls=${etcdPeers}`,
    `--initial-advertise-peer-urls=${etcdPeers}`,
    `--initial-cluster=test=${etcdPeers}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

/** The API server, with the features and admission plugins that it has by default. `more` comes last and so wins. */
export function apiServerFlags(port: number, more: readonly string[]): string[] {
  return [
    `--etcd-servers=${etcdClients}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    // Nobody reaches this server through a Service, and the loopback address may not stand in its Endpoints.
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.authority}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    // At 0, its default, a SIGTERM takes a minute: it waits for watches that nobody ends.
    '--shutdown-watch-termination-grace-period=1s',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${auditLog}`,
    // In megabytes; it is read as one file, so it must never be rotated.
    '--audit-log-maxsize=1000000',
    ...more,
  ];
}

/** The controllers without which the API server would not behave like a cluster's, and none that needs nodes. */
export function controllerManagerFlags(): string[] {
  const controllers = [
    'garbage-collector-controller',
    'namespace-controller',
    'serviceaccount-controller',
    'resourcequota-controller',
    'clusterrole-aggregation-controller',
  ];
  return [
    `--kubeconfig=${files.controllerManagerKubeconfig}`,
    `--controllers=${controllers.join(',')}`,
    '--use-service-account-credentials=false',
    '--leader-elect=false',
    '--secure-port=0',
    // The default of 20 requests a second makes the end of a namespace take seconds.
    '--kube-api-qps=500',
    '--kube-api-burst=500',
  ];
}
