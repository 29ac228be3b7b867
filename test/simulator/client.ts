// A plain client of the simulated APIs, for tests: it verifies the certificate, follows nothing and retries nothing.

import { Agent, request } from 'undici';
import type { Simulator } from './simulator.ts';

/** What came back, whatever it was. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** What may be asked. `body` is sent as JSON, a string as it is. */
export interface Question {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Talks to one simulator, as its administrator. */
export class Client {
  readonly #simulator: Simulator;
  readonly #agent: Agent;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    this.#agent = new Agent({ connect: { ca: simulator.caBundle } });
  }

  /** Asks the Management API, with the admin token unless the headers say otherwise. */
  manage(path: string, question: Question = {}): Promise<Reply> {
    const authorization = `Bearer ${this.#simulator.adminToken}`;
    const headers = { authorization, 'content-type': 'application/json', ...question.headers };
    return this.#ask(new URL(path, this.#simulator.url), { ...question, headers });
  }

  /** Asks the data API, as the bearer of a token string. */
  data(path: string, string?: string, question: Question = {}): Promise<Reply> {
    const headers = { ...(string !== undefined && { authorization: `Bearer ${string}` }), ...question.headers };
    return this.#ask(new URL(path, this.#simulator.dataURL), { ...question, headers });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(url: URL, { method = 'GET', body, headers = {}, signal }: Question): Promise<Reply> {
    const response = await request(url, {
      dispatcher: this.#agent,
      method,
      headers,
      body: payload(body),
      ...(signal && { signal }),
    });
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
  }
}

function payload(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** A token as an answer shows it. */
export interface TokenBody {
  readonly id: string;
  readonly accessToken?: string;
  readonly [field: string]: unknown;
}

/** The body of a reply as an object. */
export function object(reply: Reply): Readonly<Record<string, unknown>> {
  return JSON.parse(reply.text);
}

/** The body of a reply as one token. */
export function token(reply: Reply): TokenBody {
  return JSON.parse(reply.text);
}

/** The body of a reply as a list of tokens. */
export function list(reply: Reply): readonly TokenBody[] {
  return JSON.parse(reply.text);
}
