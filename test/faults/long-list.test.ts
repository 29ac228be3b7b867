import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import { prepare } from './convergence.ts';
import { scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';

jest.setTimeout(180_000);

/** Of the kind that a cluster has after years of rotation by hand: 48 MB of JSON. */
const OLD_TOKENS = 200_000;
const CLUSTERS = 3;
/** Twice the text. Parsed as a whole it would take several times as much. */
const MOST_MEMORY = 96 * 2 ** 20;
/** Seconds, of which 0.05 are the pause between two measurements. To parse such a text in one go takes several times as long; what is left is for a busy machine. */
const LONGEST_BLOCK = 0.2;

let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=1h']);
  await theatre.startOperator();
});

afterAll(() => theatre.stop());

test('a list of 200,000 old tokens neither fills the memory nor blocks the event loop', async () => {
  const { operator } = theatre.stage;
  const resident = (): Promise<number> => operator.metric('process_resident_memory_bytes');
  const small = await theatre.trial('small');
  await prepare(scenario('leak'), small, 'one');
  const before = await resident();

  let [memory, lag] = [0, 0];
  const sample = async (): Promise<void> => {
    memory = Math.max(memory, (await resident()) - before);
    lag = Math.max(lag, await operator.metric('nodejs_eventloop_lag_max_seconds'));
  };
  // The first list of a cluster is taken at once; the next one of so long a list would have to wait for its share of the time.
  for (let cluster = 1; cluster <= CLUSTERS; cluster += 1) {
    const large = await theatre.trial('large', { simulator: { oldTokens: OLD_TOKENS } });
    const connected = async (): Promise<boolean> => {
      await sample();
      const { status } = await large.scene.clusterObject();
      return status?.conditions?.some(({ reason }) => reason === 'Connected') ?? false;
    };
    await waitFor(connected, { what: `the list of cluster ${cluster}`, timeout: 60_000 });
    await prepare(scenario('leak'), large, 'one');
    await sample();
  }
  expect(memory).toBeLessThan(MOST_MEMORY);
  expect(lag).toBeLessThan(LONGEST_BLOCK);
});
