// The composition root: reads what it is told, runs the operator, and ends the process. The only place that does.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

import { readCommand } from './config.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { systemClock } from './controller/clock.ts';
import { onAbort } from './controller/on-abort.ts';
import { helpText } from './help.ts';
import { installationOf } from './installation.ts';
import { createClient } from './kubernetes/client.ts';
import { loadConnection } from './kubernetes/connection.ts';
import { Elector } from './kubernetes/elector.ts';
import { reviewBearer } from './kubernetes/reviews.ts';
import { createLogger, type Logger } from './logging.ts';
import { createOperator, type Operator } from './operator.ts';
import { guarded } from './server/guard.ts';
import { healthRoutes } from './server/health.ts';
import { serve, type Route, type RunningServer } from './server/http.ts';
import { createMetrics } from './server/metrics.ts';
import { OPERATOR_VERSION } from './version.ts';

const LEASE = 'influxtokens-operator';
/** A pod is given 10 s to end by promise; what takes longer is left to the next leader. */
const PATIENCE = 9_500;
/** Of a timer that does nothing: node ends a process that has only unreferenced timers, with code 13. */
const ALIVE = 2 ** 30;

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), process.env);
  if ('print' in command) {
    process.stdout.write(command.print === 'help' ? helpText() : `${OPERATOR_VERSION}\n`);
    return;
  }
  const log = await createLogger({ level: command.run.logLevel, format: command.run.logFormat });
  try {
    await run(command.run, log);
  } catch (err) {
    log.fatal({ err }, 'the operator cannot run');
    process.exit(1);
  }
}

async function run(config: Config, log: Logger): Promise<void> {
  const clock = systemClock;
  // First of all: as process 1 of a container, one that does not listen for SIGTERM cannot be ended by it.
  const ended = ending(log);
  const abort = new AbortController();
  const connection = await loadConnection(config.kubeconfig === undefined ? {} : { kubeconfig: config.kubeconfig });
  const client = createClient({
    connection,
    userAgent: `influxdb-token-operator/${OPERATOR_VERSION}`,
    signal: abort.signal,
  });
  const metrics = createMetrics(OPERATOR_VERSION);
  metrics.watchProcess();
  let operator: Operator | undefined;
  const servers = await serveAll(config, {
    // A standby is asked too, so this goes past what only a leader may do.
    metrics: config.metricsAuth
      ? guarded(metrics.page, (token) => reviewBearer(client, token, '/metrics'), clock)
      : metrics.page,
    notReady: () => (operator === undefined ? 'the API server was not reached yet' : operator.notReady()),
  });
  const installation =
    config.installation ?? (await installationOf({ client, namespace: config.namespace, clock, log, signal: ended }));
  if (installation === undefined) process.exit(0);
  log.info({ version: OPERATOR_VERSION, installation, server: connection.server.href }, 'starting');

  const instance = process.env['POD_NAME'] ?? hostname();
  const running = createOperator({
    config,
    client,
    clock,
    log,
    metrics,
    installation,
    instance,
    mayAct: () => elector === undefined || elector.leading,
    // V8 collects when its heap has grown, and at rest it does not: what a burst left behind would stay.
    tidyMemory: () => globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' }),
  });
  operator = running;
  let acting = false;
  const act = (): void => {
    acting = true;
    metrics.leading(true);
    running.act();
    log.info('acting');
  };
  const elector = config.leaderElect
    ? new Elector({
        client,
        namespace: config.namespace,
        name: LEASE,
        identity: `${instance}_${randomUUID()}`,
        clock,
        log,
        onElected: act,
        onLost: (reason) => {
          // Another may lead by now: whatever is in flight must not be followed by anything.
          abort.abort(new Error('the leadership was lost'));
          log.fatal({ reason }, 'the leadership was lost; exiting, so that nothing is done twice');
          process.exit(1);
        },
      })
    : undefined;

  const end = aborted(ended);
  const began = await Promise.race([running.synced.then(() => true), end.then(() => false)]);
  if (began && elector === undefined) act();
  else if (began) elector?.start();
  await end;

  const last = clock.after(PATIENCE, () => {
    log.warn('not everything ended in time; exiting all the same');
    process.exit(0);
  });
  await running.stop(acting ? undefined : 0);
  if (began) await elector?.stop();
  await Promise.all(servers.map((server) => server.close()));
  await connection.close();
  last();
  log.info('ended');
  process.exit(0);
}

/** `/healthz` and `/readyz`, and `/metrics`, where they are wanted. */
function serveAll(
  config: Config,
  { metrics, notReady }: { metrics: Route; notReady: () => string | undefined },
): Promise<RunningServer[]> {
  const { healthProbeBindAddress, metricsBindAddress } = config;
  const health = healthRoutes({ live: {}, ready: { stores: notReady } });
  return Promise.all([
    ...(healthProbeBindAddress === undefined ? [] : [serve(healthProbeBindAddress, health)]),
    ...(metricsBindAddress === undefined ? [] : [serve(metricsBindAddress, { '/metrics': metrics })]),
  ]);
}

/** Fires at SIGTERM or SIGINT; a second one ends the process at once. From here on only an exit ends it, also while it waits for timers alone. */
function ending(log: Logger): AbortSignal {
  const end = new AbortController();
  setInterval(() => undefined, ALIVE);
  const onSignal = (signal: NodeJS.Signals): void => {
    if (end.signal.aborted) process.exit(1);
    log.info({ signal }, 'ending');
    end.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return end.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else onAbort(signal, resolve);
  });
}

// No `await`: the bundle is CommonJS, which has none at the top.
main().catch((error: unknown) => {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
});
