import { beforeEach, describe, expect, test } from '@jest/globals';

import { id, NOW } from '../../test/builders.ts';
import { ManualClock } from '../../test/manual-clock.ts';
import type { CommandResult } from './command-runner.ts';
import type { Invocation } from './influxctl.ts';
import { InfluxctlIssuer } from './influxctl-issuer.ts';
import { TokenString } from './token-string.ts';

const DESCRIPTION = 'platform/automation [influxtokens cafe0123/uid/0000000000000001]';
const STRING = `M.V1.+5Jk${'s3cret'.repeat(12)}`;
const CREDENTIAL = 'M.V1.the-credential';
const REQUEST = { description: DESCRIPTION, permissions: [] };

/** An influxctl in memory; `answers` is asked first. */
class FakeInfluxctl {
  readonly runs: string[] = [];
  entries: Record<string, unknown>[] = [];
  /** How many lists do not show what changed since the last that did. */
  lag = 0;
  #shown = '[]';
  answers: (args: readonly string[]) => Partial<CommandResult> | Promise<Partial<CommandResult>> | undefined = () =>
    undefined;

  readonly run = async ({ args }: Invocation): Promise<CommandResult> => {
    this.runs.push(args.slice(1).join(' '));
    const [, verb] = args;
    const answer = await this.answers(args);
    const done: CommandResult = { ended: 'exited', code: 0, stdout: Buffer.from(''), stderr: Buffer.from('') };
    return { ...done, ...(answer ?? this.#act(verb, args)) };
  };

  /** As the cluster does it. */
  act(args: readonly string[]): void {
    this.#act(args[1], args);
  }

  #act(verb: string | undefined, args: readonly string[]): Partial<CommandResult> {
    if (verb === 'list') {
      if (this.lag === 0) this.#shown = JSON.stringify(this.entries);
      else this.lag -= 1;
      return { stdout: Buffer.from(this.#shown) };
    }
    if (verb === 'revoke') {
      const at = { seconds: NOW / 1_000 };
      this.entries = this.entries.map((one) => (one['id'] === args.at(-1) ? { ...one, revoked_at: at } : one));
      return {};
    }
    const description = args[args.indexOf('--description') + 1];
    this.add(this.entries.length + 1, { description });
    return { stdout: Buffer.from(JSON.stringify({ token: STRING })), stderr: Buffer.from('WARNING: keep it safe') };
  }

  add(number: number, change: object = {}): void {
    const times = { created_at: { seconds: NOW / 1_000 } };
    this.entries.push({ id: id(number), token_prefix: 'M.V1.+5Jk', description: 'x', ...times, ...change });
  }
}

let influxctl: FakeInfluxctl;
let clock: ManualClock;
let issuer: InfluxctlIssuer;
let credential: TokenString;

beforeEach(() => {
  credential = new TokenString(CREDENTIAL);
  influxctl = new FakeInfluxctl();
  clock = new ManualClock(NOW);
  issuer = new InfluxctlIssuer({
    influxctl,
    clock,
    settings: { product: { product: 'Clustered' }, url: 'https://influxdb.example.com' },
    credential: () => credential,
    clockSkew: () => 0,
  });
});

/** Lets pauses pass until the promise has settled. */
async function eventually<T>(promise: Promise<T>): Promise<T> {
  const progress = { settled: false };
  const end = (): void => {
    progress.settled = true;
  };
  promise.then(end, end);
  while (!progress.settled) await clock.advance(1_000);
  return promise;
}

const fails = (words: string, code = 1): Partial<CommandResult> => ({ code, stderr: Buffer.from(words) });

describe('a creation', () => {
  test('is judged by the list, which tells its id, and by its prefix its string', async () => {
    influxctl.add(1);
    const { info, string } = await issuer.create({ ...REQUEST, expiresAt: NOW });
    expect(info).toMatchObject({ id: id(2), description: DESCRIPTION, permissions: [] });
    expect(string.reveal()).toBe(STRING);
    expect(influxctl.runs).toEqual([
      `create --description ${DESCRIPTION} --expires-at 2030-01-01T00:00:00Z --format json`,
      'list --format json',
    ]);
  });

  test('that ended badly and took effect all the same is a success', async () => {
    influxctl.answers = (args) => {
      if (args[1] !== 'create') return undefined;
      influxctl.act(args);
      return { code: 1, stdout: Buffer.from(`token: ${STRING}`), stderr: Buffer.from('Error: broken pipe') };
    };
    expect((await issuer.create(REQUEST)).string.reveal()).toBe(STRING);
  });

  test('that the list shows late is waited for', async () => {
    influxctl.lag = 4;
    expect((await eventually(issuer.create(REQUEST))).info.id).toBe(id(1));
    expect(influxctl.runs).toHaveLength(6);
  });

  test.each<[string, () => void]>([
    ['that the list never shows', () => (influxctl.lag = Infinity)],
    [
      'whose string cannot be told',
      () => {
        influxctl.answers = (args) => {
          if (args[1] !== 'create') return undefined;
          influxctl.act(args);
          return { stdout: Buffer.from('{"done":true}') };
        };
      },
    ],
    [
      'that ended badly for a reason we do not know',
      () => (influxctl.answers = (args) => (args[1] === 'create' ? fails('Error: internal') : undefined)),
    ],
    [
      'after which the list fails',
      () => (influxctl.answers = (args) => (args[1] === 'list' ? fails('Error: internal') : undefined)),
    ],
    [
      'that was killed',
      () => (influxctl.answers = (args) => (args[1] === 'create' ? { ended: 'tooSlow' } : undefined)),
    ],
  ])('%s has an unknown outcome, and no part of its output is told', async (_, prepare) => {
    prepare();
    const error: unknown = await eventually(issuer.create(REQUEST)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'IssuerError', kind: 'OutcomeUnknown' });
    expect(String(error)).not.toContain('s3cret');
  });

  test.each([
    ['rpc error: code = Unauthenticated desc = token expired', 'CredentialsRejected', 'valid management token'],
    ['rpc error: code = PermissionDenied desc = no', 'CredentialsRejected', 'may not do that'],
    ['rpc error: code = InvalidArgument desc = description too long', 'Refused', 'description too long'],
    [
      'rpc error: code = FailedPrecondition desc = no user has logged in',
      'Refused',
      'logged in to the cluster through OAuth',
    ],
    ['dial tcp: lookup influxdb.example.com: no such host', 'Unavailable', 'check spec.url'],
    ['tls: failed to verify certificate: x509: unknown authority', 'Unavailable', 'check spec.tls'],
    ['Incorrect Usage: flag provided but not defined: -format', 'Unusable', '2.10.0 or later'],
  ])('that was refused with %j is %s, after one look at the list', async (words, kind, remedy) => {
    influxctl.answers = (args) => (args[1] === 'create' ? fails(`Error: ${words}`) : undefined);
    const error: unknown = await issuer.create(REQUEST).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind, message: expect.stringContaining(remedy) });
    expect(influxctl.runs).toHaveLength(2);
  });

  test('a part of a token in the words of an error is not quoted, and neither is the credential', async () => {
    influxctl.answers = (args) =>
      args[1] === 'create' ? fails(`Error: code = InvalidArgument ${STRING.slice(0, 24)} ${CREDENTIAL}`) : undefined;
    const error = String(await issuer.create(REQUEST).catch((reason: unknown) => reason));
    expect(error).not.toContain('s3cret');
    expect(error).not.toContain(CREDENTIAL);
  });

  test('whose caller gives up after it was begun has an unknown outcome', async () => {
    const gaveUp = new AbortController();
    influxctl.lag = Infinity;
    const creating = issuer.create(REQUEST, gaveUp.signal).catch((reason: unknown) => reason);
    await clock.settle();
    gaveUp.abort(new Error('stopped'));
    expect(await creating).toMatchObject({ kind: 'OutcomeUnknown' });
  });
});

describe('a revocation', () => {
  beforeEach(() => influxctl.add(1));

  test('is success when the list shows it, whatever the command says', async () => {
    expect(await issuer.revoke(id(1))).toBe(true);
    influxctl.answers = (args) => (args[1] === 'revoke' ? fails('Error: already revoked') : undefined);
    expect(await issuer.revoke(id(1))).toBe(true);
  });

  test('of a token that the list does not have tells so', async () => {
    expect(await issuer.revoke(id(7))).toBe(false);
  });

  test('that the list never shows is unknown', async () => {
    influxctl.answers = (args) => (args[1] === 'revoke' ? {} : undefined);
    await expect(eventually(issuer.revoke(id(1)))).rejects.toMatchObject({ kind: 'OutcomeUnknown' });
  });

  test('takes nothing for an id that is none: it could be a flag', async () => {
    await expect(issuer.revoke('--all')).rejects.toMatchObject({ kind: 'Refused' });
    expect(influxctl.runs).toEqual([]);
  });
});

describe('a look', () => {
  test('tells a token, or that the list has none', async () => {
    influxctl.add(1);
    expect(await issuer.get(id(1))).toMatchObject({ id: id(1) });
    expect(await issuer.get(id(2))).toBeUndefined();
  });

  test('does not say that there is none while an entry is not understood', async () => {
    influxctl.add(1, { created_at: 'yesterday' });
    await expect(issuer.get(id(2))).rejects.toMatchObject({ kind: 'Unreadable' });
    await expect(issuer.list(() => true)).rejects.toMatchObject({ kind: 'Unreadable' });
    expect(await issuer.list(() => true, undefined, '[influxtokens')).toEqual({ tokens: [], total: 1 });
  });

  test('many at once share a run', async () => {
    influxctl.add(1);
    await Promise.all(Array.from({ length: 10 }, () => issuer.get(id(1))));
    expect(influxctl.runs).toHaveLength(2);
  });

  test('that hangs in a login says that the credential is none', async () => {
    influxctl.answers = () => ({
      ended: 'tooSlow',
      stderr: Buffer.from('Please open https://login.example.com/device?code=ABCD in your browser'),
    });
    const error: unknown = await issuer.get(id(1)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'CredentialsRejected' });
    expect(String(error)).not.toContain('ABCD');
  });

  test('whose output is no list is not understood', async () => {
    influxctl.answers = () => ({ stdout: Buffer.from('+---+\n') });
    await expect(issuer.get(id(1))).rejects.toMatchObject({ kind: 'Unreadable' });
  });
});

test('a list tells when the credential ends that it was asked with, and nothing of the one that replaces it', async () => {
  expect(issuer.credentialEnd).toBeUndefined();
  influxctl.add(1, { token_prefix: 'M.V1.the-', expires_at: { seconds: NOW / 1_000 + 60 } });
  await issuer.list(() => true);
  expect(issuer.credentialEnd).toBe(NOW + 60_000);
  credential = new TokenString('M.V1.another');
  expect(issuer.credentialEnd).toBeUndefined();
  await issuer.list(() => true);
  expect(issuer.credentialEnd).toBeUndefined();
});

test('a connection that was closed sends nothing more', async () => {
  const closed = new InfluxctlIssuer({
    influxctl: { run: async ({ signal }) => Promise.reject(signal.reason ?? new Error('not aborted')) },
    clock,
    settings: { product: { product: 'Clustered' }, url: 'https://influxdb.example.com' },
    credential: () => new TokenString(CREDENTIAL),
    clockSkew: () => 0,
  });
  closed.close();
  await expect(closed.get(id(1))).rejects.toMatchObject({ kind: 'Unavailable' });
});
