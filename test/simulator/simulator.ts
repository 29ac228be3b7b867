// InfluxDB Clustered and Cloud Dedicated, as far as tokens go: the documented API over HTTPS, and every way in which it can be hard on a client.
// What is documented and what is assumed stands at the head of management.ts and data.ts.

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sleep, systemClock } from '../../src/controller/clock.ts';
import type { Clock } from '../../src/controller/clock.ts';
import { CertificateAuthority } from '../certificates.ts';
import { apiError, htmlPage } from './answers.ts';
import type { Answer, ApiRequest } from './answers.ts';
import { isDataPath, serveData } from './data.ts';
import type { Data } from './data.ts';
import { deliver } from './delivery.ts';
import { FaultRules, strike } from './faults.ts';
import type { Delivery, Fault } from './faults.ts';
import { Listener } from './listener.ts';
import { isAdministrator, manage } from './management.ts';
import type { Product } from './management.ts';
import { isManagementTokensPath, manageManagementTokens } from './management-tokens.ts';
import { TokenStore } from './tokens.ts';
import type { NewToken, SimulatedToken, TokenChange } from './tokens.ts';

export type { Fault } from './faults.ts';
export type { SimulatedToken } from './tokens.ts';

/** What may be changed while it runs. Times in milliseconds. */
export interface Settings extends Pick<Data, 'databases' | 'missingDatabase'> {
  /** The management token that is taken; every other is 401. */
  readonly adminToken: string;
  /** How long every request takes at least. */
  readonly latency: number;
  /** How long the data API refuses a new token with 401. */
  readonly activationDelay: number;
  /** How far the server's clock is ahead of ours. */
  readonly clockSkew: number;
  /** How long the list of management tokens does not show what was done. */
  readonly managementLag: number;
  /** Whether a user has ever logged in through OAuth. */
  readonly loggedIn: boolean;
}

/** How a simulator begins; everything has a default. */
export interface SimulatorOptions extends Partial<Settings> {
  /** Clustered unless told. */
  readonly product?: Product;
  /** Of the Management API on 127.0.0.1; a free one unless told. */
  readonly port?: number;
  /** How many old tokens are listed that nobody here made; 0 unless told. */
  readonly oldTokens?: number;
  /** Hex digits that every token string begins with after `apiv1_`, so that a leak can be searched for. */
  readonly canary?: string;
  readonly clock?: Clock;
}

/** One request to either API; never a token string. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly userAgent: string;
  /** When it came, by our clock. */
  readonly at: number;
  /** Absent until it is answered, and where no answer is ever given. */
  readonly status?: number;
  /** Whether a token was created, changed or revoked by it. */
  readonly effect: boolean;
  /** The token that was created, read, changed or revoked. */
  readonly tokenId?: string;
  /** The kind of fault that struck it. */
  readonly fault?: Fault['kind'];
}

type OpenRecord = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

/** What every token string begins with unless told otherwise. */
export const CANARY = 'c0ffee5ec4e7c0ffee';
const DEFAULTS = {
  latency: 0,
  activationDelay: 0,
  clockSkew: 0,
  managementLag: 0,
  loggedIn: true,
  databases: 'any',
  missingDatabase: 404,
} as const;

/** One simulated cluster. Methods named `...Token` act behind the operator's back: they are not requests, and are not recorded. */
export class Simulator {
  /** Of the Management API. */
  readonly url: string;
  /** Of the data API: another origin with Cloud Dedicated, the same with Clustered. */
  readonly dataURL: string;
  /** The CA certificate that signs for both, in PEM. */
  readonly caBundle: string;
  readonly #clock: Clock;
  readonly #product: Product;
  readonly #tokens: TokenStore;
  readonly #faults = new FaultRules();
  readonly #requests: OpenRecord[] = [];
  readonly #ended = new AbortController();
  readonly #canary: RegExp;
  readonly #listeners: readonly Listener[];
  #settings: Settings;

  static async start(options: SimulatorOptions = {}): Promise<Simulator> {
    const authority = await CertificateAuthority.create('influxdb-simulator authority');
    const hosts = ['127.0.0.1', 'localhost'];
    const identity = await authority.issue({ commonName: 'influxdb-simulator', hosts, usage: 'server' });
    const listeners = [await Listener.open(identity, options.port ?? 0)];
    if (options.product?.kind === 'CloudDedicated') listeners.push(await Listener.open(identity, 0));
    return new Simulator(options, authority.certificate, listeners);
  }

  private constructor(options: SimulatorOptions, caBundle: string, listeners: readonly Listener[]) {
    const { product, port: _, oldTokens, canary = CANARY, clock = systemClock, ...settings } = options;
    this.#product = product ?? { kind: 'Clustered' };
    this.#clock = clock;
    this.#settings = { adminToken: `admin-${randomBytes(24).toString('hex')}`, ...DEFAULTS, ...settings };
    this.#tokens = new TokenStore(() => this.#now(), oldTokens ?? 0, canary);
    this.#canary = new RegExp(`(apiv1_|M\\.V1\\.[\\w+/]{4})${canary}[\\w+/]*`, 'g');
    this.#listeners = listeners;
    this.caBundle = caBundle;
    this.url = listeners[0]?.origin ?? '';
    this.dataURL = listeners.at(-1)?.origin ?? '';
    for (const listener of listeners) {
      listener.onRequest((request, response) => {
        // What fails after `stop` was only waiting; anything else is a bug in here, and is to be loud.
        this.#serve(request, response, listener).catch((error: unknown) => {
          if (!this.#ended.signal.aborted) throw error;
        });
      });
    }
  }

  get adminToken(): string {
    return this.#settings.adminToken;
  }

  set adminToken(adminToken: string) {
    this.configure({ adminToken });
  }

  configure(settings: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  /** Every request so far, in order of arrival. */
  get requests(): readonly RecordedRequest[] {
    return this.#requests;
  }

  /** All tokens, live and revoked, with their strings; but not the old tokens that nobody touched. */
  tokens(): readonly SimulatedToken[] {
    return this.#tokens.all();
  }

  createToken(token: NewToken): SimulatedToken {
    return this.#tokens.create(token, this.#settings.activationDelay);
  }

  alterToken(id: string, change: TokenChange): void {
    this.#tokens.update(id, change);
  }

  revokeToken(id: string): void {
    this.#tokens.revoke(id);
  }

  /** As if the token had never been: 404 from now on. */
  forgetToken(id: string): void {
    this.#tokens.forget(id);
  }

  /** The result withdraws the fault. */
  inject(fault: Fault): () => void {
    return this.#faults.add(fault);
  }

  clearFaults(): void {
    this.#faults.clear();
  }

  /** Connections end and new ones are refused, until `up`. What is stored stays. */
  async down(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }

  /** Listens again, on the same ports. */
  async up(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.reopen()));
  }

  /** Ends everything; a request that is still delayed has no effect any more. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.down();
  }

  #now(): number {
    return this.#clock.now() + this.#settings.clockSkew;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse, listener: Listener): Promise<void> {
    const record = this.#record(incoming);
    const request = await readRequest(incoming, record.path);
    if (!request) return;
    const wait = async (milliseconds: number): Promise<void> => {
      if (milliseconds > 0) await sleep(this.#clock, milliseconds, this.#ended.signal);
      this.#ended.signal.throwIfAborted();
    };
    await wait(this.#settings.latency);
    const delivery = await this.#answer(request, record, listener.origin, wait);
    if (delivery.answer.status !== 0) record.status = delivery.answer.status;
    response.setHeader('Date', new Date(this.#now()).toUTCString());
    await deliver(response, delivery, () => listener.reset(incoming), wait);
  }

  async #answer(
    request: ApiRequest,
    record: OpenRecord,
    origin: string,
    wait: (milliseconds: number) => Promise<void>,
  ): Promise<Delivery> {
    const handle = (): Answer => {
      const answer = this.#handle(request, origin);
      record.effect ||= answer.effect;
      if (answer.tokenId !== undefined) record.tokenId = answer.tokenId;
      return answer;
    };
    const fault = this.#faults.take(record.method, record.path);
    if (!fault) return { manner: 'whole', answer: handle() };
    record.fault = fault.kind;
    return strike(fault, isDataPath(request.path) ? 'data' : 'management', handle, wait);
  }

  #handle(request: ApiRequest, origin: string): Answer {
    const { databases, missingDatabase, adminToken, activationDelay, managementLag, loggedIn } = this.#settings;
    const now = this.#now();
    const data = { tokens: this.#tokens, databases, missingDatabase, now };
    if (isDataPath(request.path)) return origin === this.dataURL ? serveData(data, request) : htmlPage(404);
    if (origin !== this.url) return htmlPage(404);
    const management = { product: this.#product, tokens: this.#tokens, adminToken, activationDelay, now };
    if (isManagementTokensPath(request.path)) {
      if (!isAdministrator(management, request)) return apiError('management', 401);
      return manageManagementTokens({ tokens: this.#tokens, listLag: managementLag, loggedIn, now }, request);
    }
    return manage(management, request);
  }

  #record({ method = '', url = '', headers }: IncomingMessage): OpenRecord {
    const clean = (text: string): string => text.replace(this.#canary, '[token string]');
    const userAgent = clean(headers['user-agent'] ?? '');
    const record = { method, path: clean(url), userAgent, at: this.#clock.now(), effect: false };
    this.#requests.push(record);
    return record;
  }
}

/** `undefined` when the client went away before it had said everything. */
async function readRequest(incoming: IncomingMessage, target: string): Promise<ApiRequest | undefined> {
  let body = '';
  incoming.setEncoding('utf8');
  try {
    for await (const chunk of incoming) body += String(chunk);
  } catch {
    return undefined;
  }
  const { authorization = '', 'content-type': contentType = '' } = incoming.headers;
  const [path = '', query = ''] = target.split('?', 2);
  return { method: incoming.method ?? '', path, query: new URLSearchParams(query), authorization, contentType, body };
}
