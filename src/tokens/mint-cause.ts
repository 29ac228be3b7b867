// "Does this need a new token?": a chain of small judgements, one a situation, in the order in which they take precedence.

import type { TokenInfo } from '../influxdb/issuer.ts';
import { difference } from './drift.ts';
import { ended, marked, ownership, rotationRequests, serverNow, serverView, settled } from './facts.ts';
import type { Ledger } from './ledger.ts';
import type { MintCause, Observed, Wanted } from './observed.ts';
import { endMatches, renewalAt } from './schedule.ts';

/** What the judgements look at, besides what was observed. */
interface Case {
  readonly o: Observed;
  readonly wanted: Wanted;
  readonly ledger: Ledger | undefined;
  /** The server's description of the ledger's token, where it is known. */
  readonly server: TokenInfo | undefined;
  /** Server's clock. */
  readonly at: number;
}

type Judgement = (c: Case) => MintCause | undefined;

const noSecret: Judgement = ({ o }) => {
  if (o.secret.present) return undefined;
  return o.object.status?.token === undefined ? 'first' : 'secretDeleted';
};

const formerObject: Judgement = ({ o }) =>
  o.secret.present && ownership(o, o.secret) === 'former object' ? 'takeover' : undefined;

const damagedLedger: Judgement = ({ o }) =>
  o.secret.present && ownership(o, o.secret) === 'ours, ledger damaged' ? 'ledgerDamaged' : undefined;

const revokedOutside: Judgement = ({ o, ledger, server }) =>
  server?.revokedAt !== undefined || (ledger !== undefined && ended(o, ledger.tokenID)) ? 'revokedOutside' : undefined;

const markerRemoved: Judgement = ({ o, server }) =>
  server === undefined || marked(o, server) ? undefined : 'markerRemoved';

/** Only a live look can tell; a cached view has no opinion. */
const editedByHand: Judgement = ({ o }) => (o.secret.present && o.secret.intact === false ? 'editedByHand' : undefined);

const rotateImmediately: Judgement = ({ o, ledger }) => {
  const { rotateImmediately: nonce } = rotationRequests(o);
  return nonce !== undefined && nonce !== ledger?.handledRotationImmediately ? 'rotateImmediately' : undefined;
};

const endChanged: Judgement = ({ wanted, ledger }) =>
  ledger !== undefined && !endMatches(wanted, ledger) ? 'endChanged' : undefined;

/** What cannot be changed in place needs a successor. */
const contentChanged: Judgement = ({ o, wanted, ledger, server }) => {
  if (ledger === undefined || server === undefined || o.cluster?.changesInPlace !== false) return undefined;
  const marker = { installation: o.installation, uid: o.object.metadata.uid, attempt: ledger.attempt };
  return difference(wanted, marker, server) === undefined ? undefined : 'contentChanged';
};

const renewalDue: Judgement = ({ o, wanted, ledger, at }) => {
  if (ledger === undefined) return undefined;
  const due = renewalAt(wanted, ledger, o.object.metadata.uid);
  return due !== undefined && due <= at ? 'renewalDue' : undefined;
};

const rotate: Judgement = ({ o, ledger }) => {
  const { rotate: nonce } = rotationRequests(o);
  return nonce !== undefined && nonce !== ledger?.handledRotation ? 'rotate' : undefined;
};

const JUDGEMENTS: readonly Judgement[] = [
  noSecret,
  formerObject,
  damagedLedger,
  revokedOutside,
  markerRemoved,
  editedByHand,
  rotateImmediately,
  endChanged,
  contentChanged,
  renewalDue,
  rotate,
];

/** Why the object needs a new token now; `undefined` when it does not. */
export function mintCause(o: Observed, wanted: Wanted, now: number): MintCause | undefined {
  const ledger = o.secret.present && ownership(o, o.secret) === 'ours' ? o.secret.ledger : undefined;
  const view = ledger === undefined ? undefined : serverView(o, ledger.tokenID);
  const server = typeof view === 'object' ? view : undefined;
  const c: Case = { o, wanted, ledger, server, at: serverNow(o.cluster, now) };
  for (const judge of JUDGEMENTS) {
    const cause = judge(c);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

/** Whether the Secret has to be read live before anything is decided: our view of it may be behind what is the case. */
export function needsLook(o: Observed): boolean {
  const { secret, layout } = o;
  const { verified } = o.memory;
  if (secret.seen === 'live') return false;
  if (secret.doubted === true) return true;
  if (!secret.present) {
    // A Secret that status names is missing from the watch: its label may be gone, which is no deletion.
    return o.object.status?.token !== undefined || o.memory.ledgerWrittenAt !== undefined;
  }
  if (verified?.resourceVersion === secret.resourceVersion) return layout !== undefined && verified.layout !== layout;
  // It changed behind our back, or was never looked at by this process and gives a reason to.
  if (verified !== undefined || secret.foreignWriter || secret.ledger === undefined) return true;
  if (ownership(o, secret) !== 'ours') return false;
  // Status says that this generation is in effect, but an older view of the spec may have been written later.
  return !settled(o, secret.ledger) || (layout !== undefined && secret.ledger.layout !== layout);
}

/** Whether it is asked for by a changed spec, which is not in effect before the successor is written. */
export function bySpec(cause: MintCause): boolean {
  return cause === 'endChanged' || cause === 'contentChanged';
}

/** Causes after which the Secret holds no token that works: the new one is written at once and probed afterwards. */
export function leavesNothingWorking(cause: MintCause, ledger: Ledger | undefined, at: number): boolean {
  switch (cause) {
    case 'rotateImmediately':
    case 'endChanged':
    case 'contentChanged':
    case 'renewalDue':
    case 'rotate':
      return ledger?.expiresAt !== undefined && ledger.expiresAt <= at;
    case 'first':
    case 'secretDeleted':
    case 'takeover':
    case 'ledgerDamaged':
    case 'revokedOutside':
    case 'markerRemoved':
    case 'editedByHand':
      return true;
  }
}
