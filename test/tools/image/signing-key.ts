// A key as InfluxData has one: the primary key is never used but to make subkeys, and these sign and expire.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const DAY = 86_400_000;
/** When the primary key was made. */
const FIRST = 2_000;

export class SigningKey {
  /** Of the primary key. */
  readonly fingerprint: string;
  readonly #home: string;

  private constructor(home: string, fingerprint: string) {
    this.#home = home;
    this.fingerprint = fingerprint;
  }

  /** One without a subkey. */
  static async create(owner: string): Promise<SigningKey> {
    // A socket lies in it, whose path must be short.
    const home = await mkdtemp(join(tmpdir(), 'gpg-'));
    await gpg(home, [...daysAgo(FIRST), '--quick-generate-key', owner, 'ed25519', 'cert', 'never']);
    const [, fingerprint = ''] = /^fpr:+([0-9A-F]{40}):/m.exec(await gpg(home, ['--list-keys', '--with-colons'])) ?? [];
    return new SigningKey(home, fingerprint);
  }

  /** Makes a subkey that signs, so many days ago and for so many days. */
  async addSubkey(ago: number, days: number): Promise<void> {
    await gpg(this.#home, [...daysAgo(ago), '--quick-add-key', this.fingerprint, 'ed25519', 'sign', `${days}d`]);
  }

  /** Revokes the first subkey. */
  async revokeSubkey(): Promise<void> {
    const commands = ['key 1', 'revkey', 'y', '0', '', 'y', 'save', ''].join('\n');
    await gpg(this.#home, ['--command-fd=0', '--edit-key', this.fingerprint], commands);
  }

  /** A detached signature, armored, by the newest subkey that there was so many days ago. */
  async sign(content: Buffer, ago = 0): Promise<string> {
    const file = join(this.#home, 'content');
    await writeFile(file, content);
    return gpg(this.#home, [...daysAgo(ago), '--armor', '--detach-sign', '--output=-', file]);
  }

  /** Armored, with its subkeys. */
  async publicKey(): Promise<string> {
    return gpg(this.#home, ['--armor', '--export', this.fingerprint]);
  }

  /** Ends what gpg has started beside itself, and forgets the key. */
  async remove(): Promise<void> {
    await promisify(execFile)('gpgconf', ['--homedir', this.#home, '--kill', 'all']);
    await rm(this.#home, { recursive: true, force: true });
  }
}

async function gpg(home: string, args: readonly string[], input = ''): Promise<string> {
  // --batch would refuse commands.
  const mode = input === '' ? ['--batch', '--pinentry-mode=loopback', '--passphrase='] : ['--no-tty'];
  const running = promisify(execFile)('gpg', ['--homedir', home, '--quiet', ...mode, ...args]);
  if (input !== '') running.child.stdin?.end(input);
  return (await running).stdout;
}

/** Has gpg take it for the time so many days ago. */
function daysAgo(days: number): string[] {
  if (days === 0) return [];
  const time = new Date(Date.now() - days * DAY).toISOString();
  return ['--faked-system-time', time.replaceAll(/[-:]|\.\d+Z/g, '')];
}
