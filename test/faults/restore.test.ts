import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { TokenObject } from '../../src/resources/token-object.ts';
import { applyTo, paths } from '../operator/objects.ts';
import { nothing, prepare } from './convergence.ts';
import { violations } from './invariants.ts';
import { missing, scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';
import type { Trial } from './trial.ts';

jest.setTimeout(240_000);

const issue = scenario('issue');
let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=2s']);
});

afterAll(() => theatre.stop());

/** As a restore into another cluster does: all objects get new UIDs, and the Secrets name the old ones. */
async function restore(trial: Trial, objects: readonly TokenObject[]): Promise<void> {
  const { scene } = trial;
  for (const { metadata } of objects) {
    await scene.change(metadata.name, { metadata: { finalizers: [] } });
    await scene.delete(metadata.name);
    await scene.waitForEnd(metadata.name);
  }
  for (const { apiVersion, kind, metadata, spec, status } of objects) {
    const { name, namespace } = metadata;
    await applyTo(scene.stage.kubernetes, paths.token(scene.namespace, name), {
      apiVersion,
      kind,
      metadata: { name, namespace },
      spec,
    });
    // Some tools bring the status back too; it names tokens of the objects that were.
    await scene.stage.kubernetes.request({
      method: 'PATCH',
      path: `${paths.token(scene.namespace, name)}/status`,
      contentType: 'application/merge-patch+json',
      body: { status },
    });
  }
}

test.each([
  { collector: 'works', patience: 60_000 },
  // It is given a minute; then the Secret is taken over as it stands.
  { collector: 'sleeps', patience: 150_000 },
] as const)(
  'after a restore every object has a token of its own, when the garbage collector $collector',
  async ({ collector, patience }) => {
    await theatre.startOperator();
    const trial = await theatre.trial('restored');
    const names = ['one', 'two', 'three'];
    await Promise.all(names.map((name) => prepare(scenario('leak'), trial, name)));
    await theatre.crash();
    const { controllerManager } = theatre.stage.controlPlane.processes;
    if (collector === 'sleeps') process.kill(controllerManager, 'SIGSTOP');
    try {
      await restore(trial, await trial.objects());
      await theatre.startOperator();
      const most = new Map(names.map((name) => [name, 2]));
      const wrong = async (): Promise<readonly string[]> => {
        const left = await Promise.all(names.map((name) => missing(issue, trial, name)));
        // The status that came along says that all is well; only what is made tells.
        const idle = names.filter((name) => trial.tokensOf(name).length < 2).map((name) => `${name} has no new token`);
        return [...left.filter((words) => words !== undefined), ...idle, ...(await violations(trial, most))];
      };
      await nothing(wrong, 'every object to have a token of its own', patience);
      await trial.rest();
      expect(await wrong()).toEqual([]);
    } finally {
      process.kill(controllerManager, 'SIGCONT');
      await theatre.clear();
    }
  },
);
