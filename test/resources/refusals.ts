// Manifests that have to be refused, and the words in which: the same table is held against the API server and the operator's own check.

import { cloudCluster, cluster, clusterWithRule, databaseToken, type Manifest, managementToken } from './manifests.ts';

/** One manifest that is not valid. */
export interface Refusal {
  readonly name: string;
  readonly manifest: Manifest;
  /** The field that is named. */
  readonly field: string;
  /** A part of the message, remedy included. */
  readonly message: string;
  /** What the operator says, where the API server has words of its own for it. */
  readonly ours?: string;
}

const permissions = (...resources: string[]): object[] => resources.map((resource) => ({ action: 'read', resource }));
const long = (length: number): string => 'x'.repeat(length);

const words: Refusal[] = [
  {
    name: 'a description of two lines',
    manifest: databaseToken({ description: 'one\ntwo' }),
    field: 'spec.description',
    message: 'must be one line without control characters; remove line breaks and tabs',
  },
  {
    name: 'a description with an escape sequence',
    manifest: databaseToken({ description: '\u001b[2Jcleared' }),
    field: 'spec.description',
    message: 'must be one line without control characters',
  },
  {
    name: 'a description that carries our marker',
    manifest: databaseToken({ description: 'stolen [influxtokens a/b/c]' }),
    field: 'spec.description',
    message: 'must not contain "[influxtokens ", by which the operator knows its own tokens; use other words',
  },
  {
    name: 'a description of 129 characters',
    manifest: databaseToken({ description: long(129) }),
    field: 'spec.description',
    message: 'Too long: may not be more than 128',
    ours: 'must have 1 to 128 characters',
  },
  {
    name: 'a description of a megabyte',
    manifest: databaseToken({ description: long(1_000_000) }),
    field: 'spec.description',
    message: 'Too long: may not be more than 128',
    ours: 'must have 1 to 128 characters',
  },
  {
    name: 'an empty description',
    manifest: databaseToken({ description: '' }),
    field: 'spec.description',
    message: 'should be at least 1 chars long',
    ours: 'must have 1 to 128 characters',
  },
  {
    name: 'a number for a description',
    manifest: databaseToken({ description: 7 }),
    field: 'spec.description',
    message: 'must be of type string',
  },
];

const schedules: Refusal[] = [
  {
    name: 'a lifetime in days',
    manifest: databaseToken({ lifetime: '30d' }),
    field: 'spec.lifetime',
    message: 'days are not known: for 30d write 720h',
  },
  ...['720', '1.5h', '-1h', '1h ', '123456h', '1h1h1h1h1h', 'P30D'].map((lifetime) => ({
    name: `a lifetime of "${lifetime}"`,
    manifest: databaseToken({ lifetime }),
    field: 'spec.lifetime',
    message: 'must be a duration of hours, minutes and seconds such as 720h',
  })),
  {
    name: 'a lifetime of nothing',
    manifest: databaseToken({ lifetime: '0h' }),
    field: 'spec.lifetime',
    message: 'must be longer than zero; write a duration such as 720h',
  },
  {
    name: 'a lifetime beside a fixed end',
    manifest: databaseToken({ lifetime: '720h', expiresAt: '2035-01-01T00:00:00Z' }),
    field: 'spec.expiresAt',
    message: 'must not stand beside lifetime; keep expiresAt for a fixed end, or lifetime for a token that is renewed',
  },
  {
    name: 'an end that is no point in time',
    manifest: databaseToken({ expiresAt: 'tomorrow' }),
    field: 'spec.expiresAt',
    message: 'must be of type date-time',
    ours: 'must be a point in time such as 2030-01-01T00:00:00Z',
  },
  {
    name: 'an end on a day that does not exist',
    manifest: databaseToken({ expiresAt: '2035-02-30T00:00:00Z' }),
    field: 'spec.expiresAt',
    message: 'must be of type date-time',
    ours: 'must be a point in time such as 2030-01-01T00:00:00Z',
  },
  {
    name: 'a renewal without a lifetime',
    manifest: databaseToken({ rotation: { renewBefore: '24h' } }),
    field: 'spec.rotation.renewBefore',
    message: 'needs lifetime, because only a token with a lifetime is renewed; set lifetime or remove renewBefore',
  },
  {
    name: 'a renewal of a token with a fixed end',
    manifest: databaseToken({ expiresAt: '2035-01-01T00:00:00Z', rotation: { renewBefore: '24h' } }),
    field: 'spec.rotation.renewBefore',
    message: 'needs lifetime',
  },
  {
    name: 'a renewal before the token is issued',
    manifest: databaseToken({ lifetime: '24h', rotation: { renewBefore: '25h' } }),
    field: 'spec.rotation.renewBefore',
    message: 'must be shorter than lifetime; remove it for a third of the lifetime',
  },
  {
    name: 'a renewal at the moment when the token is issued, in other units',
    manifest: databaseToken({ lifetime: '1h30m', rotation: { renewBefore: '5400s' } }),
    field: 'spec.rotation.renewBefore',
    message: 'must be shorter than lifetime',
  },
  {
    name: 'an overlap in weeks',
    manifest: managementToken({ rotation: { overlap: '2w' } }),
    field: 'spec.rotation.overlap',
    message: 'must be a duration of hours, minutes and seconds',
  },
];

const grants: Refusal[] = [
  {
    name: 'a DatabaseToken without permissions',
    manifest: databaseToken({ permissions: undefined }),
    field: 'spec.permissions',
    message: 'Required value',
    ours: 'is required; add it',
  },
  {
    name: 'an empty list of permissions',
    manifest: databaseToken({ permissions: [] }),
    field: 'spec.permissions',
    message: 'should have at least 1 items',
    ours: 'must have at least 1 entries',
  },
  {
    name: '257 permissions',
    manifest: databaseToken({ permissions: permissions(...Array.from({ length: 257 }, (_, index) => `db${index}`)) }),
    field: 'spec.permissions',
    message: 'must have at most 256 items',
    ours: 'must have at most 256 entries',
  },
  {
    name: 'the same permission twice',
    manifest: databaseToken({ permissions: permissions('sensors', 'sensors') }),
    field: 'spec.permissions[1]',
    message: 'Duplicate value',
    ours: 'has the same action and resource as an earlier entry: remove one',
  },
  {
    name: 'an action that does not exist',
    manifest: databaseToken({ permissions: [{ action: 'delete', resource: 'sensors' }] }),
    field: 'spec.permissions[0].action',
    message: 'supported values: "read", "write"',
    ours: 'must be one of "read", "write"; choose one',
  },
  {
    name: 'a permission on a pattern',
    manifest: databaseToken({ permissions: permissions('team-a-*') }),
    field: 'spec.permissions[0].resource',
    message: 'must be the name of one database, or "*" alone for every one; there are no patterns, list each database',
  },
  {
    name: 'a permission on a name of 65 characters',
    manifest: databaseToken({ permissions: permissions(long(65)) }),
    field: 'spec.permissions[0].resource',
    message: 'Too long: may not be more than 64',
    ours: 'must have 1 to 64 characters',
  },
  {
    name: 'a permission on a name with a line break',
    manifest: databaseToken({ permissions: permissions('sensors\n') }),
    field: 'spec.permissions[0].resource',
    message: 'must be one line without control characters',
  },
];

const secrets: Refusal[] = [
  {
    name: 'a cluster that no object can be called',
    manifest: databaseToken({ clusterRef: { name: 'Production' } }),
    field: 'spec.clusterRef.name',
    message: 'must be a Kubernetes name: lower-case letters',
  },
  {
    name: 'a reference to a cluster without its name',
    manifest: databaseToken({ clusterRef: {} }),
    field: 'spec.clusterRef.name',
    message: 'Required value',
    ours: 'is required; add it',
  },
  {
    name: 'a Secret in another namespace',
    manifest: databaseToken({ secret: { name: 'kube-system/telegraf' } }),
    field: 'spec.secret.name',
    message: 'must be a Kubernetes name',
  },
  {
    name: 'a key of the Secret with a space',
    manifest: databaseToken({ secret: { keys: { token: 'INFLUX TOKEN' } } }),
    field: 'spec.secret.keys.token',
    message: 'must be made of letters, digits, "-", "_" and ".", such as INFLUX_TOKEN',
  },
  {
    name: 'a key of the Secret that climbs out of its volume',
    manifest: databaseToken({ secret: { keys: { token: '..' } } }),
    field: 'spec.secret.keys.token',
    message: 'begin with at most one "."',
  },
  {
    name: 'two things on one key',
    manifest: databaseToken({ secret: { keys: { token: 'INFLUX', url: 'INFLUX' } } }),
    field: 'spec.secret.keys',
    message: 'must not put two things on one key',
  },
  {
    name: 'something else on the key that the token string has by default',
    manifest: managementToken({ secret: { keys: { tokenID: 'token' } } }),
    field: 'spec.secret.keys',
    message: 'without a key of its own, the token string is on "token"',
  },
  {
    name: 'the name of a database, of a token for every database',
    manifest: databaseToken({ permissions: permissions('*'), secret: { keys: { database: 'INFLUX_DATABASE' } } }),
    field: 'spec.secret.keys.database',
    message: 'needs a permission that names a database; name one in permissions or remove this key',
  },
  ...[
    'influxtokens.dev/managed',
    'sub.influxtokens.dev/x',
    'app.kubernetes.io/instance',
    'mykubernetes.io/x',
    'node.k8s.io/x',
    'argocd.argoproj.io/tracking-id',
    'kustomize.toolkit.fluxcd.io/name',
    'meta.helm.sh/release-name',
    'reflector.v1.k8s.emberstack.com/reflection-auto-enabled',
    'replicator.v1.mittwald.de/replicate-to',
    'kubed.appscode.com/sync',
  ].map((key) => ({
    name: `the label ${key} on the Secret`,
    manifest: databaseToken({ secret: { labels: { [key]: 'x' } } }),
    field: 'spec.secret.labels',
    message: 'must not have keys of influxtokens.dev, Kubernetes (*kubernetes.io, *k8s.io), or programs that deploy',
  })),
  {
    name: 'an annotation of ours on the Secret',
    manifest: databaseToken({ secret: { annotations: { 'influxtokens.dev/token-id': 'forged' } } }),
    field: 'spec.secret.annotations',
    message: 'use a domain of your own',
  },
  {
    name: 'a label whose key is none',
    manifest: databaseToken({ secret: { labels: { 'a b': 'x' } } }),
    field: 'spec.secret.labels',
    message: 'must have keys such as team or example.com/team',
  },
  {
    name: 'a label whose value is none',
    manifest: databaseToken({ secret: { labels: { 'example.com/team': '-a' } } }),
    field: 'spec.secret.labels[example.com/team]',
    message: 'must be the value of a label',
  },
  {
    name: '33 labels',
    manifest: databaseToken({
      secret: { labels: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`label-${index}`, 'x'])) },
    }),
    field: 'spec.secret.labels',
    message: 'must have at most 32 items',
    ours: 'must have at most 32 entries',
  },
  {
    name: 'a deletion policy that does not exist',
    manifest: databaseToken({ deletionPolicy: 'Delete' }),
    field: 'spec.deletionPolicy',
    message: 'supported values: "Revoke", "Retain"',
    ours: 'must be one of "Revoke", "Retain"; choose one',
  },
  {
    name: 'a word for a switch',
    manifest: databaseToken({ suspend: 'yes' }),
    field: 'spec.suspend',
    message: 'must be of type boolean',
  },
];

const urls: Refusal[] = [
  {
    name: 'a cluster without a URL',
    manifest: cluster({ url: undefined }),
    field: 'spec.url',
    message: 'Required value',
    ours: 'is required; add it',
  },
  {
    name: 'a host instead of a URL',
    manifest: cluster({ url: 'influxdb.example.com' }),
    field: 'spec.url',
    message: 'must begin with https://',
  },
  {
    name: 'a URL of another scheme',
    manifest: cluster({ dataURL: 'ftp://influxdb.example.com' }),
    field: 'spec.dataURL',
    message: 'must begin with https://',
  },
  {
    name: 'plaintext that nobody asked for',
    manifest: cluster({ url: 'http://influxdb.example.com' }),
    field: 'spec.url',
    message: 'anyone on the way can read the credential; for a test cluster set allowPlaintext: true',
  },
  {
    name: 'plaintext for the data that nobody asked for',
    manifest: cluster({ dataURL: 'http://influxdb.example.com', allowPlaintext: false }),
    field: 'spec.dataURL',
    message: 'for a test cluster set allowPlaintext: true',
  },
  ...[
    'https://admin:secret@influxdb.example.com',
    'https://influxdb.example.com?a=b',
    'https://influxdb.example.com/#a',
  ].map((url) => ({
    name: `the URL ${url}`,
    manifest: cluster({ url }),
    field: 'spec.url',
    message: 'must not have a user name, a query or a fragment; the credential belongs into the Secret',
  })),
  ...[
    'https://169.254.169.254',
    'https://169.254.0.1:8443/x',
    'https://[fe80::1]',
    'https://[FEBF:0::1]:8443',
    'https://[fd00:ec2::254]',
    'https://[::ffff:169.254.169.254]',
    'https://[::ffff:a9fe:a9fe]',
  ].map((url) => ({
    name: `the URL ${url}`,
    manifest: cluster({ url }),
    field: 'spec.url',
    message: 'must not be a link-local address, where clouds answer with the credentials of machines',
  })),
  {
    name: 'a link-local address for the data',
    manifest: cluster({ dataURL: 'https://169.254.169.254' }),
    field: 'spec.dataURL',
    message: 'must not be a link-local address',
  },
  {
    name: 'a URL with the path of the API',
    manifest: cluster({ url: 'https://influxdb.example.com/api/v0/' }),
    field: 'spec.url',
    message: 'leave out /api/v0, the operator adds it',
  },
  ...[
    'https://',
    'https://:8443',
    'https://a b',
    'https://influxdb.example.com:65536',
    'https://a..b',
    'https://a\nb',
  ].map((url) => ({
    name: `the URL ${JSON.stringify(url)}`,
    manifest: cluster({ url }),
    field: 'spec.url',
    message: 'must be the URL of a server, such as https://influxdb.example.com',
  })),
];

const clusters: Refusal[] = [
  {
    name: 'a product that does not exist',
    manifest: cluster({ product: 'Serverless' }),
    field: 'spec.product',
    message: 'supported values: "Clustered", "CloudDedicated"',
    ours: 'must be one of "Clustered", "CloudDedicated"; choose one',
  },
  ...(['accountID', 'clusterID', 'dataURL'] as const).map((field) => ({
    name: `CloudDedicated without ${field}`,
    manifest: cloudCluster({ [field]: undefined }),
    field: `spec.${field}`,
    message: 'must be set with product CloudDedicated',
  })),
  ...(['accountID', 'clusterID'] as const).map((field) => ({
    name: `Clustered with ${field}`,
    manifest: cluster({ [field]: 'abc' }),
    field: `spec.${field}`,
    message: `or remove it with product Clustered`,
  })),
  {
    name: 'an account id that leaves the path',
    manifest: cloudCluster({ accountID: '../other' }),
    field: 'spec.accountID',
    message: 'must be the id that InfluxData shows',
  },
  {
    name: 'a cluster without credentials',
    manifest: cluster({ credentials: {} }),
    field: 'spec.credentials.secretRef',
    message: 'Required value',
    ours: 'is required; add it',
  },
  {
    name: 'two sources of certificates',
    manifest: cluster({
      tls: { caBundle: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t', caBundleRef: { name: 'ca', key: 'ca.crt' } },
    }),
    field: 'spec.tls.caBundle',
    message: 'must not stand beside caBundleRef; keep one of the two',
  },
  {
    name: 'certificates that are not encoded',
    manifest: cluster({ tls: { caBundle: '-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----' } }),
    field: 'spec.tls.caBundle',
    message:
      'must be PEM certificates encoded in base64, as in other Kubernetes objects; encode the file with: base64 -w0',
  },
];

const rules: Refusal[] = [
  {
    name: 'two access rules of one name',
    manifest: cluster({
      access: ['a', 'b'].map((namespace) => ({ name: 'team', namespaces: { names: [namespace] } })),
    }),
    field: 'spec.access[1]',
    message: 'Duplicate value',
    ours: 'has the same name as an earlier entry: remove one',
  },
  {
    name: 'an access rule whose name is a sentence',
    manifest: clusterWithRule({ name: 'Team A' }),
    field: 'spec.access[0].name',
    message: 'must be lower-case letters, digits and "-"',
  },
  {
    name: 'an access rule for no namespaces',
    manifest: clusterWithRule({ namespaces: {} }),
    field: 'spec.access[0].namespaces',
    message: 'must pick namespaces; set names, selector or both',
  },
  {
    name: 'an access rule without namespaces',
    manifest: clusterWithRule({ namespaces: undefined }),
    field: 'spec.access[0].namespaces',
    message: 'Required value',
    ours: 'is required; add it',
  },
  {
    name: 'an access rule for an empty list of namespaces',
    manifest: clusterWithRule({ namespaces: { names: [] } }),
    field: 'spec.access[0].namespaces.names',
    message: 'should have at least 1 items',
    ours: 'must have at least 1 entries',
  },
  {
    name: 'a pattern for the name of a namespace',
    manifest: clusterWithRule({ namespaces: { names: ['team-*'] } }),
    field: 'spec.access[0].namespaces.names[0]',
    message: 'must be lower-case letters, digits and "-"',
  },
  ...[{}, { matchLabels: {} }, { matchLabels: {}, matchExpressions: [] }].map((selector) => ({
    name: `the empty selector ${JSON.stringify(selector)}`,
    manifest: clusterWithRule({ namespaces: { selector } }),
    field: 'spec.access[0].namespaces.selector',
    message: 'must not be empty, as that would mean every namespace; add matchLabels',
  })),
  {
    name: 'a selector that compares with nothing',
    manifest: clusterWithRule({ namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'In' }] } } }),
    field: 'spec.access[0].namespaces.selector.matchExpressions[0].values',
    message: 'must stand with In and NotIn, and only with them; add values or change the operator',
  },
  {
    name: 'a selector that asks for a label and compares it',
    manifest: clusterWithRule({
      namespaces: { selector: { matchExpressions: [{ key: 'team', operator: 'Exists', values: ['a'] }] } },
    }),
    field: 'spec.access[0].namespaces.selector.matchExpressions[0].values',
    message: 'must stand with In and NotIn, and only with them',
  },
  ...['*-prod', 'a*b', '**', 'team-?-*\t'].map((database) => ({
    name: `an access rule for databases "${JSON.stringify(database)}"`,
    manifest: clusterWithRule({ databases: [database] }),
    field: 'spec.access[0].databases[0]',
    message: database.includes('\t') ? 'must be one line' : 'the beginning of one with a single "*" at the end',
  })),
  {
    name: 'an access rule that names a database twice',
    manifest: clusterWithRule({ databases: ['sensors', 'sensors'] }),
    field: 'spec.access[0].databases[1]',
    message: 'Duplicate value',
    ours: 'repeats an earlier entry: remove one',
  },
  {
    name: 'an access rule with databases and no actions',
    manifest: clusterWithRule({ actions: undefined }),
    field: 'spec.access[0]',
    message: 'must name both databases and actions, or neither; one without the other allows nothing',
  },
  {
    name: 'root for namespaces that are picked by labels',
    manifest: clusterWithRule({ managementTokens: 'Allow', namespaces: { selector: { matchLabels: { team: 'a' } } } }),
    field: 'spec.access[0].managementTokens',
    message: 'move it into a rule with namespaces.names alone',
  },
  {
    name: 'root for namespaces by name, and for others by their labels',
    manifest: clusterWithRule({
      managementTokens: 'Allow',
      namespaces: { names: ['platform'], selector: { matchLabels: { team: 'a' } } },
    }),
    field: 'spec.access[0].managementTokens',
    message: 'must be Deny where namespaces are picked by labels, because a management token is root',
  },
  {
    name: 'a ceiling in days',
    manifest: clusterWithRule({ maxLifetime: '90d' }),
    field: 'spec.access[0].maxLifetime',
    message: 'days are not known',
  },
  {
    name: 'a ceiling of no tokens',
    manifest: clusterWithRule({ maxTokens: 0 }),
    field: 'spec.access[0].maxTokens',
    message: 'should be greater than or equal to 1',
    ours: 'must be at least 1',
  },
  {
    name: 'a ceiling of one and a half tokens',
    manifest: clusterWithRule({ maxTokens: 1.5 }),
    field: 'spec.access[0].maxTokens',
    message: 'must be of type integer',
    ours: 'must be of type int',
  },
];

/** All of them. */
export const refusals: readonly Refusal[] = [
  ...words,
  ...schedules,
  ...grants,
  ...secrets,
  ...urls,
  ...clusters,
  ...rules,
];
