// The token issuer of management tokens: the influxctl command, as they have no HTTP path.
//
// What a run did is judged by the list and not by its exit code. A run may take longer than the operator's Lease lasts, and its child
// does not stop when this process is paused. That is safe: a token that is made late carries its attempt's marker and is an orphan that
// the next inventory finds, and what may be revoked once may be revoked for ever, as nothing can come to name it again.

import { sleep, type Clock } from '../controller/clock.ts';
import { MalformedArray } from '../json-array.ts';
import { rfc3339 } from '../resources/conditions.ts';
import { isTokenID } from './api-json.ts';
import type { CommandResult } from './command-runner.ts';
import { listedExpiry } from './credential.ts';
import { IssuerError } from './errors.ts';
import { findTokenString, readListing, type ListedToken, type Listing } from './influxctl-json.ts';
import { errorForContent, errorForRun, type Attempt } from './influxctl-outcome.ts';
import type { ProfileSettings } from './influxctl-profile.ts';
import type { Influxctl } from './influxctl.ts';
import type { CreatedToken, TokenInfo, TokenIssuer, TokenList, TokenRequest } from './issuer.ts';
import { printable } from './printable.ts';
import { SharedReading } from './shared-reading.ts';
import type { TokenString } from './token-string.ts';

/** What an `InfluxctlIssuer` needs. */
export interface InfluxctlIssuerOptions {
  readonly influxctl: Pick<Influxctl, 'run'>;
  readonly clock: Clock;
  /** That the URL has no path was checked before: see `unfitForProfile`. */
  readonly settings: ProfileSettings;
  /** Asked before every run, so that a replaced credential holds from the next one on. */
  readonly credential: () => TokenString;
  /** See `TokenIssuer.clockSkew`: influxctl tells no time, the Management API of the same cluster does. */
  readonly clockSkew: () => number;
}

/** Pauses between looks for what a change must have done: the list may lag behind. Milliseconds. */
const LAG = [500, 1_000, 2_000, 4_000, 8_000];

/** Management tokens of one cluster. It knows no change in place. */
export class InfluxctlIssuer implements TokenIssuer {
  readonly #options: InfluxctlIssuerOptions;
  readonly #end = new AbortController();
  /** Fires when another credential takes the place of the present one. */
  #replaced = new AbortController();
  /** What the last list showed of the credential that it was asked with. */
  #listedWith: { readonly credential: TokenString; readonly end: number | undefined } | undefined;
  /** Everything but the changes themselves is a look at the one list. */
  readonly #listing = new SharedReading(() => this.#list());

  constructor(options: InfluxctlIssuerOptions) {
    this.#options = options;
  }

  get clockSkew(): number {
    return this.#options.clockSkew();
  }

  get credentialEnd(): number | undefined {
    const now = this.#options.credential();
    return this.#listedWith?.credential.reveal() === now.reveal() ? this.#listedWith.end : undefined;
  }

  async list(keep: (token: TokenInfo) => boolean, signal?: AbortSignal, containing = ''): Promise<TokenList> {
    const { tokens, unread } = await this.#listing.take(signal);
    if (containing === '' && unread > 0) throw errorForContent(this.#attempt('read', LISTING), UNREAD);
    const infos = [...tokens.values()].map(({ info }) => info);
    return {
      tokens: infos.filter((info) => info.description.includes(containing) && keep(info)),
      total: tokens.size + unread,
    };
  }

  async create(request: TokenRequest, signal?: AbortSignal): Promise<CreatedToken> {
    const { description, expiresAt } = request;
    const attempt = this.#attempt('change', 'creating a management token');
    const flags = [
      '--description',
      description,
      ...(expiresAt === undefined ? [] : ['--expires-at', rfc3339(expiresAt)]),
    ];
    const { stdout, stderr, failure } = await this.#change(attempt, ['create', ...flags, '--format', 'json'], signal);
    // The description ends with the nonce of this attempt. There is more than one where something in between sent the request again.
    const made = ({ tokens }: Listing): readonly ListedToken[] | undefined => {
      const found = [...tokens.values()].filter(({ info }) => info.description === description);
      return found.length === 0 ? undefined : found;
    };
    const output = `${stdout.toString()}\n${stderr.toString()}`;
    for (const { info, prefix } of await this.#find(attempt, made, failure, signal)) {
      const string = findTokenString(output, prefix);
      if (string !== undefined) return { info, string };
    }
    throw errorForContent(attempt, 'the token was created, but its string cannot be told from the output');
  }

  async get(id: string, signal?: AbortSignal): Promise<TokenInfo | undefined> {
    const { tokens, unread } = await this.#listing.take(signal);
    const found = tokens.get(id);
    if (found === undefined && unread > 0) throw errorForContent(this.#attempt('read', LISTING), UNREAD);
    return found?.info;
  }

  async revoke(id: string, signal?: AbortSignal): Promise<boolean> {
    const attempt = this.#attempt('change', `revoking management token ${printable(id)}`);
    if (!isTokenID(id)) throw new IssuerError('Refused', `${attempt.name}: nothing was sent, as the id is not a UUID`);
    const { failure } = await this.#change(attempt, ['revoke', '--force', id], signal);
    const ended = ({ tokens, unread }: Listing): boolean | undefined => {
      const token = tokens.get(id);
      if (token === undefined) return unread > 0 ? undefined : false;
      return token.info.revokedAt === undefined ? undefined : true;
    };
    return this.#find(attempt, ended, failure, signal);
  }

  /**
   * The credential is another one now. A look that is under way with the former one is begun anew, because that may hang in a login; a
   * change is let end, as otherwise its outcome would be unknown.
   */
  credentialReplaced(): void {
    this.#replaced.abort(new Error('the credential was replaced'));
    this.#replaced = new AbortController();
  }

  /** Ends what runs. */
  close(): void {
    this.#end.abort(new Error('the connection was closed'));
  }

  /** Runs a change. `failure`: what it would be, should the list not show that it took effect all the same. */
  async #change(
    attempt: Attempt,
    args: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Pick<CommandResult, 'stdout' | 'stderr'> & { failure: IssuerError | undefined }> {
    const result = await this.#run(attempt, args, signal);
    if (result.ended === 'aborted') throw errorForRun(attempt, result);
    return { ...result, failure: isSuccess(result) ? undefined : errorForRun(attempt, result) };
  }

  /**
   * Waits until the list shows what a change was to do. Throws why it failed where it surely did, or that its outcome is unknown: once
   * the list is late, or cannot be had.
   */
  async #find<T>(
    attempt: Attempt,
    look: (listing: Listing) => T | undefined,
    failure: IssuerError | undefined,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const refused = failure !== undefined && failure.kind !== 'OutcomeUnknown';
    for (const pause of refused ? [undefined] : [...LAG, undefined]) {
      const found = look(await this.#afterwards(attempt, failure, signal));
      if (found !== undefined) return found;
      if (pause !== undefined) await sleep(this.#options.clock, pause, signal);
    }
    throw failure ?? errorForContent(attempt, 'it ended well, but the list does not show it');
  }

  /** Something was sent, so no error of the list, and no abort either, says that nothing happened. */
  async #afterwards(
    attempt: Attempt,
    failure: IssuerError | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Listing> {
    try {
      return await this.#listing.take(signal);
    } catch (error) {
      const why = error instanceof IssuerError ? error.message : 'the operator gave up waiting';
      throw failure ?? errorForContent(attempt, `the list could not be looked at afterwards: ${why}`);
    }
  }

  async #list(): Promise<Listing> {
    const attempt = this.#attempt('read', LISTING);
    const { signal: replaced } = this.#replaced;
    const result = await this.#run(attempt, ['list', '--format', 'json'], replaced).catch((error: unknown) => {
      if (!replaced.aborted) throw error;
    });
    if (result === undefined || replaced.aborted) return this.#list();
    if (!isSuccess(result)) throw errorForRun(attempt, result);
    try {
      const listing = await readListing(result.stdout);
      const { credential } = attempt;
      const now = this.#options.clock.now() + this.clockSkew;
      this.#listedWith = { credential, end: listedExpiry(credential.reveal(), listing.tokens.values(), now) };
      return listing;
    } catch (error) {
      if (error instanceof MalformedArray)
        throw errorForContent(attempt, `its output is not understood: ${error.message}`);
      throw error;
    }
  }

  async #run(attempt: Attempt, args: readonly string[], signal: AbortSignal | undefined): Promise<CommandResult> {
    const { influxctl, settings } = this.#options;
    try {
      return await influxctl.run({
        settings,
        credential: attempt.credential,
        args: ['management', ...args],
        effect: attempt.effect,
        signal: signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]),
      });
    } catch (error) {
      if (error instanceof IssuerError || signal?.aborted) throw error;
      throw new IssuerError('Unavailable', `influxctl, ${attempt.name}: not sent, as the connection was closed`);
    }
  }

  #attempt(effect: Attempt['effect'], name: string): Attempt {
    const { settings, credential } = this.#options;
    return { name, effect, host: new URL(settings.url).host, credential: credential() };
  }
}

const LISTING = 'listing management tokens';
const UNREAD = 'its output has entries that are not understood';

function isSuccess({ ended, code }: CommandResult): boolean {
  return ended === 'exited' && code === 0;
}
