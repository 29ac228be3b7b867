// Plans that are broken on purpose: the model is worth something only if it catches each of them.

import { learn } from '../../src/tokens/learn.ts';
import type { Observed } from '../../src/tokens/observed.ts';
import { markDescription } from '../../src/tokens/marker.ts';
import { plan } from '../../src/tokens/plan.ts';
import type { Brain } from './pass.ts';

/** A mistake that somebody could make in the plan, and the promise that must be seen broken. */
export interface Mistake {
  readonly name: string;
  readonly breaks: string;
  readonly brain: Brain;
}

/** What the plan would do, were what it observes as it is made out to be. */
function deceived(see: (o: Observed) => Observed): Brain {
  return { plan: (o, now) => plan(see(o), now), learn };
}

/** An orphan goes as soon as it is seen, as if the Secret had been written since. */
const revokesBeforeTheFence = deceived((o) =>
  o.cluster?.inventory === undefined ? o : { ...o, memory: { ...o.memory, ledgerWrittenAt: Infinity } },
);

/** What the Secret's annotations name is taken for ours, whatever the server says of it. */
const trustsTheAnnotations = deceived((o) => {
  const { ledger } = o.secret.present ? o.secret : {};
  if (ledger === undefined || o.wanted === undefined) return o;
  const named = new Set([ledger.tokenID, ...ledger.superseded.map(({ id }) => id)]);
  const marker = { installation: o.installation, uid: o.object.metadata.uid, attempt: ledger.attempt };
  const description = markDescription(o.wanted.description, marker);
  const tokens = Object.entries(o.looked.tokens).map(([id, look]) => {
    if (look === undefined || look.info === 'gone' || !named.has(id)) return [id, look] as const;
    return [id, { ...look, info: { ...look.info, description } }] as const;
  });
  return { ...o, looked: { ...o.looked, tokens: Object.fromEntries(tokens) } };
});

/** The token is minted first, and only then it shows whether a Secret can be written. */
const mintsBeforeTheDryRun = deceived((o) => ({ ...o, looked: { ...o.looked, rehearsed: true } }));

/** What the caches show is as good as a live look. */
const readsOnlyTheCache: Brain = {
  plan: (o, now) => {
    const { secret } = o;
    const seen: Observed['secret'] = secret.present
      ? { ...secret, seen: 'live', intact: secret.intact ?? true, asWanted: secret.asWanted ?? true }
      : { present: false, seen: 'live' };
    return plan({ ...o, secret: seen, looked: { ...o.looked, object: true } }, now);
  },
  learn,
};

/** A token is written without being kept in mind, so that an unsure write is never finished. */
const forgetsItsPending: Brain = {
  plan,
  learn: (o, step, outcome, now, asked) => {
    const after = learn(o, step, outcome, now, asked);
    const { pending, ...rest } = after.memory;
    return step.do === 'publish' && pending?.unsure === true ? { ...after, memory: rest } : after;
  },
};

/** The Secret is created first, with whatever it takes, and foreign ones are overwritten. */
const takesForeignSecrets = deceived((o) => {
  const { secret } = o;
  if (!secret.present || secret.ledger !== undefined) return o;
  const { uid } = o.object.metadata;
  return {
    ...o,
    secret: { ...secret, ownerUIDs: [uid] },
    memory: { ...o.memory, ledgerWrittenAt: o.memory.ledgerWrittenAt ?? 0 },
  };
});

/** The mistakes that the model has to catch. */
export const MISTAKES: readonly Mistake[] = [
  { name: 'revokes before the fence', breaks: 'I3', brain: revokesBeforeTheFence },
  { name: 'trusts the annotations', breaks: 'I9', brain: trustsTheAnnotations },
  { name: 'mints before the dry run', breaks: 'I7', brain: mintsBeforeTheDryRun },
  { name: 'reads only the cache', breaks: 'I7', brain: readsOnlyTheCache },
  { name: 'forgets a token whose write is unsure', breaks: 'I8', brain: forgetsItsPending },
  { name: 'takes foreign Secrets', breaks: 'I4', brain: takesForeignSecrets },
];
