// The log: one JSON object a line for machines, or lines for people; never a secret, and nothing that drives a terminal.

import { pino, type DestinationStream, type Logger } from 'pino';
import { ILLEGIBLE } from './illegible.ts';

export type { Logger } from 'pino';

export interface LoggingOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  readonly format: 'json' | 'pretty';
  /** Where lines go; standard output, written synchronously so that the last line before an exit is not lost. */
  readonly destination?: DestinationStream;
}

/**
 * Names under which secrets travel in the APIs we use. A second line of defence only: the first is that token strings are `TokenString`s and
 * that bodies are never logged. At the top of a line's fields and one level below.
 */
const SECRET_NAMES = [
  'token',
  'accessToken',
  'tokenString',
  'authorization',
  'Authorization',
  'password',
  'mgmt_token',
  'body',
  'data',
  'stringData',
];

/** A logger with ISO times and level names. Pass errors as `err`. */
export async function createLogger(options: LoggingOptions): Promise<Logger> {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    options.format === 'pretty' ? await prettyStream(destination) : escaping(destination),
  );
}

/** What a log line tells of an error. */
interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly [fact: string]: string | number | ErrorDescription | undefined;
}

/** Facts that our own errors and Node's carry; nothing else is copied, so no body, header or argument gets out. */
const FACTS = ['kind', 'reason', 'outcome', 'status', 'code'] as const;
/** Errors that are their own cause's cause exist. */
const DEEPEST_CAUSE = 3;

/** An error as plain data: name, message, facts, stack, and its cause likewise but for the stack. Anything else that was thrown by its type. */
export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error, message: 'not an Error was thrown' };
  const facts: Record<string, string | number> = {};
  for (const name of FACTS) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === 'string' || typeof value === 'number') facts[name] = value;
  }
  return {
    name: error.name,
    message: error.message,
    ...facts,
    ...(depth === 0 ? { stack: error.stack } : {}),
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}

/** Loaded only here: most operators never print for people. */
async function prettyStream(destination: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const pretty = prettyFactory({ translateTime: 'SYS:HH:MM:ss.l', colorize: process.stdout.isTTY ?? false });
  return {
    write(line) {
      destination.write(pretty(JSON.stringify(JSON.parse(line, neutralise))));
    },
  };
}

/** Writes the same JSON in characters that no terminal obeys: JSON itself escapes less than `kubectl logs` needs. */
function escaping(destination: DestinationStream): DestinationStream {
  return {
    write(line) {
      destination.write(legible(line, true));
    },
  };
}

/** Descriptions and names come from tenants: an escape sequence in one must not move the cursor of whoever reads, nor a line feed forge a line. */
function neutralise(key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return legible(value, key === 'stack');
}

/** Escaped as JSON would, but for line feeds where there are to be lines. */
function legible(text: string, inLines: boolean): string {
  return text.replaceAll(ILLEGIBLE, (run) =>
    run.replaceAll(/[^]/g, (unit) => (inLines && unit === '\n' ? unit : escaped(unit))),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
