// `npm run demo`: the operator at work, from an empty Kubernetes control plane to a revoked token. It leaves nothing behind.

import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stage } from './stage.ts';
import { takeTour, type Left } from './tour.ts';

const HELP = `npm run demo              shows the operator at work, and ends by itself
npm run demo -- --keep    leaves everything running at the end, until Ctrl-C
`;
/** Ctrl-C is obeyed within this, even where something does not end: the guardians of all processes then do the rest. */
const PATIENCE = 30_000;
const INTERRUPTED = 130;

const begun = Date.now();
process.chdir(join(import.meta.dirname, '../..'));
process.exit(await main());

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'number') return options;
  const interruption = interrupted();
  const stage = new Stage();
  let done = false;
  try {
    const left = await takeTour(stage, interruption);
    done = true;
    console.log(`\nThat was it, in ${Math.round((Date.now() - begun) / 1000)} s.`);
    if (options.keep) {
      console.log(howToLook(left));
      await once(interruption, 'abort');
    }
    return 0;
  } catch (error) {
    if (interruption.aborted) return done ? 0 : INTERRUPTED;
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await stage.close();
  }
}

function readOptions(): { readonly keep: boolean } | number {
  try {
    const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } });
    if (values.help !== true) return { keep: values.keep === true };
    console.log(HELP);
    return 0;
  } catch (error) {
    console.error(`demo: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}

/** Fires at the first Ctrl-C, and when nobody reads any more. A second Ctrl-C comes at once where npm passes on what the terminal sent too, so it means nothing. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  const interrupt = (): void => {
    setTimeout(() => process.exit(INTERRUPTED), PATIENCE).unref();
    controller.abort(new Error('interrupted'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  // A reader that has gone, as head does.
  process.stdout.on('error', interrupt);
  return controller.signal;
}

function howToLook({ kubeconfig, programs, ca, log }: Left): string {
  return `Everything is still running. In another terminal:

   export KUBECONFIG=${kubeconfig}
   export CURL_CA_BUNDLE=${ca}
   export PATH="$PATH:${programs}"     # for kubectl, if you have none
   kubectl -n metrics get idbt -o wide --watch
   tail -f ${log}

Ctrl-C here ends it.`;
}
