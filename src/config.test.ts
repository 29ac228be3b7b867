import { describe, expect, test } from '@jest/globals';
import { readCommand, type Config } from './config.ts';
import { environmentName, FLAGS } from './flags.ts';
import { helpText } from './help.ts';

function read(args: string[], environment: Record<string, string> = {}): Config {
  const command = readCommand(args, environment);
  if (!('run' in command)) throw new Error('not a run');
  return command.run;
}

function mistake(args: string[], environment: Record<string, string> = {}): string {
  try {
    readCommand(args, environment);
  } catch (error) {
    return String(error);
  }
  return 'no mistake';
}

describe('what is configured', () => {
  test('without flags it is the documented defaults', () => {
    expect(read([])).toEqual({
      namespace: 'influxtokens-system',
      watchNamespaces: [],
      leaderElect: true,
      workers: 16,
      inventoryInterval: 600_000,
      minimumLifetime: 3_600_000,
      metricsBindAddress: { port: 8080 },
      metricsAuth: false,
      healthProbeBindAddress: { port: 8081 },
      logLevel: 'info',
      logFormat: 'json',
    });
  });

  test('every flag is understood, with "=" or without', () => {
    const args =
      '--kubeconfig /k --namespace=tokens --watch-namespace a --watch-namespace b --watch-namespace a --installation prod-1';
    const more =
      '--no-leader-elect --metrics-bind-address=127.0.0.1:9090 --health-probe-bind-address 0 --inventory-interval 1h30m';
    const rest =
      '--metrics-auth --minimum-lifetime=90s --workers 4 --log-level debug --log-format pretty --influxctl /bin/influxctl';
    expect(read([args, more, rest].flatMap((line) => line.split(' ')))).toEqual({
      kubeconfig: '/k',
      namespace: 'tokens',
      watchNamespaces: ['a', 'b'],
      installation: 'prod-1',
      leaderElect: false,
      workers: 4,
      inventoryInterval: 5_400_000,
      minimumLifetime: 90_000,
      influxctl: '/bin/influxctl',
      metricsBindAddress: { host: '127.0.0.1', port: 9090 },
      metricsAuth: true,
      healthProbeBindAddress: undefined,
      logLevel: 'debug',
      logFormat: 'pretty',
    });
  });

  test('every flag can be set in the environment, and an empty variable counts as not set', () => {
    const environment = {
      INFLUXTOKENS_WATCH_NAMESPACE: 'a, b',
      INFLUXTOKENS_LEADER_ELECT: 'false',
      INFLUXTOKENS_WORKERS: '8',
      INFLUXTOKENS_LOG_LEVEL: '',
    };
    expect(read([], environment)).toMatchObject({
      watchNamespaces: ['a', 'b'],
      leaderElect: false,
      workers: 8,
      logLevel: 'info',
    });
  });

  test('a flag wins over the environment, also a switch and a list', () => {
    const environment = {
      INFLUXTOKENS_LEADER_ELECT: 'false',
      INFLUXTOKENS_WORKERS: 'nonsense',
      INFLUXTOKENS_WATCH_NAMESPACE: 'a',
    };
    expect(read(['--leader-elect', '--workers=3', '--watch-namespace=b'], environment)).toMatchObject({
      leaderElect: true,
      workers: 3,
      watchNamespaces: ['b'],
    });
  });

  test.each([
    [['--leader-elect=false'], false],
    [['--leader-elect=true'], true],
    [['--leader-elect'], true],
    [['--no-leader-elect'], false],
    [['--no-leader-elect', '--leader-elect'], true],
  ])('%j: the last word counts', (args, expected) => {
    expect(read(args).leaderElect).toBe(expected);
  });

  test.each([
    [['--namespace=flag'], { INFLUXTOKENS_NAMESPACE: 'variable', POD_NAMESPACE: 'pod' }, 'flag'],
    [[], { INFLUXTOKENS_NAMESPACE: 'variable', POD_NAMESPACE: 'pod' }, 'variable'],
    [[], { POD_NAMESPACE: 'pod' }, 'pod'],
  ])('the own namespace from %j and %j', (args, environment, expected) => {
    expect(read(args, environment).namespace).toBe(expected);
  });

  test('variables that are none of ours do no harm: Kubernetes sets some for every Service', () => {
    expect(mistake([], { INFLUXTOKENS_OPERATOR_METRICS_SERVICE_HOST: '10.0.0.1' })).toBe('no mistake');
  });
});

describe('a mistake is one line that names the flag and the remedy', () => {
  test.each([
    [['--worker', '3'], '--worker: there is no such flag, --help lists them'],
    [['--no-workers'], '--no-workers: there is no such flag, --help lists them'],
    [['--constructor'], '--constructor: there is no such flag, --help lists them'],
    [['-h'], '-h: there is no such flag, --help lists them'],
    [['run'], '"run": is not a flag, and nothing else is taken; --help lists the flags'],
    [['--', 'run'], '"--": is not a flag, and nothing else is taken; --help lists the flags'],
    [['--workers'], '--workers: needs a value, write --workers N'],
    [['--workers='], '--workers: needs a value, write --workers N'],
    [['--workers', '--leader-elect'], '--workers: needs a value, write --workers N'],
    [['--workers=many'], '--workers: "many" is not a whole number from 1 to 256'],
    [['--workers=0'], '--workers: must be from 1 to 256'],
    [['--workers=257'], '--workers: must be from 1 to 256'],
    [['--workers=-1'], '--workers: "-1" is not a whole number from 1 to 256'],
    [['--leader-elect=maybe'], '--leader-elect: is a switch, write --leader-elect or --leader-elect=false'],
    [['--no-leader-elect=false'], '--no-leader-elect: takes no value, write --no-leader-elect'],
    [
      ['--minimum-lifetime=30d'],
      '--minimum-lifetime: "30d" is not a duration: days, weeks and years are not known, write 720h',
    ],
    [['--inventory-interval=25h'], '--inventory-interval: must be from 1s to 24h'],
    [['--log-level=loud'], '--log-level: "loud" is not one of trace, debug, info, warn, error or fatal'],
    [['--log-format=xml'], '--log-format: "xml" is not one of json or pretty'],
    [
      ['--metrics-bind-address=8080'],
      '--metrics-bind-address: "8080" is not an address: write ":8080", "127.0.0.1:8080" or "[::1]:8080", or "0" for none',
    ],
    [
      ['--namespace=Tokens'],
      '--namespace: "Tokens" is not the name of a namespace: lower-case letters, digits and "-", at most 63',
    ],
    [
      ['--watch-namespace=a', '--watch-namespace=b,c'],
      '--watch-namespace: "b,c" is not the name of a namespace: lower-case letters, digits and "-", at most 63',
    ],
    [
      ['--installation=a/b'],
      '--installation: "a/b" is not an installation: lower-case letters, digits and "-", at most 40',
    ],
  ])('%j', (args, line) => {
    expect(mistake(args)).toBe(`ConfigError: ${line}`);
  });

  test('and the variable, where it came from one', () => {
    expect(mistake([], { INFLUXTOKENS_WORKERS: 'many' })).toBe(
      'ConfigError: --workers (from INFLUXTOKENS_WORKERS): "many" is not a whole number from 1 to 256',
    );
    expect(mistake([], { POD_NAMESPACE: 'A' })).toContain(
      '--namespace (from INFLUXTOKENS_NAMESPACE or POD_NAMESPACE): "A" is',
    );
    expect(mistake([], { INFLUXTOKENS_WATCH_NAMESPACE: 'a,,b' })).toContain(
      'INFLUXTOKENS_WATCH_NAMESPACE): "" is not the name',
    );
  });
});

describe('help and version', () => {
  test('are asked for by a flag, and win over a mistake in a value', () => {
    expect(readCommand(['--workers=many', '--help'], {})).toEqual({ print: 'help' });
    expect(readCommand(['--version'], { INFLUXTOKENS_WORKERS: 'many' })).toEqual({ print: 'version' });
  });

  test('the help names every flag, its variable and its default, and fits a terminal of 100 columns', () => {
    const text = helpText();
    for (const [name, flag] of Object.entries(FLAGS)) {
      expect(text).toContain(`  --${name}`);
      expect(text).toContain(flag.default === undefined ? '' : `Default: ${flag.default}`);
      expect(text).toContain(name === 'help' || name === 'version' ? '' : `  ${environmentName(name)} `);
    }
    expect(text.split('\n').filter((line) => line.length > 100 || line !== line.trimEnd())).toEqual([]);
  });
});
