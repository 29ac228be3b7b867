// A proxy between the operator and a server: it lets everything through as it comes, but for the calls that a test strikes.

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as send } from 'node:https';
import { buffer, text } from 'node:stream/consumers';
import { CertificateAuthority } from '../certificates.ts';
import { Listener } from '../simulator/listener.ts';
import { callOf, type Call } from './calls.ts';

/** An answer that the server did not give. */
export interface Substitute {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What happens to calls instead of what they expect. */
export interface Strike {
  readonly matches: (call: Call) => boolean;
  /** How many matching calls pass first; none when left out. */
  readonly skip?: number;
  /** How many are then struck; one when left out. */
  readonly times?: number;
  /** Is waited for before anything else. */
  readonly first?: () => Promise<unknown>;
  /** Whether the server gets the call, so that it has its effect. */
  readonly forward: boolean;
  /** What the operator gets: nothing for ever, a reset, half of the server's answer, that answer after all, or another one. */
  readonly answer: 'none' | 'reset' | 'half' | 'whole' | Substitute;
  /** Is waited for after the effect and before the answer. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** A strike that waits for its calls. */
export interface Armed {
  /** The first call that was struck, once it has had its effect and what is meanwhile is over. */
  readonly struck: Promise<Call>;
  readonly hits: number;
  withdraw(): void;
}

interface Rule extends Armed {
  readonly strike: Strike;
  seen: number;
  hits: number;
  readonly report: (call: Call) => void;
}

/** What a call came to at the server. */
interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** One connection after another would cost more than all the rest. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding']);

/** Stands in front of one server, under a certificate of its own; credentials are passed on. */
export class Interceptor {
  /** What the operator must trust, PEM. */
  readonly caBundle: string;
  /** Every call so far, in order of arrival. */
  readonly calls: Call[] = [];
  /** Is waited for before a call is passed on; a test looks from here at what is the case at that moment. */
  witness: (call: Call) => Promise<void> = async () => undefined;
  readonly #target: URL;
  readonly #agent: Agent;
  readonly #listener: Listener;
  readonly #rules = new Set<Rule>();
  readonly #watches = new Map<IncomingMessage, ServerResponse>();
  #frozen = false;

  private constructor(target: URL, agent: Agent, listener: Listener, caBundle: string) {
    this.#target = target;
    this.#agent = agent;
    this.#listener = listener;
    this.caBundle = caBundle;
    listener.onRequest((incoming, response) => {
      this.#serve(incoming, response).catch(() => {
        // The server is down or has broken off: so it is with the operator's connection.
        response.destroy();
      });
    });
  }

  /** @param ca what the server's certificate is signed by, PEM */
  static async start(target: string, ca: string): Promise<Interceptor> {
    const authority = await CertificateAuthority.create('interceptor authority');
    const identity = await authority.issue({ commonName: 'interceptor', hosts: ['127.0.0.1'], usage: 'server' });
    const listener = await Listener.open(identity, 0);
    return new Interceptor(new URL(target), new Agent({ ca, keepAlive: true }), listener, authority.certificate);
  }

  get url(): string {
    return this.#listener.origin;
  }

  /** The oldest strike that matches a call has it; each counts its own matches. */
  strike(strike: Strike): Armed {
    const { promise: struck, resolve: report } = Promise.withResolvers<Call>();
    const rule: Rule = { strike, seen: 0, hits: 0, struck, report, withdraw: () => void this.#rules.delete(rule) };
    this.#rules.add(rule);
    return rule;
  }

  /** Nothing arrives by watches any more, though they stay open: as behind a load balancer that lost its state. */
  freezeWatches(): void {
    this.#frozen = true;
    for (const watch of this.#watches.keys()) watch.pause();
  }

  /** What was held back arrives. */
  thawWatches(): void {
    this.#frozen = false;
    for (const watch of this.#watches.keys()) watch.resume();
  }

  /** Ends every watch in the middle. */
  cutWatches(): void {
    for (const response of this.#watches.values()) response.destroy();
  }

  async close(): Promise<void> {
    this.#rules.clear();
    await this.#listener.close();
    this.#agent.destroy();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const call = callOf(incoming.method ?? '', incoming.url ?? '', body);
    this.calls.push(call);
    await this.witness(call);
    const rule = this.#ruleFor(call);
    if (rule !== undefined) {
      await this.#struck(rule, call, incoming, response);
      return;
    }
    const reply = await this.#forward(call, incoming);
    response.writeHead(reply.statusCode ?? 0, passedOn(reply.headers));
    if (call.watch) this.#follow(reply, response);
    else reply.pipe(response);
    reply.on('error', () => response.destroy());
    response.on('close', () => reply.destroy());
  }

  #ruleFor(call: Call): Rule | undefined {
    for (const rule of this.#rules) {
      const { matches, skip = 0, times = 1 } = rule.strike;
      if (!matches(call)) continue;
      rule.seen += 1;
      if (rule.seen >= skip + times) rule.withdraw();
      if (rule.seen > skip) return rule;
    }
    return undefined;
  }

  async #struck(rule: Rule, call: Call, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { first, forward, answer, meanwhile } = rule.strike;
    await first?.();
    const reply = forward ? await whole(await this.#forward(call, incoming)) : undefined;
    await meanwhile?.();
    rule.hits += 1;
    rule.report(call);
    if (answer === 'none') return;
    if (answer === 'reset') {
      this.#listener.reset(incoming);
    } else if (typeof answer === 'object') {
      response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(answer.body);
    } else if (reply === undefined) {
      throw new Error('only a call that was forwarded has an answer');
    } else if (answer === 'whole') {
      response.writeHead(reply.status, reply.headers).end(reply.body);
    } else {
      response.writeHead(reply.status, { ...reply.headers, 'content-length': reply.body.length + 1 });
      response.write(reply.body.subarray(0, reply.body.length / 2), () => response.destroy());
    }
  }

  async #forward({ method, path, body }: Call, { headers }: IncomingMessage): Promise<IncomingMessage> {
    const { hostname, port } = this.#target;
    const asked = send({ hostname, port, method, path, agent: this.#agent, headers: passedOn(headers) });
    asked.end(body);
    const [reply] = await once(asked, 'response');
    return reply;
  }

  #follow(watch: IncomingMessage, response: ServerResponse): void {
    response.flushHeaders();
    this.#watches.set(watch, response);
    watch.on('data', (chunk: Buffer) => response.write(chunk));
    watch.on('end', () => response.end());
    watch.on('close', () => this.#watches.delete(watch));
    if (this.#frozen) watch.pause();
  }
}

/** The headers of a message without those of one connection. */
function passedOn(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name)) kept[name] = value;
  }
  return kept;
}

async function whole(reply: IncomingMessage): Promise<Reply> {
  const headers = passedOn(reply.headers);
  return { status: reply.statusCode ?? 0, headers, body: await buffer(reply) };
}
