// The raw loop as a process of its own, so that its CPU time is counted as the operator's is. Works on orders from its parent.

import type { DatabaseToken } from '../../../src/resources/database-token.ts';
import { Endpoint } from '../endpoint.ts';
import { monotonic } from '../monotonic.ts';
import { databaseToken, tokenPath } from '../objects.ts';
import { eachOf } from '../parallel.ts';
import { issue, type Servers } from './issue.ts';
import type { Answer, Order, Setup } from './orders.ts';

interface Ready extends Servers {
  readonly setup: Setup;
  readonly objects: readonly DatabaseToken[];
}

let ready: Ready | undefined;

process.on('message', (order: Order) => {
  void answer(order).then((message) => process.send?.(message));
});
// The parent is gone, or has no more orders.
process.on('disconnect', () => process.exit());

async function answer(order: Order): Promise<Answer> {
  const startedAt = monotonic();
  try {
    await carryOut(order);
    return { startedAt };
  } catch (error) {
    return { error: String(error) };
  }
}

async function carryOut(order: Order): Promise<void> {
  if (order.do === 'prepare') {
    ready = await prepare(order.setup);
    return;
  }
  if (ready === undefined) throw new Error(`"prepare" must come before "${order.do}"`);
  const servers = ready;
  switch (order.do) {
    case 'apply':
      await apply(ready, order.name);
      break;
    case 'applyAndIssue':
      await issue(servers, await apply(ready, order.name));
      break;
    case 'issueAll':
      await eachOf(ready.objects, ready.setup.workers, (object) => issue(servers, object));
      break;
  }
}

async function prepare(setup: Setup): Promise<Ready> {
  const kubernetes = new Endpoint(setup.kubernetes, setup.workers);
  const influxDB = new Endpoint(setup.influxDB, setup.workers);
  const list = await kubernetes.ask({ method: 'GET', path: tokenPath(setup.namespace) });
  const { items }: { items: DatabaseToken[] } = JSON.parse(list);
  return { setup, kubernetes, influxDB, objects: items };
}

async function apply({ setup, kubernetes }: Ready, name: string): Promise<DatabaseToken> {
  const { cluster, namespace } = setup;
  const body = databaseToken(cluster, namespace, name);
  return JSON.parse(await kubernetes.ask({ method: 'POST', path: tokenPath(namespace), body }));
}
