import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { systemClock, type Clock } from '../../src/controller/clock.ts';
import type { KubernetesClient } from '../../src/kubernetes/client.ts';
import { EventRecorder, type ObjectReference } from '../../src/kubernetes/events.ts';
import type { ControlPlaneClient } from '../controlplane/control-plane-client.ts';
import { sharedControlPlane, testNamespace } from '../controlplane/shared.ts';
import { waitFor } from '../wait.ts';
import { connect } from './test-client.ts';

jest.setTimeout(60_000);

let controlPlane: ControlPlaneClient;
let namespace: string;
let client: KubernetesClient;
let close: () => Promise<void>;

beforeAll(async () => {
  controlPlane = await sharedControlPlane();
  namespace = await testNamespace(controlPlane, 'events');
  ({ client, close } = await connect(controlPlane.adminKubeconfig));
});

afterAll(() => close());

function setUp() {
  const lines: string[] = [];
  const write = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  let ahead = 0;
  const clock: Clock = { now: () => systemClock.now() + ahead, after: systemClock.after.bind(systemClock) };
  const reporter = { controller: 'example.com/operator', instance: 'operator-0' };
  const recorder = new EventRecorder({ client, clock, log, reporter });
  return { recorder, lines, moveOn: (milliseconds: number) => void (ahead += milliseconds) };
}

async function json(args: string[]) {
  const { stdout, stderr } = await controlPlane.kubectl([...args, '--output=json']);
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function configMap(name: string, within = namespace): Promise<ObjectReference> {
  await controlPlane.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: within, name } });
  const { metadata } = await json(['get', 'configmap', name, `--namespace=${within}`]);
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace: within, name, uid: metadata.uid };
}

test('kubectl describe and kubectl get events show what was recorded', async () => {
  const regarding = await configMap('described');
  const { recorder, lines } = setUp();
  recorder.record({ regarding, type: 'Warning', reason: 'AccessDenied', action: 'Issue', note: 'no rule allows it' });
  await recorder.flush(10_000);
  expect(lines).toEqual([]);

  const describe = await controlPlane.kubectl(['describe', 'configmap', 'described', `--namespace=${namespace}`]);
  expect(describe.stdout).toMatch(/Warning\s+AccessDenied\s+\S+\s+example\.com\/operator.*\s+no rule allows it/);
  const list = await controlPlane.kubectl(['get', 'events', `--namespace=${namespace}`]);
  expect(list.stdout).toMatch(/Warning\s+AccessDenied\s+configmap\/described\s+no rule allows it/);
});

test('a repetition is a count on the same Event', async () => {
  const regarding = await configMap('repeated');
  const { recorder, lines, moveOn } = setUp();
  const occurrence = { regarding, type: 'Normal', reason: 'Issued', action: 'Issue', note: 'again' } as const;
  for (let time = 0; time < 3; time++) {
    recorder.record(occurrence);
    await recorder.flush(10_000);
    moveOn(60_000);
  }
  expect(lines).toEqual([]);
  const { items } = await json([
    'get',
    'events.events.k8s.io',
    `--namespace=${namespace}`,
    '--field-selector=regarding.name=repeated',
  ]);
  expect(items).toMatchObject([{ reason: 'Issued', series: { count: 3 } }]);
});

test('an Event that was deleted meanwhile is told anew', async () => {
  const regarding = await configMap('forgotten');
  const { recorder, moveOn } = setUp();
  const occurrence = { regarding, type: 'Normal', reason: 'Issued', action: 'Issue', note: 'again' } as const;
  const selector = [`--namespace=${namespace}`, '--field-selector=regarding.name=forgotten'];
  recorder.record(occurrence);
  await recorder.flush(10_000);
  await controlPlane.kubectl(['delete', 'events.events.k8s.io', ...selector]);
  moveOn(60_000);
  recorder.record(occurrence);
  await recorder.flush(10_000);
  expect((await json(['get', 'events.events.k8s.io', ...selector])).items).toMatchObject([{ series: { count: 2 } }]);
});

test('the longest note and the longest names are taken', async () => {
  const name = 'n'.repeat(253);
  const regarding = await configMap(name);
  const { recorder, lines } = setUp();
  recorder.record({ regarding, type: 'Normal', reason: 'Issued', action: 'Issue', note: '€\u0007\n'.repeat(2_000) });
  await recorder.flush(10_000);
  expect([recorder.dropped, lines]).toEqual([0, []]);
});

test('about a cluster-scoped object it goes into the namespace default, where kubectl describe finds it', async () => {
  const name = namespace;
  await controlPlane.apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, value: 1 });
  const { metadata } = await json(['get', 'priorityclass', name]);
  const regarding = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', name, uid: metadata.uid };
  const { recorder, lines } = setUp();
  recorder.record({ regarding, type: 'Normal', reason: 'Connected', action: 'Connect', note: 'all is well' });
  await recorder.flush(10_000);
  expect(lines).toEqual([]);
  const list = await controlPlane.kubectl([
    'get',
    'events',
    '--namespace=default',
    `--field-selector=involvedObject.name=${name}`,
  ]);
  expect(list.stdout).toContain('all is well');
  const describe = await controlPlane.kubectl(['describe', 'priorityclass', name]);
  expect(describe.stdout).toMatch(/Normal\s+Connected\s+.*all is well/);
  await controlPlane.kubectl(['delete', 'priorityclass', name]);
});

test('a namespace that is being deleted takes none, and nobody is bothered', async () => {
  const doomed = await testNamespace(controlPlane, 'doomed');
  const regarding = await configMap('last', doomed);
  // A finalizer keeps the namespace between life and death.
  await controlPlane.apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: doomed, name: 'holds', finalizers: ['example.com/hold'] },
  });
  await controlPlane.kubectl(['delete', 'namespace', doomed, '--wait=false']);
  await waitFor(async () => (await json(['get', 'namespace', doomed])).status.phase === 'Terminating', {
    what: 'the namespace to be terminating',
  });
  const { recorder, lines } = setUp();
  recorder.record({ regarding, type: 'Normal', reason: 'Revoked', action: 'Revoke', note: 'the end' });
  await recorder.flush(10_000);
  expect([recorder.dropped, lines]).toEqual([0, ['debug: The namespace takes no Event any more']]);

  const release = ['patch', 'configmap', 'holds', `--namespace=${doomed}`, '--type=json'];
  await controlPlane.kubectl([...release, '--patch=[{"op":"remove","path":"/metadata/finalizers"}]']);
});
