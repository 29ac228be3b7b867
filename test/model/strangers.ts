// What strangers do to Secrets and to tokens behind our back.

import { MANAGED_LABEL } from '../../src/resources/group.ts';
import { LEDGER, readLedger } from '../../src/tokens/ledger.ts';
import type { LiveSecret } from '../../src/tokens/secret.ts';
import { noteDeletion, noteReason } from './accounts.ts';
import { createToken } from './influxdb.ts';
import { createSecret, deleteSecret, putSecret } from './kubernetes.ts';
import type { ServerToken, World } from './world.ts';

/** An action of a stranger on a Secret or on a token; `n` picks the token. */
export type StrangerAction =
  | {
      readonly do: 'create Secret' | 'delete Secret' | 'edit string' | 'strip label' | 'strip ledger';
      readonly secret: string;
    }
  /** The ledger is made to name another token, which may be another object's. */
  | { readonly do: 'forge token' | 'forge superseded'; readonly secret: string; readonly n: number }
  | { readonly do: 'revoke token' | 'unmark token' | 'alter token' | 'forget token'; readonly n: number }
  | { readonly do: 'create token' };

/** Carries it out; answers what happened in words, or `undefined` when it makes no sense. */
export function strangers(w: World, action: StrangerAction): string | undefined {
  if ('secret' in action) return onSecret(w, action);
  if (action.do === 'create token') {
    const { info } = createToken(w, { description: 'a stranger’s', permissions: [] });
    return `a stranger creates ${info.id}`;
  }
  return onToken(w, action);
}

function onSecret(w: World, action: Extract<StrangerAction, { secret: string }>): string | undefined {
  const { secret: name } = action;
  if (action.do === 'create Secret') {
    const manifest = { metadata: { name }, data: { token: encode('foreign') } };
    const created = createSecret(w, manifest, 'stranger');
    if (created === undefined) return undefined;
    w.belongs.set(created.metadata.uid, 'stranger');
    return `a stranger creates Secret ${name}`;
  }
  const secret = w.secrets.get(name);
  const owner = secret && w.belongs.get(secret.metadata.uid);
  if (secret === undefined || owner === undefined) return undefined;
  if (action.do === 'delete Secret') {
    noteDeletion(w, secret.metadata.uid);
    deleteSecret(w, name);
    return `a stranger deletes Secret ${name}`;
  }
  if (owner === 'stranger') return undefined;
  const { metadata } = secret;
  const { annotations = {} } = metadata;
  const put = (changed: LiveSecret): void => {
    noteReason(w, owner);
    putSecret(w, name, changed);
  };
  switch (action.do) {
    case 'edit string': {
      const key = Object.keys(secret.data ?? {})[0] ?? 'token';
      w.tampered.add(metadata.uid);
      const fieldsV1 = { 'f:data': { [`f:${key}`]: {} } };
      put({
        metadata: { ...metadata, managedFields: [{ manager: 'stranger', fieldsV1 }] },
        data: { ...secret.data, [key]: encode('edited') },
      });
      return `a stranger edits the string in Secret ${name}`;
    }
    case 'strip label': {
      const { [MANAGED_LABEL]: _, ...labels } = metadata.labels ?? {};
      put({ ...secret, metadata: { ...metadata, labels } });
      return `a stranger takes our label off Secret ${name}`;
    }
    case 'strip ledger': {
      const ours: string[] = Object.values(LEDGER);
      const kept = Object.entries(annotations).filter(([key]) => !ours.includes(key));
      put({ ...secret, metadata: { ...metadata, annotations: Object.fromEntries(kept) } });
      return `a stranger takes our annotations off Secret ${name}`;
    }
    case 'forge token':
    case 'forge superseded': {
      const id = [...w.tokens.keys()][action.n % Math.max(1, w.tokens.size)];
      if (id === undefined || readLedger(annotations) === undefined) return undefined;
      const past = JSON.stringify([{ id, revokeAfter: '2000-01-01T00:00:00Z' }]);
      const forged = action.do === 'forge token' ? { [LEDGER.tokenID]: id } : { [LEDGER.superseded]: past };
      put({ ...secret, metadata: { ...metadata, annotations: { ...annotations, ...forged } } });
      return `a stranger makes Secret ${name} name ${id} as ${action.do === 'forge token' ? 'its token' : 'superseded'}`;
    }
  }
}

function onToken(w: World, action: Extract<StrangerAction, { n: number }>): string | undefined {
  const id = [...w.tokens.keys()][action.n % Math.max(1, w.tokens.size)];
  const token = id === undefined ? undefined : w.tokens.get(id);
  if (id === undefined || token === undefined || token.info.revokedAt !== undefined || token.forgotten)
    return undefined;
  // A management token has nothing that anybody could change.
  if (w.settings.kind === 'ManagementToken' && (action.do === 'unmark token' || action.do === 'alter token'))
    return undefined;
  noteReason(w, token.uid);
  const put = (change: Partial<ServerToken>): void => void w.tokens.set(id, { ...token, ...change });
  switch (action.do) {
    case 'revoke token':
      put({ info: { ...token.info, revokedAt: w.now }, revokedBy: 'stranger' });
      return `a stranger revokes ${id}`;
    case 'unmark token':
      w.serial += 1;
      put({ info: { ...token.info, description: 'mine now' }, unmarkedAt: w.serial });
      return `a stranger takes our marker off ${id}`;
    case 'alter token':
      put({ info: { ...token.info, permissions: [] } });
      return `a stranger takes the permissions of ${id} away`;
    case 'forget token':
      put({ forgotten: true });
      return `the server forgets ${id}`;
    case 'forge token':
    case 'forge superseded':
      return undefined;
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
