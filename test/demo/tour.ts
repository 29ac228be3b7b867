// The tour: from an empty Kubernetes control plane to a revoked token, in steps that a person could take.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ControlPlane } from '../controlplane/control-plane.ts';
import { ask, QUERY } from './application.ts';
import { manifest, substitute, valuesOf } from './manifests.ts';
import type { Stage } from './stage.ts';
import { parseTable, type Row } from './table.ts';
import { Teller, ToldKubectl } from './teller.ts';

/** What is there to be looked at after the tour. */
export interface Left {
  readonly kubeconfig: string;
  /** The folder of the control plane's own kubectl. */
  readonly programs: string;
  /** The certificate that the simulated InfluxDB is trusted by, a path. */
  readonly ca: string;
  /** The operator's log, a path. */
  readonly log: string;
}

const COLUMNS = ['NAME', 'READY', 'STATUS', 'SECRET', 'TOKEN-ID'];
const TOKENS = '-n metrics get idbt -o wide';
const BETWEEN_LOOKS = 200;
const PATIENCE = 60_000;

/** Takes the tour; throws where something does not go as told, and when `signal` fires. */
export async function takeTour(stage: Stage, signal: AbortSignal): Promise<Left> {
  const teller = new Teller(signal);
  teller.say('influxdb-token-operator: a token for InfluxDB as a Kubernetes object.');
  teller.remark(
    'All of it runs on this machine and is gone at the end. Your own clusters and kubeconfig are not touched.',
  );

  teller.step('A Kubernetes control plane and an InfluxDB');
  const [controlPlane, { ready: influxDB }] = await Promise.all([
    stage.controlPlane((line) => teller.remark(line), signal),
    stage.influxDB(),
  ]);
  const kubectl = new ToldKubectl(controlPlane, teller);
  const values = valuesOf(influxDB);
  teller.say(`Kubernetes ${await version(kubectl)} at ${controlPlane.server}, without nodes`);
  teller.say(`InfluxDB Clustered, simulated, at ${influxDB.url}; its new tokens take 2 s to become active`);

  teller.step('Install the kinds and start the operator');
  await kubectl.run('apply --server-side -k crds');
  await kubectl.quietly(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  await kubectl.run('apply -f examples/demo/namespaces.yaml');
  teller.command('npm start -- --no-leader-elect --log-format pretty --influxctl influxctl');
  const { log, ca } = await operator(stage, controlPlane, influxDB.caBundle);
  teller.say('The operator is ready.');

  teller.step('Say where InfluxDB is, and who may ask for what');
  await kubectl.apply(
    substitute(await manifest('cluster.yaml'), values),
    'envsubst < examples/demo/cluster.yaml | kubectl apply -f -',
  );
  teller.remark(`${Object.keys(values).join(', ')} are those of the simulator.`);
  await kubectl.quietly(['wait', '--for=condition=Ready', '--timeout=30s', 'idbc/default']);
  await kubectl.run('get idbc');

  teller.step('Ask for three tokens');
  await kubectl.run('apply -f examples/demo/tokens.yaml');
  teller.command(`kubectl ${TOKENS} --watch`);
  await watchTokens(kubectl, teller);

  teller.step('What the application gets: a Secret');
  await kubectl.run('-n metrics describe secret dashboard');
  teller.remark('The token itself is printed nowhere: it is in the Secret and nowhere else.');

  teller.step('Use it');
  const secret = await secretData(kubectl, 'dashboard');
  const query = async (): Promise<number> => {
    teller.command(`curl -H "Authorization: Bearer $INFLUX_TOKEN" "$INFLUX_HOST${QUERY}"`);
    const status = await ask(secret('INFLUX_HOST'), influxDB.caBundle, secret('INFLUX_TOKEN'));
    teller.say(`HTTP ${status}`);
    return status;
  };
  expectStatus(await query(), 200);

  teller.step('What a refusal looks like, and what success does');
  await events(kubectl, 'everything', 'AccessDenied', teller);
  await events(kubectl, 'dashboard', 'Issued', teller);

  teller.step('A management token, for the automation of the platform team');
  await kubectl.run('apply -f examples/demo/management-token.yaml');
  await kubectl.quietly('-n platform wait --for=condition=Ready --timeout=60s imt/automation'.split(' '));
  await kubectl.run('-n platform get imt');
  teller.remark('Only the influxctl command makes such tokens; here a stand-in of it that talks to the simulator.');

  teller.step('Delete the object: the token is revoked');
  await kubectl.run('-n metrics delete idbt dashboard');
  expectStatus(await query(), 401);
  // It learns of new kinds every 30 s, which is too long a wait for a tour.
  teller.remark(
    "The Secret goes too: Kubernetes' garbage collector deletes it, on a cluster this young within half a minute.",
  );

  const { assets: programs } = await controlPlane.connection();
  return { kubeconfig: controlPlane.adminKubeconfig, programs, ca, log };
}

async function operator(stage: Stage, controlPlane: ControlPlane, ca: string): Promise<{ log: string; ca: string }> {
  const file = 'influxdb-ca.crt';
  const { log, folder } = await stage.operator(controlPlane.adminKubeconfig, { [file]: ca });
  return { log, ca: `${folder}/${file}` };
}

async function version(kubectl: ToldKubectl): Promise<string> {
  const { gitVersion }: { gitVersion: string } = JSON.parse(await kubectl.quietly(['get', '--raw', '/version']));
  return gitVersion;
}

/** Shows the tokens until two are ready and one is refused. */
async function watchTokens(kubectl: ToldKubectl, teller: Teller): Promise<void> {
  const table = teller.table(COLUMNS);
  await until('every token to be issued or refused', async () => {
    const rows = parseTable(await kubectl.quietly(TOKENS.split(' ')));
    table.show(rows);
    return rows.map(stateOf).sort().join() === 'AccessDenied,Issued,Issued' ? rows : undefined;
  });
}

function stateOf(row: Row): string {
  return row['STATUS'] ?? '';
}

/** The values of a Secret by their key; the result throws for a key that is not there. */
async function secretData(kubectl: ToldKubectl, name: string): Promise<(key: string) => string> {
  const json = await kubectl.quietly(['-n', 'metrics', 'get', 'secret', name, '-o', 'json']);
  const { data }: { data: Readonly<Record<string, string>> } = JSON.parse(json);
  return (key) => {
    const value = data[key];
    if (value === undefined) throw new Error(`the Secret ${name} has no key ${key}`);
    return Buffer.from(value, 'base64').toString();
  };
}

/** Shows the Events of a token once the one that is waited for is there: they are written in the background. */
async function events(kubectl: ToldKubectl, name: string, reason: string, teller: Teller): Promise<void> {
  const command = `-n metrics events --for databasetoken/${name}`;
  const text = await until(`an Event ${reason} of ${name}`, async () => {
    const printed = await kubectl.quietly(command.split(' '));
    return printed.includes(reason) ? printed : undefined;
  });
  teller.command(`kubectl ${command}`);
  teller.say(text);
}

/** Looks again and again until there is something to see; what a look throws ends it. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`waited a minute in vain for ${what}`);
    await sleep(BETWEEN_LOOKS);
  }
}

function expectStatus(status: number, expected: number): void {
  if (status !== expected) throw new Error(`the data API answered ${status} where ${expected} was expected`);
}
