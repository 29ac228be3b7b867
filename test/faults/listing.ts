// Lists a collection in a thread of its own, with a heap like the operator's in its image and nothing else in it: each message asks for one list,
// each answer says what came of it.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';

import { systemClock } from '../../src/controller/clock.ts';
import { dropManagedFields, type RawObject } from '../../src/kubernetes/raw-object.ts';
import { Reflector } from '../../src/kubernetes/reflector.ts';
import { Store } from '../../src/kubernetes/store.ts';
import { connect } from '../kubernetes/test-client.ts';

/** What to list. */
export interface Listing {
  readonly kubeconfig: string;
  readonly path: string;
}

/** What came of it. */
export interface Listed {
  readonly objects: number;
  /** For how long the event loop was held up at most, milliseconds. */
  readonly longestBlock: number;
}

const { kubeconfig, path }: Listing = workerData;
const { client } = await connect(kubeconfig);
const silent = (): undefined => undefined;

async function list(): Promise<Listed> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const store = new Store<RawObject>();
  const reflector = new Reflector({
    client,
    store,
    path,
    observer: { listed: silent, watched: silent, changed: silent },
    clock: systemClock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    convert: dropManagedFields,
  });
  delay.enable();
  reflector.start();
  await reflector.synced;
  delay.disable();
  await reflector.stop();
  return { objects: store.size, longestBlock: delay.max / 1e6 };
}

parentPort?.on('message', () => void list().then((listed) => parentPort?.postMessage(listed)));
