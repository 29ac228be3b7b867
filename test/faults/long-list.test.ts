import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { waitFor } from '../wait.ts';
import { prepare } from './convergence.ts';
import { scenario } from './scenarios.ts';
import { Theatre } from './theatre.ts';

jest.setTimeout(180_000);

/** Of the kind that a cluster has after years of rotation by hand: 48 MB of JSON. */
const OLD_TOKENS = 200_000;
const CLUSTERS = 3;
/** A little more than the text. Parsed as a whole it would take several times as much. */
const MOST_MEMORY = 60 * 2 ** 20;
/** Milliseconds. To parse such a text in one go takes ten times as long and more. */
const LONGEST_BLOCK = 50;

let theatre: Theatre;

beforeAll(async () => {
  theatre = await Theatre.start(['--no-leader-elect', '--inventory-interval=1h'], {
    environment: { NODE_OPTIONS: `--import=${new URL('block-gauge.ts', import.meta.url).href}` },
  });
  await theatre.startOperator();
});

afterAll(() => theatre.stop());

/** In milliseconds, how long a block took, and how much of that the operator's own thread computed. */
interface Block {
  readonly took: number;
  readonly work: number;
}

/** For how long the operator's event loop was blocked at most since this was asked last. */
async function longestBlock(): Promise<Block> {
  const told = async (): Promise<RegExpExecArray[]> => [
    ...(await theatre.stage.operatorLog()).matchAll(/^longest block: (\S+) ms, with (\S+) ms of work$/gm),
  ];
  const before = (await told()).length;
  process.kill(theatre.stage.operator.pid, 'SIGUSR2');
  const [, took, work] = await waitFor(async () => (await told())[before], { what: 'the longest block' });
  return { took: Number(took), work: Number(work) };
}

test('a list of 200,000 old tokens neither fills the memory nor blocks the event loop', async () => {
  const { operator } = theatre.stage;
  const resident = (): Promise<number> => operator.metric('process_resident_memory_bytes');
  const small = await theatre.trial('small');
  await prepare(scenario('leak'), small, 'one');
  const before = await resident();

  let memory = 0;
  const blocks: Block[] = [];
  const sample = async (): Promise<void> => {
    memory = Math.max(memory, (await resident()) - before);
  };
  // The first list of a cluster is taken at once; the next one of so long a list would have to wait for its share of the time.
  for (let cluster = 1; cluster <= CLUSTERS; cluster += 1) {
    await longestBlock();
    const large = await theatre.trial('large', { simulator: { oldTokens: OLD_TOKENS } });
    const connected = async (): Promise<boolean> => {
      await sample();
      const { status } = await large.scene.clusterObject();
      return status?.conditions?.some(({ reason }) => reason === 'Connected') ?? false;
    };
    await waitFor(connected, { what: `the list of cluster ${cluster}`, timeout: 60_000 });
    await prepare(scenario('leak'), large, 'one');
    await sample();
    blocks.push(await longestBlock());
  }
  const longest = blocks.map(({ took, work }) => `${Math.ceil(took)} ms (work: ${Math.ceil(work)})`).join(', ');
  console.info(
    `${CLUSTERS} lists of ${OLD_TOKENS} tokens: ${Math.ceil(memory / 2 ** 20)} MiB more; longest blocks ${longest}`,
  );
  expect(memory).toBeLessThan(MOST_MEMORY);
  // By the clock the best of them: for what else the machine does meanwhile, the list is not to blame. By work, each.
  expect(Math.min(...blocks.map(({ took }) => took))).toBeLessThan(LONGEST_BLOCK);
  expect(Math.max(...blocks.map(({ work }) => work))).toBeLessThan(LONGEST_BLOCK);
});
