// The influxctl command for tests: what is documented of it, and every way in which it may be hard on who runs it.
//
// Documented (https://docs.influxdata.com/influxdb3/clustered/reference/cli/influxctl/): the subcommands `management create|list|revoke` and
// `version`; the flags `--config`, `--profile`, `--timeout`, `--description`, `--expires-at`, `--format table|json` and `--force`; the table
// and the JSON of a list; `[[profile]]` with `name`, `product`, `host`, `port`, `account_id`, `cluster_id`, `mgmt_token` and `[profile.tls]` with
// `insecure`, `disable`, `cert`, `key` and `ca`; that revoked tokens stay listed; that a token string is shown once, at its creation; that
// without a management token a login in a browser begins.
//
// Assumed, always to the harder side: that a login starts a browser beside itself; that warnings stand on either stream, before and after; the JSON of a creation, which takes several
// shapes here; that a wrong `mgmt_token` leads into the login as well, which ignores `--timeout` and SIGTERM; that a refusal is gRPC's and
// the exit code 1; that a list may lag (the simulator does that); that an unknown flag is an error; that `cert`, `key` and `ca` are paths.

import { readFileSync } from 'node:fs';
import { request as plainly } from 'node:http';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';

import { parse } from 'smol-toml';

import { codeOf } from '../../src/influxdb/network-failure.ts';

/** How a creation is told. */
export const SHAPES = ['flat', 'nested', 'list', 'text', 'twice'] as const;

/** What may be told to the command that it plays. */
export interface StandInOptions {
  readonly version?: string;
  /** Else each creation takes the shape that its description chooses. */
  readonly shape?: (typeof SHAPES)[number];
}

interface Profile {
  readonly name: string;
  readonly product: string;
  readonly host?: string;
  readonly port?: string;
  readonly account_id?: string;
  readonly cluster_id?: string;
  readonly mgmt_token?: string;
  readonly tls?: { readonly insecure?: boolean; readonly disable?: boolean; readonly ca?: string };
}

interface Listed {
  readonly id: string;
  readonly description: string;
  readonly token_prefix: string;
  readonly [field: string]: unknown;
}

/** Where the simulator keeps management tokens; no API of InfluxDB. */
const PATH = '/api/v0/-/management/tokens';
const WARNING = '[WARN] a newer version of influxctl [2.99.0] is available {"see": "https://example.com"}';
const GRPC: Readonly<Record<number, string>> = {
  400: 'InvalidArgument',
  403: 'PermissionDenied',
  404: 'NotFound',
  412: 'FailedPrecondition',
};

/** In the arguments of the process that a login starts, so that it is known. */
export function browserOf(host: string, port: string): string {
  return `https://login.example.com/activate?for=${host}:${port}`;
}

/** One run of the command. */
export interface Run {
  /** The process was killed. */
  readonly signal: AbortSignal;
  /** Prints a line. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** How a run ends: by itself, or in a login, which waits for a person beside this browser, whatever anybody says. */
export type Ending = { readonly code: number } | { readonly browser: string };

/** Plays the command with these arguments. */
export async function play(argv: readonly string[], terminal: Run, options: StandInOptions = {}): Promise<Ending> {
  try {
    await run(argv, terminal, options);
    return { code: 0 };
  } catch (error) {
    if (error instanceof Login) {
      terminal.err(error.message);
      return { browser: error.browser };
    }
    terminal.err(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return { code: 1 };
  }
}

async function run(
  argv: readonly string[],
  { signal, out, err }: Run,
  { version = '2.12.0', shape }: StandInOptions,
): Promise<void> {
  const at = argv.findIndex((arg) => arg === 'management' || arg === 'version');
  const { texts: flags } = read(argv.slice(0, at), ['config', 'profile', 'timeout']);
  const [command, verb, ...rest] = argv.slice(at);
  if (command === 'version') {
    out(`influxctl version: v${version} (git: 0123abc) build_date: 2025-01-01T00:00:00Z`);
    return;
  }
  const profile = profileOf(flags.get('config') ?? '', flags.get('profile') ?? 'default');
  const seconds = Number.parseFloat(flags.get('timeout') ?? '60s');
  const ask = <T>(method: string, id = '', body?: object): Promise<T> =>
    call<T>(profile, { signal, timeout: seconds * 1_000, method, id, ...(body === undefined ? {} : { body }) });
  err(WARNING);
  switch (verb ?? '') {
    case 'list': {
      const { texts } = read(rest, ['format']);
      const listed = await ask<readonly Listed[]>('GET');
      out(WARNING);
      // As Go writes a slice that was never filled.
      if (texts.get('format') === 'json') out(listed.length === 0 ? 'null' : JSON.stringify(listed, null, 2));
      else out(table(listed));
      out('[INFO] done [sic]');
      return;
    }
    case 'create': {
      const { texts } = read(rest, ['description', 'expires-at', 'format']);
      const description = texts.get('description') ?? '';
      const expiresAt = texts.get('expires-at');
      const wanted = { description, ...(expiresAt === undefined ? {} : { expiresAt }) };
      const { token, ...entry } = await ask<Listed & { readonly token: string }>('POST', '', wanted);
      out(WARNING);
      out(told(shape ?? shapeFor(description), entry, token));
      return;
    }
    case 'revoke': {
      const { switches, positionals } = read(rest, [], ['force']);
      if (positionals.length === 0) throw new Error('Incorrect Usage: a token ID is required');
      if (!switches.has('force')) throw new Error('prompt: EOF');
      for (const id of positionals) await ask('DELETE', id);
      out(`Revoked ${positionals.join(', ')}`);
      return;
    }
    default:
      throw new Error(`No help topic for '${verb}'`);
  }
}

/** The flags as they were given. */
interface Given {
  readonly texts: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

/** Strict, as the real one is. */
function read(args: readonly string[], texts: readonly string[], switches: readonly string[] = []): Given {
  const options = Object.fromEntries([
    ...texts.map((name) => [name, { type: 'string' as const }]),
    ...switches.map((name) => [name, { type: 'boolean' as const }]),
  ]);
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = { texts: new Map<string, string>(), switches: new Set<string>(), positionals: [] as string[] };
  for (const token of tokens) {
    if (token.kind === 'positional') given.positionals.push(token.value);
    else if (token.kind === 'option' && switches.includes(token.name)) given.switches.add(token.name);
    else if (token.kind === 'option' && texts.includes(token.name)) given.texts.set(token.name, token.value ?? '');
    else throw new Error('Incorrect Usage: flag provided but not defined');
  }
  return given;
}

function profileOf(path: string, name: string): Profile {
  // What the file says is taken as it comes: a profile that is malformed fails where it is used.
  const config: { readonly profile?: readonly Profile[] } = JSON.parse(
    JSON.stringify(parse(readFileSync(path, 'utf8'))),
  );
  const { profile: profiles = [] } = config;
  const found = profiles.find((each) => each.name === name);
  if (found === undefined) throw new Error(`profile "${name}" not found`);
  return found;
}

/** What is asked of the simulator. */
interface Question {
  readonly signal: AbortSignal;
  /** Milliseconds. */
  readonly timeout: number;
  readonly method: string;
  readonly id: string;
  readonly body?: object;
}

async function call<T>(profile: Profile, { signal, timeout, method, id, body }: Question): Promise<T> {
  const { host = '', port = '443', tls = {}, mgmt_token: token } = profile;
  if (token === undefined || token === '') throw new Login(host, port);
  const send = tls.disable === true ? plainly : request;
  const { status, answer } = await new Promise<{ status: number; answer: string }>((resolve, reject) => {
    const asked = send({
      // Each run has a connection of its own.
      agent: false,
      signal,
      host,
      port,
      method,
      path: id === '' ? PATH : `${PATH}/${id}`,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      timeout,
      rejectUnauthorized: tls.insecure !== true,
      ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
    });
    asked.once('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    asked.once('timeout', () => asked.destroy(new Error('context deadline exceeded')));
    asked.once('error', reject);
    asked.end(body === undefined ? '' : JSON.stringify(body));
  }).catch((error: unknown) => {
    throw new Error(goWordsFor(error));
  });
  if (status === 401) throw new Login(host, port);
  if (status < 200 || status > 299) {
    throw new Error(`rpc error: code = ${GRPC[status] ?? 'Internal'} desc = ${messageIn(answer)}`);
  }
  return JSON.parse(answer === '' ? 'null' : answer);
}

function goWordsFor(error: unknown): string {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : '';
  if (code === 'ECONNREFUSED') return 'dial tcp: connect: connection refused';
  if (/CERT|SIGNATURE|SELF_SIGNED/.test(code))
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  return message === '' ? 'unexpected EOF' : message;
}

function messageIn(answer: string): string {
  try {
    return String(JSON.parse(answer).message);
  } catch {
    return 'unexpected answer';
  }
}

/** The command has no credential that is taken, and wants a person to give it one. */
class Login extends Error {
  readonly browser: string;

  constructor(host: string, port: string) {
    super('Please open https://login.example.com/activate?user_code=ABCD-EFGH in your browser to log in.');
    this.browser = browserOf(host, port);
  }
}

function shapeFor(description: string): (typeof SHAPES)[number] {
  const sum = Buffer.from(description).reduce((total, byte) => total + byte, 0);
  return SHAPES[sum % SHAPES.length] ?? 'flat';
}

function told(shape: (typeof SHAPES)[number], entry: Omit<Listed, 'token'>, token: string): string {
  switch (shape) {
    case 'flat':
      return JSON.stringify({ ...entry, token }, null, 2);
    case 'nested':
      return JSON.stringify({ management_token: { info: entry, value: token } });
    case 'list':
      return JSON.stringify([{ ...entry, accessToken: token }]);
    case 'text':
      return `Management token created. Store it, it is not shown again:\n${token}\n`;
    case 'twice':
      return `${JSON.stringify({ token })}\nYour token: ${token}`;
  }
}

function table(listed: readonly Listed[]): string {
  const rows = listed.map(({ id, description, token_prefix: prefix }) => `| ${id} | ${description} | ${prefix} |`);
  const line = '+----+-------------+--------+';
  return [line, '| ID | DESCRIPTION | PREFIX |', line, ...rows, line].join('\n');
}
