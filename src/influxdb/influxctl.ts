// The influxctl command, run so that neither argv nor the environment holds a secret.

import { resolve } from 'node:path';

import type { Clock } from '../controller/clock.ts';
import { CommandRunner, NotStarted, type CommandResult } from './command-runner.ts';
import { IssuerError } from './errors.ts';
import { configFile, PROFILE, type ProfileSettings } from './influxctl-profile.ts';
import { Limiter } from './limiter.ts';
import { refuseUnlessLeading } from './measured-issuer.ts';
import { PrivateFiles, type RunFiles } from './private-files.ts';
import type { TokenString } from './token-string.ts';

/** What the command is run with. */
export interface InfluxctlOptions {
  /** See `--influxctl`. */
  readonly path: string;
  readonly clock: Clock;
  /** Of this process; only what says how to reach the network is passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether this process leads. */
  readonly mayAct: () => boolean;
  /** See `PrivateFiles`. */
  readonly base?: string;
  /** Milliseconds after which a run is killed. */
  readonly limit?: number;
}

/** One run of the command. */
export interface Invocation {
  readonly settings: ProfileSettings;
  readonly credential: TokenString;
  /** The subcommand with its flags. */
  readonly args: readonly string[];
  /** A change is only begun while this process leads. */
  readonly effect: 'read' | 'change';
  readonly signal: AbortSignal;
}

/** Each run is a process with a TLS handshake of its own. */
const AT_A_TIME = 2;
/** What influxctl itself is told about its calls. */
const CALL_TIMEOUT = '30s';
/** Without a valid `mgmt_token` it begins a login in a browser, and waits for it beyond that timeout. */
const LIMIT = 45_000;
const OLDEST: readonly [number, number] = [2, 10];

/** The command as installed; shared by all clusters. */
export class Influxctl {
  readonly #options: InfluxctlOptions;
  readonly #path: string;
  readonly #limiter = new Limiter(AT_A_TIME);
  readonly #runner: CommandRunner;
  readonly #files: PrivateFiles;
  #fit = false;

  /** Sweeps what a former process left behind. */
  constructor(options: InfluxctlOptions) {
    this.#options = options;
    // It is run from a directory of its own.
    this.#path = resolve(options.path);
    this.#runner = new CommandRunner(options.clock);
    this.#files = new PrivateFiles(options.base);
    process.once('exit', this.#end);
  }

  /**
   * Runs it and answers what came of it, whatever that is. Rejects with the signal's reason while nothing was started, and with an
   * `IssuerError`: `Unusable` where the command is missing or too old, `Unavailable` where a change may not be begun.
   */
  run({ settings, credential, args, effect, signal }: Invocation): Promise<CommandResult> {
    return this.#limiter.run(async () => {
      await this.#checkVersion(signal);
      // After the wait for a turn, which may have been longer than our lead.
      if (effect === 'change') refuseUnlessLeading(this.#options.mayAct);
      return this.#withFiles((files) => {
        const caFile = settings.caBundle === undefined ? undefined : files.write('ca.pem', settings.caBundle);
        const config = files.write('config.toml', configFile(settings, credential, caFile));
        return this.#start(
          ['--config', config, '--profile', PROFILE, '--timeout', CALL_TIMEOUT, ...args],
          files,
          signal,
        );
      });
    }, signal);
  }

  /** Ends what runs and removes every file. */
  close(): void {
    process.off('exit', this.#end);
    this.#end();
  }

  readonly #end = (): void => {
    this.#runner.killAll();
    this.#files.close();
  };

  /** Asked once it is fit, and before every run while it is not: an administrator may be installing it. */
  async #checkVersion(signal: AbortSignal): Promise<void> {
    if (this.#fit) return;
    const result = await this.#withFiles((files) => this.#start(['version'], files, signal));
    signal.throwIfAborted();
    const [, major = Number.NaN, minor = Number.NaN] = (
      /\bv?(\d+)\.(\d+)\.\d+/.exec(`${result.stdout.toString()}\n${result.stderr.toString()}`) ?? []
    ).map(Number);
    if (Number.isNaN(major))
      throw unusable(`${this.#path} version does not tell a version; point --influxctl at influxctl`);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      throw unusable(`${this.#path} is version ${major}.${minor}; install influxctl ${OLDEST.join('.')}.0 or later`);
    }
    this.#fit = true;
  }

  async #start(args: readonly string[], { directory }: RunFiles, signal: AbortSignal): Promise<CommandResult> {
    const { environment, limit = LIMIT } = this.#options;
    try {
      return await this.#runner.run({
        file: this.#path,
        args,
        environment: { HOME: directory, ...proxies(environment) },
        directory,
        limit,
        signal,
      });
    } catch (error) {
      if (!(error instanceof NotStarted)) throw error;
      throw unusable(`${this.#path} cannot be run (${error.code}); install influxctl there, or correct --influxctl`);
    }
  }

  /** The files are there while `use` runs, and no longer. */
  async #withFiles<T>(use: (files: RunFiles) => Promise<T>): Promise<T> {
    let files: RunFiles | undefined;
    try {
      files = this.#files.open();
      return await use(files);
    } catch (error) {
      if (typeof error !== 'object' || error === null || !('syscall' in error)) throw error;
      // Of the file system. Not passed on: it may quote what was to be written.
      throw unusable('no private file can be written for influxctl; point TMPDIR at a directory that is writable');
    } finally {
      files?.remove();
    }
  }
}

function unusable(message: string): IssuerError {
  return new IssuerError('Unusable', message, { advises: true });
}

/** How to reach the network, in the spelling that every program knows. */
function proxies(environment: InfluxctlOptions['environment']): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of ['HTTPS_PROXY', 'NO_PROXY']) {
    const value = environment[name] ?? environment[name.toLowerCase()];
    if (value !== undefined && value !== '') passed[name] = value;
  }
  return passed;
}
