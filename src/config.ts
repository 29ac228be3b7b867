// Flags and environment into one checked configuration.

import { z } from 'zod';
import { parseCommandLine } from './command-line.ts';
import { ConfigError } from './config-error.ts';
import { environmentName, FLAGS } from './flags.ts';
import { parseDuration } from './resources/duration.ts';
import { parseBindAddress } from './server/address.ts';

const HOUR = 3_600_000;
const MOST_WORKERS = 256;

/** Turns text into a value by a function that throws with a message worth reading. */
function read<T>(parse: (text: string) => T) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

function matching(pattern: RegExp, expected: string) {
  return z.string().regex(pattern, { error: ({ input }) => `${JSON.stringify(input)} is not ${expected}` });
}

function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  const expected = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
  return z.enum(values, { error: ({ input }) => `${JSON.stringify(input)} is not one of ${expected}` });
}

function toggle() {
  return oneOf(['true', 'false']).transform((text) => text === 'true');
}

function duration(least: number, most: number, bounds: string) {
  return read(parseDuration).refine((value) => value >= least && value <= most, `must be from ${bounds}`);
}

const namespace = matching(
  /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
  'the name of a namespace: lower-case letters, digits and "-", at most 63',
);
const path = matching(/^[^\0]+$/, 'a path');

/** Keyed by the names of the flags, so that a mistake is reported under the name it was made; every value is checked here and nowhere else. */
export const flags = z.strictObject({
  kubeconfig: path.optional(),
  namespace,
  'watch-namespace': z.array(namespace).transform((names) => [...new Set(names)]),
  // It stands in the description of every token, where "/" and "]" end it.
  installation: matching(
    /^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/,
    'an installation: lower-case letters, digits and "-", at most 40',
  ).optional(),
  'leader-elect': toggle(),
  workers: matching(/^\d{1,3}$/, `a whole number from 1 to ${MOST_WORKERS}`)
    .transform(Number)
    .refine((workers) => workers >= 1 && workers <= MOST_WORKERS, `must be from 1 to ${MOST_WORKERS}`),
  'inventory-interval': duration(1_000, 24 * HOUR, '1s to 24h'),
  'minimum-lifetime': duration(1_000, 8_760 * HOUR, '1s to 8760h'),
  influxctl: path.optional(),
  'metrics-bind-address': read(parseBindAddress),
  'metrics-auth': toggle(),
  'health-probe-bind-address': read(parseBindAddress),
  'log-level': oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal']),
  'log-format': oneOf(['json', 'pretty']),
});

const schema = flags.transform((given) => ({
  kubeconfig: given.kubeconfig,
  namespace: given.namespace,
  watchNamespaces: given['watch-namespace'],
  installation: given.installation,
  leaderElect: given['leader-elect'],
  workers: given.workers,
  inventoryInterval: given['inventory-interval'],
  minimumLifetime: given['minimum-lifetime'],
  influxctl: given.influxctl,
  metricsBindAddress: given['metrics-bind-address'],
  metricsAuth: given['metrics-auth'],
  healthProbeBindAddress: given['health-probe-bind-address'],
  logLevel: given['log-level'],
  logFormat: given['log-format'],
}));

/** What the operator was told. Durations in milliseconds; an absent address means no server; no watched namespace means all. */
export type Config = z.output<typeof schema>;

/** What is to be done: run, or print something and exit with 0. */
export type Command = { readonly run: Config } | { readonly print: 'help' | 'version' };

/** Reads the command line (without node and script) and the environment; throws a `ConfigError`. */
export function readCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  const given = parseCommandLine(args);
  if (given.has('help')) return { print: 'help' };
  if (given.has('version')) return { print: 'version' };
  const settings: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(FLAGS)) {
    if (name === 'help' || name === 'version') continue;
    const values = given.get(name) ?? fromEnvironment(environment[environmentName(name)], flag.repeatable);
    settings[name] = flag.repeatable ? values : (values.at(-1) ?? flag.default);
  }
  settings['namespace'] ??= environment['POD_NAMESPACE'] || 'influxtokens-system';
  const result = schema.safeParse(settings);
  if (result.success) return { run: result.data };
  const [issue] = result.error.issues;
  const name = String(issue?.path[0]);
  throw new ConfigError(`${source(name, given)}: ${issue?.message}`);
}

/** A variable that is set but empty counts as not set: that is how a manifest leaves one out. */
function fromEnvironment(text: string | undefined, repeatable = false): readonly string[] {
  if (!text) return [];
  return repeatable ? text.split(',').map((part) => part.trim()) : [text];
}

/** Where a wrong value came from, so that people look in the right place. */
function source(name: string, given: ReadonlyMap<string, readonly string[]>): string {
  if (given.has(name)) return `--${name}`;
  return `--${name} (from ${environmentName(name)}${name === 'namespace' ? ' or POD_NAMESPACE' : ''})`;
}
