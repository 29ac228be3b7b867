// The activation probe: a new token is shown to the data API until it takes it.

import type { TokenInfo } from '../influxdb/issuer.ts';
import { namedDatabases } from '../resources/defaults.ts';
import type { Verdict } from '../resources/conditions.ts';
import { probeTarget } from '../influxdb/probe.ts';
import type { Observed, ProbeProgress } from './observed.ts';
import type { Decision, Step } from './step.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** From the first 401 to `NotAccepted`. */
export const ACCEPTANCE_LIMIT = 10 * MINUTE;
/** From the first probe without any verdict to `IssuedUnverified`. */
export const VERDICT_LIMIT = 5 * MINUTE;
/** Between probes of a token that is still not accepted after the limit. */
const SLOW = 5 * MINUTE;

/** The pause after a number of probes: every second, growing to 30 s. */
export function probePause(tries: number): number {
  return Math.min(30 * SECOND, SECOND * 1.5 ** Math.max(0, tries - 1));
}

/** The progress after one more verdict. */
export function probed(
  before: ProbeProgress | undefined,
  tokenID: string,
  verdict: NonNullable<ProbeProgress['verdict']>,
  now: number,
): ProbeProgress {
  const first = before?.tokenID !== tokenID;
  const since = first ? now : before.since;
  const tries = first ? 1 : before.tries + 1;
  const late = now - since >= ACCEPTANCE_LIMIT;
  return { tokenID, since, tries, nextAt: now + (late ? SLOW : probePause(tries)), verdict };
}

/** The step that shows a token to the data API; absent where it could tell nothing: one of the permissions has to name a database. */
function probe(o: Observed, { id, permissions }: TokenInfo): Step | undefined {
  const target = o.cluster?.probing === true ? probeTarget(permissions) : undefined;
  return target === undefined ? undefined : { do: 'probe', tokenID: id, target };
}

/**
 * For a successor that waits in memory: the decision while the data API does not take it yet; `done` when it may be written;
 * `refused` when it was not accepted within the limit, so that the token in the Secret is kept.
 */
export function probing(o: Observed, now: number, token: TokenInfo, verdict: Verdict): Decision | 'done' | 'refused' {
  const step = probe(o, token);
  if (step === undefined) return 'done';
  const progress = o.memory.probe;
  if (progress?.tokenID !== token.id) return { step, verdict };
  switch (progress.verdict?.kind) {
    case 'accepted':
    case 'forbidden':
    case 'no-database':
      return 'done';
    case 'no-verdict':
      // A data API that gives no verdict must not hold up a renewal until the old token has ended.
      if (now - progress.since >= VERDICT_LIMIT) return 'done';
      break;
    case 'not-active':
    case undefined:
      if (now - progress.since >= ACCEPTANCE_LIMIT) return 'refused';
  }
  return now >= progress.nextAt ? { step, verdict } : { verdict, wakeAt: progress.nextAt };
}

/**
 * For the token in the Secret: the decision while it is not accepted, or the verdict to settle on. `live` is what to say of a
 * token that works.
 */
export function activation(o: Observed, now: number, token: TokenInfo, live: string): Decision | Verdict {
  const step = probe(o, token);
  if (step === undefined) return { reason: 'Issued', message: live };
  const progress = o.memory.probe;
  const ready = o.object.status?.conditions?.find(({ type }) => type === 'Ready');
  const wasAccepted = ready?.status === 'True' && o.object.status?.token?.id === token.id;
  if (progress?.tokenID !== token.id) {
    if (wasAccepted && ready.reason !== 'IssuedUnverified')
      return { reason: 'Issued', message: keepNote(ready.message, live) };
    return { step, verdict: activating(token.id) };
  }
  const again: Pick<Decision, 'step' | 'wakeAt'> = now >= progress.nextAt ? { step } : { wakeAt: progress.nextAt };
  switch (progress.verdict?.kind) {
    case 'accepted':
      return { reason: 'Issued', message: live };
    case 'forbidden':
      return { reason: 'Issued', message: `${live}${NOTE}${progress.verdict.message}. ${LOOK_AT_RIGHTS}` };
    case 'no-database':
      return { reason: 'Issued', message: `${live}${NOTE}${progress.verdict.message}. ${CREATE_DATABASE}` };
    case 'no-verdict': {
      const message = `${live} Not verified: ${progress.verdict.message}`;
      if (wasAccepted || now - progress.since >= VERDICT_LIMIT) {
        return { ...again, verdict: { reason: 'IssuedUnverified', message } };
      }
      return { ...again, verdict: activating(token.id) };
    }
    case 'not-active':
    case undefined:
      if (now - progress.since < ACCEPTANCE_LIMIT) return { ...again, verdict: activating(token.id) };
      return { ...again, verdict: notAccepted(token) };
  }
}

const NOTE = ' The data API took the token, but: ';
const LOOK_AT_RIGHTS = 'Look on the cluster what the token may do there.';
const CREATE_DATABASE = 'Create the database on the cluster, or name one that exists in spec.permissions.';

/** After a restart the note of an earlier probe stays, so that a restart changes nothing. */
function keepNote(message: string, live: string): string {
  const at = message.indexOf(NOTE);
  return at < 0 ? live : live + message.slice(at);
}

function activating(id: string): Verdict {
  return { reason: 'Activating', message: `Token ${id} is in the Secret; waiting until InfluxDB accepts it.` };
}

function notAccepted(token: TokenInfo): Verdict {
  const databases = namedDatabases(token.permissions).join(', ');
  return {
    reason: 'NotAccepted',
    message: `The data API still answers 401 to token ${token.id} after 10 minutes. It also says so where a database (${databases}) does not exist.`,
    remedy:
      'Check that the databases of spec.permissions exist there, and that spec.dataURL of the InfluxDBCluster is its data API.',
  };
}
