import { beforeEach, describe, expect, test } from '@jest/globals';
import { aPending, given, id, serverToken } from '../../test/builders.ts';
import { cluster, databaseToken, withReady } from '../../test/reconcilers/memory-world.ts';
import { TokenString } from '../influxdb/token-string.ts';
import type { Occurrence } from '../kubernetes/events.ts';
import { createLogger, type Logger } from '../logging.ts';
import { conditionsOf, type Verdict } from '../resources/conditions.ts';
import { createMetrics, type Metrics } from '../server/metrics.ts';
import type { MintCause } from '../tokens/observed.ts';
import type { Outcome } from '../tokens/outcome.ts';
import type { Step } from '../tokens/step.ts';
import { Narrator } from './narrator.ts';

const STRING = `apiv1_${'5ec8e7'.repeat(20)}`;

let events: Occurrence[];
let lines: string;
let log: Logger;
let metrics: Metrics;
let narrator: Narrator;

beforeEach(async () => {
  events = [];
  lines = '';
  log = await createLogger({ level: 'trace', format: 'json', destination: { write: (line) => void (lines += line) } });
  metrics = createMetrics('test');
  narrator = new Narrator({ record: (event) => void events.push(event) }, log, metrics);
});

/** The same object, with the conditions that a verdict leads to. */
function standing(verdict: Verdict): ReturnType<typeof databaseToken> {
  return { ...databaseToken('telegraf'), status: { conditions: conditionsOf(verdict, [], 1, 0) } };
}

async function counted(name: string): Promise<string | undefined> {
  const { body } = await metrics.page({});
  return body.split('\n').find((line) => line.startsWith(`influxtokens_${name}`));
}

describe('a verdict', () => {
  const denied: Verdict = { reason: 'AccessDenied', message: 'No rule allows it', remedy: 'Ask for less.' };
  const unreachable: Verdict = { reason: 'ClusterUnreachable', message: 'connection refused' };
  const issued: Verdict = { reason: 'Issued', message: 'Token 1 is live.' };

  test('is told when it is news: a warning for what needs somebody, an ordinary Event for what is good', () => {
    narrator.verdict(databaseToken('telegraf'), denied);
    narrator.verdict(standing(denied), issued);
    expect(events.map(({ type, reason }) => [type, reason])).toEqual([
      ['Warning', 'AccessDenied'],
      ['Normal', 'Issued'],
    ]);
    expect(events[0]).toMatchObject({
      note: 'No rule allows it. Ask for less.',
      regarding: { kind: 'DatabaseToken', namespace: 'metrics', name: 'telegraf', uid: 'telegraf-uid' },
    });
    expect(lines.split('\n').filter((line) => line.includes('"warn"'))).toHaveLength(1);
  });

  test('is not told twice; with another message it is told again, unless all is well', () => {
    narrator.verdict(standing(denied), denied);
    narrator.verdict(standing(issued), { ...issued, message: 'Token 2 is live.' });
    expect(events).toEqual([]);
    narrator.verdict(standing(denied), { ...denied, message: 'Too many.' });
    expect(events).toHaveLength(1);
  });

  test('that passes while a token stands is told once, though Ready keeps its reason', () => {
    const before = conditionsOf(issued, [], 1, 0);
    const status = { conditions: conditionsOf({ ...unreachable, standing: true }, before, 1, 0) };
    narrator.verdict({ ...databaseToken('telegraf'), status }, unreachable);
    expect(events).toEqual([]);
  });

  test('about work under way is not told, but for a token that is not accepted', () => {
    narrator.verdict(databaseToken('telegraf'), { reason: 'Issuing', message: '' });
    narrator.verdict(databaseToken('telegraf'), { reason: 'Activating', message: '' });
    expect(events).toEqual([]);
    narrator.verdict(withReady(databaseToken('telegraf'), 'Activating'), { reason: 'NotAccepted', message: 'Still.' });
    expect(events).toMatchObject([{ type: 'Warning', reason: 'NotAccepted' }]);
  });

  test('about a cluster is about an object without a namespace, and compares with its only condition', () => {
    narrator.verdict(cluster(), unreachable);
    expect(events[0]?.regarding).not.toHaveProperty('namespace');
    const conditions = conditionsOf(unreachable, [], 1, 0).filter(({ type }) => type !== 'Synced');
    narrator.verdict({ ...cluster(), status: { conditions } }, unreachable);
    expect(events).toHaveLength(1);
  });
});

test('a clock that is wrong is told by how much, and which way', () => {
  narrator.skewed(cluster(), 45_400);
  narrator.skewed(cluster(), -90_000);
  expect(events.map(({ note }) => note)).toEqual([
    expect.stringContaining('45 s ahead'),
    expect.stringContaining('90 s behind'),
  ]);
});

describe('a step', () => {
  const o = given().issued().build();
  const pending = (cause: MintCause): Extract<Step, { do: 'publish' }> => ({
    do: 'publish',
    pending: aPending(2, { cause }),
    ledger: { object: '', clusterUID: '', tokenID: '', attempt: '', issuedAt: 0, fence: 0, superseded: [] },
  });
  const written: Outcome = { got: 'secret', secret: { present: false, seen: 'live' }, wrote: true };

  test('that changed something on InfluxDB leaves one audit line: who, what, which, why', async () => {
    narrator.step({ do: 'revoke', id: id(1), why: 'its overlap has ended' }, { got: 'revoked', id: id(1) }, o);
    const [line = ''] = lines.split('\n');
    expect(JSON.parse(line)).toMatchObject({
      audit: true,
      action: 'revoke',
      id: id(1),
      why: 'its overlap has ended',
      namespace: 'metrics',
      name: 'telegraf',
    });
    expect(events).toMatchObject([{ reason: 'Revoked', type: 'Normal' }]);
    expect(await counted('tokens_revoked_total')).toContain(' 1');
  });

  test('that did not do it leaves none', async () => {
    narrator.step({ do: 'revoke', id: id(1), why: 'x' }, { got: 'token', id: id(1), info: 'gone', at: 0 }, o);
    expect({ events, audited: lines.includes('"audit"') }).toEqual({ events: [], audited: false });
  });

  test.each([
    ['rotate', 'Normal', 'Rotated'],
    ['renewalDue', 'Normal', 'Rotated'],
    ['revokedOutside', 'Warning', 'Reissued'],
  ] as const)('that publishes a successor because of %s is told as %s %s', (cause, type, reason) => {
    narrator.step(pending(cause), written, o);
    expect(events).toMatchObject([{ type, reason, note: expect.stringContaining(id(2)) }]);
  });

  test.each([
    ['the spec was in effect, as one that came from outside', o, 'Warning', 'Restored', 'changed outside the operator'],
    [
      'the spec is new, as one that was asked for',
      given().issued().edited({ description: 'After' }).build(),
      'Normal',
      'Changed',
      'changed in the spec',
    ],
  ])('that changes a token in place is told, while %s', (_, observed, type, reason, why) => {
    const change: Step = { do: 'change', id: id(1), change: { description: 'After' } };
    narrator.step(change, { got: 'token', id: id(1), info: serverToken(1), at: 0 }, observed);
    expect(events).toMatchObject([{ type, reason, note: expect.stringContaining(`description ${why}`) }]);
    expect(lines).toContain(why);
  });

  test('that publishes the first token is told by the verdict alone, and one that lost by nobody', () => {
    narrator.step(pending('first'), written, o);
    narrator.step(pending('rotate'), { got: 'conflict' }, o);
    expect(events).toEqual([]);
  });

  test('that lets tokens live names them', async () => {
    const step: Step = { do: 'removeFinalizer', left: [id(7)], because: 'abandoned: moved' };
    narrator.before(step, o);
    expect(lines).toContain(id(7));
    expect(lines).toContain('abandoned: moved');
    narrator.step(step, { got: 'no object' }, o);
    expect(await counted('tokens_abandoned_total')).toContain(' 1');
  });

  test('never tells a token string, at whatever level', () => {
    const { info } = aPending(2).created;
    const created = { info, string: new TokenString(STRING) };
    const request = { description: '', permissions: [] };
    const { created: _, ...attempt } = aPending(2);
    const mint: Step = { do: 'mint', scheduled: false, request, pending: attempt };
    narrator.step(mint, { got: 'created', created }, o);
    narrator.step({ ...pending('rotate'), pending: aPending(2, { created }) }, written, o);
    narrator.step(
      { do: 'remember', memory: { ...o.memory, pending: aPending(2, { created }) } },
      { got: 'nothing' },
      o,
    );
    expect(lines).toContain(info.id);
    expect(lines + JSON.stringify(events)).not.toContain(STRING.slice(6, 30));
  });
});
