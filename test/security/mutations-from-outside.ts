// What servers, networks and whoever takes over the operator try: see mutations.ts.

import { one, type Mutation } from './mutation.ts';

const HOSTILE_ANSWERS: readonly Mutation[] = [
  {
    attack: 'a redirect that takes the credential elsewhere',
    without: 'redirects are followed',
    edits: [
      {
        file: 'src/influxdb/http.ts',
        from: 'EnvHttpProxyAgent, type Dispatcher',
        to: 'EnvHttpProxyAgent, interceptors, type Dispatcher',
      },
      {
        file: 'src/influxdb/http.ts',
        from: 'this.#agent.dispatch(',
        to: 'this.#agent.compose(interceptors.redirect({ maxRedirections: 3 })).dispatch(',
      },
    ],
    test: ['src/influxdb/http.test.ts', 'never follows a redirect'],
  },
  {
    attack: 'never ends, or drips',
    without: 'the deadline ends nothing',
    edits: one('src/influxdb/http.ts', "() => transfer.giveUp('TOO_SLOW')", '() => undefined'),
    test: ['src/influxdb/http.test.ts', 'the deadline holds for the headers'],
  },
  {
    attack: 'a gigabyte; an error of a gigabyte; compressed',
    without: 'an answer is read to its end',
    edits: one('src/influxdb/http.ts', 'if (size > LARGEST_ANSWER) return undefined;', ''),
    test: ['src/influxdb/http.test.ts', 'reads no more than 1 MiB of a single answer'],
  },
  {
    attack: 'a gigabyte; an error of a gigabyte; compressed',
    without: 'an entry of a list may be as large as it likes',
    edits: one('src/json-array.ts', 'this.#partBytes > this.#largest', 'false'),
    test: ['src/json-array.test.ts', ''],
  },
  {
    attack: 'nested very deep',
    without: 'no depth is too deep',
    edits: one('src/json-array.ts', 'const DEEPEST = 64;', 'const DEEPEST = 1_000_000;'),
    test: ['src/json-array.test.ts', 'bounds the depth of an element'],
  },
  {
    attack: 'keys such as `__proto__`',
    without: 'fields that nobody named get through',
    edits: one('src/influxdb/api-json.ts', 'const tokenInfo = z\n  .object({', 'const tokenInfo = z\n  .looseObject({'),
    test: ['src/influxdb/hostile-answers.test.ts', 'in an answer changes no prototype and gets into no result'],
  },
  {
    attack: 'a token string with line breaks or escape sequences',
    without: 'any characters will do',
    edits: one('src/influxdb/api-json.ts', '/^[\\x21-\\x7e]{64,}$/', '/^[^]{64,}$/'),
    test: ['src/influxdb/hostile-answers.test.ts', 'is none: the outcome is unknown'],
  },
  {
    attack: "another's token, or another description",
    without: 'any token will do',
    edits: one(
      'src/influxdb/api-json.ts',
      "if (info.value.description !== request.description) return { malformed: 'description' };",
      '',
    ),
    test: ['src/influxdb/management-api.test.ts', 'create'],
  },
  {
    attack: '404 to everything, an empty list',
    without: 'a 404 of anybody counts',
    edits: one(
      'src/influxdb/outcome.ts',
      "return status === 404 && isAPI ? 'NotFound' : 'Refused';",
      "return status === 404 ? 'NotFound' : 'Refused';",
    ),
    test: ['src/influxdb/outcome.test.ts', 'what an answer means'],
  },
  {
    attack: '404 to everything, an empty list',
    without: 'a 404 is believed without a list that knows us',
    edits: one(
      'src/tokens/facts.ts',
      'return inventory?.knowsUs === true && inventory.begun >= looked.at;',
      'return inventory !== undefined;',
    ),
    test: ['src/tokens/plan-upkeep.test.ts', 'is left alone when the list shows none of ours'],
  },
  {
    attack: '`influxctl` prints without end, hangs',
    without: 'only the command itself is killed',
    edits: one('src/influxdb/command-runner.ts', "process.kill(-pid, 'SIGKILL')", "process.kill(pid, 'SIGKILL')"),
    test: ['src/influxdb/command-runner.test.ts', 'that hangs is killed with all that it started'],
  },
  {
    attack: '`influxctl` prints nonsense',
    without: 'an entry that may be ours is passed over',
    edits: one(
      'src/influxdb/influxctl-json.ts',
      "else if (text.includes(MARKER_START)) throw new MalformedArray('an entry that may be ours is malformed');\n",
      '',
    ),
    test: ['src/influxdb/influxctl-json.test.ts', 'one that may be ours is an error'],
  },
  {
    attack: 'a value that breaks out of the configuration',
    without: 'a shell reads the arguments',
    edits: one('src/influxdb/command-runner.ts', 'cwd: directory,', 'cwd: directory,\n        shell: true,'),
    test: ['src/influxdb/command-runner.test.ts', 'gets its arguments as they are'],
  },
  {
    attack: 'a value that breaks out of the configuration',
    without: 'the configuration is put together from texts',
    edits: [
      {
        file: 'src/influxdb/influxctl-profile.ts',
        from: "import { stringify } from 'smol-toml';",
        to: 'const stringify = ({ profile: [{ tls, ...rest }] }: any): string =>\n  ["[[profile]]", ...Object.entries(rest).map(([k, v]) => `${k} = "${v}"`), "[profile.tls]", `insecure = ${tls.insecure}`].join("\\n");',
      },
    ],
    test: ['src/influxdb/influxctl-profile.test.ts', 'the profile'],
  },
];

const URLS_AND_WIRE: readonly Mutation[] = [
  {
    attack: 'a user name in it, another scheme, a query',
    without: 'they are taken',
    edits: one('src/resources/rules.ts', "'[@?#]',", "'[^:]@@',"),
    test: ['test/unit/refusals.test.ts', 'the operator refuses'],
  },
  {
    attack: 'plain HTTP',
    without: 'nobody has to ask for it',
    edits: one(
      'src/resources/influxdb-cluster.ts',
      "check: (self) => self[field]?.startsWith('http://') !== true || self.allowPlaintext === true,",
      'check: () => true,',
    ),
    test: ['test/unit/refusals.test.ts', 'the operator refuses'],
  },
  {
    attack: 'a link-local address',
    without: 'a name may lead there',
    edits: one('src/influxdb/elsewhere.ts', 'found.some((one) => isLinkLocal(one.address))', 'false'),
    test: ['src/influxdb/http.test.ts', 'whether anything was sent'],
  },
  {
    attack: 'a link-local address',
    without: 'those of IPv4 are forgotten',
    edits: one('src/resources/link-local.ts', "list.addSubnet('169.254.0.0', 16, 'ipv4');\n", ''),
    test: ['src/resources/link-local.test.ts', ''],
  },
  {
    attack: "an old TLS, another's certificate, an unknown authority",
    without: 'old versions of TLS are spoken',
    edits: one(
      'src/influxdb/tls.ts',
      "    minVersion: 'TLSv1.2',",
      "    ciphers: 'ALL:@SECLEVEL=0',\n    minVersion: 'TLSv1' as any,",
    ),
    test: ['src/influxdb/http.tls.test.ts', 'TLS 1.1 is not spoken'],
  },
  {
    attack: "an old TLS, another's certificate, an unknown authority",
    without: 'any certificate will do',
    edits: one(
      'src/influxdb/tls.ts',
      'rejectUnauthorized: settings.insecureSkipVerify !== true',
      'rejectUnauthorized: false',
    ),
    test: ['src/influxdb/http.tls.test.ts', 'TLS'],
  },
  {
    attack: 'a proxy that reads along',
    without: 'behind a proxy our trust does not hold',
    edits: one(
      'src/influxdb/http.ts',
      'requestTls: { ...connect, allowH2: false },',
      'requestTls: { ...connect, ca: undefined, allowH2: false },',
    ),
    test: ['src/influxdb/http.tls.test.ts', 'TLS goes through it end to end, with our trust'],
  },
  {
    attack: 'a proxy that reads along',
    without: 'NO_PROXY says nothing',
    edits: one('src/kubernetes/proxy.ts', " || isExempt(server, read('NO_PROXY') ?? '')) return", ') return'),
    test: ['src/kubernetes/proxy.test.ts', 'proxyFor'],
  },
  {
    attack: 'reads figures about all namespaces at',
    without: 'whoever is known gets them',
    edits: one('src/server/guard.ts', "answer === 'allowed' ? route(asked) :", 'answer !== undefined ? route(asked) :'),
    test: ['src/server/guard.test.ts', 'who is allowed gets the page'],
  },
  {
    attack: "slow, large and many requests to the operator's own pages",
    without: 'any number of connections',
    edits: one('src/server/http.ts', 'server.maxConnections = 64;', ''),
    test: ['src/server/http.test.ts', 'by more connections than a few is cut off'],
  },
  {
    attack: "slow, large and many requests to the operator's own pages",
    without: 'any size of headers that Node takes',
    edits: one('src/server/http.ts', 'maxHeaderSize: 8_192,', ''),
    test: ['src/server/http.test.ts', 'by headers of ten kilobytes is refused'],
  },
  {
    attack: "slow, large and many requests to the operator's own pages",
    without: 'a request may be as slow as it likes',
    edits: one(
      'src/server/http.ts',
      'requestTimeout: 5_000,\n      headersTimeout: 5_000,',
      'requestTimeout: 0,\n      headersTimeout: 0,',
    ),
    test: ['src/server/http.test.ts', 'by a request that never ends is cut off'],
  },
];

const CLUSTER_ROLE = 'deploy/base/cluster-role.yaml';
const SECRETS_RULE = 'resources: [secrets]\n    verbs: [get, list, watch, create, patch, delete]';

const TAKES_OVER: readonly Mutation[] = [
  {
    attack: 'reads or writes Secrets everywhere',
    without: 'one more verb',
    edits: one(CLUSTER_ROLE, SECRETS_RULE, SECRETS_RULE.replace('delete]', 'delete, deletecollection]')),
    test: ['test/deploy/deploy.test.ts', 'name every group, resource and verb'],
  },
  {
    attack: "overwrites or deletes other programs' Secrets",
    without: 'any new Secret will do',
    edits: one(
      'deploy/components/admission-policy/policy.yaml',
      "oldObject != null || object.type == 'Opaque' &&",
      "true || object.type == 'Opaque' &&",
    ),
    test: ['test/security/least-privilege.test.ts', 'makes Opaque Secrets with our label, and no others'],
  },
  {
    attack: "overwrites or deletes other programs' Secrets",
    without: 'any old Secret will do',
    edits: one(
      'deploy/components/admission-policy/policy.yaml',
      "oldObject == null || oldObject.type == 'Opaque' && (",
      "true || oldObject.type == 'Opaque' && (",
    ),
    test: ['test/security/least-privilege.test.ts', 'cannot change, claim or delete the Secret'],
  },
  {
    attack: 'breaks out of its container',
    without: 'it may be root',
    edits: one('deploy/base/deployment.yaml', 'runAsNonRoot: true', 'runAsNonRoot: false'),
    test: ['test/deploy/deploy.test.ts', 'fit the Pod Security level restricted'],
  },
  {
    attack: 'writes the specs of tenants, or more rights for itself',
    without: 'it may create token objects',
    edits: one(
      CLUSTER_ROLE,
      'resources: [databasetokens, managementtokens]\n    verbs: [get, list, watch, patch]',
      'resources: [databasetokens, managementtokens]\n    verbs: [get, list, watch, patch, create, update]',
    ),
    test: ['test/deploy/deploy.test.ts', 'of the operator end there'],
  },
];

/** All of them. */
export const FROM_OUTSIDE: readonly Mutation[] = [...HOSTILE_ANSWERS, ...URLS_AND_WIRE, ...TAKES_OVER];
