// Requests and answers in words.

import type { Answer, Request } from './world.ts';

/** A request in a few words. */
export function tellRequest({ ask, secretName }: Request): string {
  switch (ask.do) {
    case 'mint':
      return `POST token (${ask.pending.cause})`;
    case 'publish': {
      const how = ask.pending.base === undefined ? 'create' : 'swap into';
      const { id } = ask.pending.created.info;
      return `${how} Secret ${secretName} with ${id}${fence(ask.ledger.fence)}${besides(ask.ledger.superseded)}`;
    }
    case 'rewrite':
      return `rewrite Secret ${secretName} around ${ask.to.tokenID}${fence(ask.to.fence)}${besides(ask.to.superseded)}`;
    case 'disown':
      return `hand Secret ${secretName} over`;
    case 'rehearse':
      return `dry run on Secret ${secretName}`;
    case 'lookAtSecret':
      return `GET Secret ${secretName}`;
    case 'lookAtObject':
      return 'GET object';
    case 'lookUp':
      return `GET ${ask.id}`;
    case 'change':
      return `PATCH ${ask.id} (${Object.keys(ask.change).join(', ')})`;
    case 'revoke':
      return `REVOKE ${ask.id} (${ask.why})`;
    case 'takeInventory':
      return 'list tokens';
    case 'probe':
      return `probe ${ask.tokenID}`;
    case 'deleteSecret':
      return `DELETE Secret ${secretName}`;
    case 'report': {
      const ready = ask.status.conditions?.find(({ type }) => type === 'Ready');
      return `status ${ready?.reason ?? ''} with ${ask.status.token?.id ?? 'no token'}`;
    }
    case 'removeFinalizer':
      return `let the object go (${ask.because})`;
    case 'addFinalizer':
      return 'add the finalizer';
    case 'remember':
      return 'remember';
  }
}

/** An answer in a few words. */
export function tellAnswer({ outcome, inventory }: Answer): string {
  if (inventory !== undefined) return `shows ${inventory.tokens.map(({ id }) => id).join(', ') || 'none of ours'}`;
  switch (outcome.got) {
    case 'created':
      return outcome.created.info.id;
    case 'secret': {
      const { secret } = outcome;
      if (!secret.present) return 'there is none';
      return outcome.wrote
        ? 'written'
        : `names ${secret.ledger?.tokenID ?? 'no token'}${secret.intact === false ? ', edited' : ''}`;
    }
    case 'token':
      if (outcome.info === 'gone') return 'is not there';
      return outcome.info.revokedAt === undefined ? 'live' : 'revoked';
    case 'probed':
      return outcome.verdict.kind;
    case 'failure':
      return `fails: ${outcome.failure.message}`;
    case 'object':
    case 'no object':
    case 'rehearsed':
    case 'conflict':
    case 'revoked':
    case 'inventory':
    case 'nothing':
      return outcome.got;
  }
}

function fence(value: number): string {
  return `, fence ${value}`;
}

function besides(superseded: readonly { readonly id: string }[]): string {
  return superseded.length === 0 ? '' : `, beside ${superseded.map(({ id }) => id).join(', ')}`;
}
