// What a process sends for a step: the body is made when it is sent, so that it can take effect after its sender is gone.

import { secretName } from '../../src/resources/defaults.ts';
import { TokenString } from '../../src/influxdb/token-string.ts';
import { digest, type Ledger } from '../../src/tokens/ledger.ts';
import type { Outcome } from '../../src/tokens/outcome.ts';
import { disownPatch, secretManifest, swapPatch, type LiveSecret } from '../../src/tokens/secret.ts';
import type { Step } from '../../src/tokens/step.ts';
import { isManifest } from './kubernetes.ts';
import { knownTokens, stringIn } from './process.ts';
import { ledgerOf } from './readings.ts';
import type { Pass, Request, World } from './world.ts';

type Thought = Omit<Pass, 'request'>;

const REHEARSAL: Ledger = {
  object: 'dry-run',
  clusterUID: 'dry-run',
  tokenID: 'dry-run',
  attempt: 'dry-run',
  issuedAt: 0,
  fence: 0,
  superseded: [],
  digest: 'dry-run',
};
const PLACEHOLDER = new TokenString('apiv1_0');

/** The request of a step; or what came of it, when none is needed. */
export function prepare(w: World, p: number, name: string, thought: Thought, step: Step): Request | Outcome {
  const { observed, content, since } = thought;
  const { object } = observed;
  const request: Request = {
    process: p,
    name,
    uid: object.metadata.uid,
    ask: step,
    sentAt: w.now,
    since,
    resourceVersion: object.metadata.resourceVersion,
    secretName: observed.wanted?.secretName ?? secretName(object),
    ...(content === undefined ? {} : { content }),
  };
  // What was not read in this pass yet is read now; the request itself may arrive much later.
  const live = thought.live ?? w.secrets.get(request.secretName);
  switch (step.do) {
    case 'remember':
      return { got: 'nothing' };
    case 'takeInventory':
      return { ...request, known: knownTokens(w.processes[p]!) };
    case 'rehearse':
      if (step.into === undefined) return creation(request, REHEARSAL, PLACEHOLDER);
      return swap(request, thought.live, ledgerIn(thought.live), REHEARSAL, PLACEHOLDER);
    case 'publish': {
      const { pending } = step;
      const { string, info } = pending.created;
      const ledger = { ...step.ledger, digest: digest(info.id, string) };
      return pending.base === undefined
        ? creation(request, ledger, string)
        : swap(request, live, pending.base.ledger, ledger, string);
    }
    case 'rewrite': {
      const string = thought.written ?? (live && stringIn(live));
      return string === undefined ? { got: 'conflict' } : swap(request, live, step.from, step.to, string);
    }
    case 'disown':
      if (live === undefined) return { got: 'conflict' };
      return { ...request, write: { patch: disownPatch(live, step.from, request.uid) } };
    case 'probe': {
      const { pending } = observed.memory;
      const inMemory = pending?.created.info.id === step.tokenID ? pending.created.string : undefined;
      const string = inMemory ?? thought.written ?? (live && stringIn(live));
      return string === undefined ? { got: 'conflict' } : { ...request, string };
    }
    case 'addFinalizer':
    case 'removeFinalizer':
    case 'lookAtObject':
    case 'lookAtSecret':
    case 'mint':
    case 'lookUp':
    case 'change':
    case 'revoke':
    case 'deleteSecret':
      return request;
  }
}

function creation(request: Request, ledger: Ledger, string: TokenString): Request {
  const { content } = request;
  if (content === undefined) throw new Error('a Secret cannot be written for a spec that is not valid');
  const manifest = secretManifest(content, ledger, string);
  if (!isManifest(manifest)) throw new Error('a Secret without metadata');
  return { ...request, write: { manifest }, string };
}

function swap(
  request: Request,
  live: LiveSecret | undefined,
  base: Ledger | undefined,
  ledger: Ledger,
  string: TokenString,
): Request | Outcome {
  const { content } = request;
  if (content === undefined) throw new Error('a Secret cannot be written for a spec that is not valid');
  if (live === undefined) return request.ask.do === 'rehearse' ? { got: 'rehearsed' } : { got: 'conflict' };
  return { ...request, write: { patch: swapPatch(live, base, content, ledger, string) }, string };
}

function ledgerIn(live: LiveSecret | undefined): Ledger | undefined {
  return live && ledgerOf(live.metadata);
}
