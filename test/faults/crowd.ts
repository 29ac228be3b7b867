// Many tokens of one kind at once, and what may be done to all of them.

import { resourcePath } from '../../src/kubernetes/paths.ts';
import { GROUP, PLURALS, VERSION } from '../../src/resources/group.ts';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { eachOf } from '../bench/parallel.ts';
import type { Scene } from '../operator/scene.ts';
import { waitFor } from '../wait.ts';

/** How many requests are under way at a time. */
const AT_ONCE = 16;
/** A thousand tokens take as long as the machine lets them. */
const PATIENCE = 300_000;

function pathOf(scene: Scene): string {
  return resourcePath({ group: GROUP, version: VERSION, plural: PLURALS[scene.kind], namespace: scene.namespace });
}

/** Creates so many and answers their names. */
export async function createCrowd(scene: Scene, size: number): Promise<readonly string[]> {
  const names = Array.from({ length: size }, (_, index) => `crowd-${index}`);
  await eachOf(names, AT_ONCE, async (name) => {
    const body = scene.manifest(name);
    await scene.stage.kubernetes.request({ method: 'POST', path: pathOf(scene), body });
  });
  return names;
}

/** Does the same to each of these. */
export function toEach(names: readonly string[], act: (name: string) => Promise<unknown>): Promise<void> {
  return eachOf(names, AT_ONCE, async (name) => void (await act(name)));
}

/** Waits until exactly so many are there, each issued as its spec is now and as `also` says. */
export async function waitForCrowd(
  scene: Scene,
  size: number,
  also: (object: TokenObject) => boolean = () => true,
): Promise<void> {
  const issued = (object: TokenObject): boolean => {
    const { metadata, status } = object;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.reason === 'Issued' && status?.observedGeneration === metadata.generation && also(object);
  };
  await waitFor(
    async () => {
      const { items } = await scene.stage.kubernetes.request<{ items: readonly TokenObject[] }>({
        method: 'GET',
        path: pathOf(scene),
        timeout: 60_000,
      });
      const done = items.filter(issued).length;
      return (items.length === size && done === size) || Promise.reject(new Error(`${done} of ${items.length}`));
    },
    { what: `${size} tokens to be issued`, timeout: PATIENCE },
  );
}
