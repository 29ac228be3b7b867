// Every way in which an answer can be bad, and every call that can get it.

import { STATUS_CODES } from 'node:http';
import type { Strike } from './intercept.ts';

/** A bad answer, as far as a strike is about it. */
export interface BadAnswer {
  readonly title: string;
  readonly forward: boolean;
  readonly answer: Strike['answer'];
}

/** A call that gets bad answers, and the scenario in which it is made. */
export interface Victim {
  readonly call: string;
  /** Of the scenario. */
  readonly prefix: string;
}

/** Calls of the Management API: each of the five. */
export const MANAGEMENT_CALLS: readonly Victim[] = [
  { call: 'GET tokens', prefix: 'issue' },
  { call: 'POST tokens', prefix: 'issue' },
  { call: 'POST tokens', prefix: 'rotate' },
  { call: 'GET token', prefix: 'rotate' },
  { call: 'PATCH token', prefix: 'update' },
  { call: 'DELETE token', prefix: 'leak' },
  { call: 'DELETE token', prefix: 'delete' },
];

/** Writes to Kubernetes: each that a scenario makes. */
export const KUBERNETES_WRITES: readonly Victim[] = [
  { call: 'PATCH databasetokens', prefix: 'issue' },
  { call: 'POST secrets (dry run)', prefix: 'issue' },
  { call: 'POST secrets', prefix: 'issue' },
  { call: 'PATCH databasetokens/status', prefix: 'issue' },
  { call: 'PATCH secrets (dry run)', prefix: 'rotate' },
  { call: 'PATCH secrets', prefix: 'rotate' },
  { call: 'PATCH databasetokens', prefix: 'delete' },
];

const LOST: readonly BadAnswer[] = [
  { title: 'a reset before the effect', forward: false, answer: 'reset' },
  { title: 'a reset after the effect', forward: true, answer: 'reset' },
  { title: 'half an answer', forward: true, answer: 'half' },
  { title: 'no answer, without an effect', forward: false, answer: 'none' },
  { title: 'no answer, after the effect', forward: true, answer: 'none' },
];

/** Of the Management API and of what may stand before it. */
export const MANAGEMENT_ANSWERS: readonly BadAnswer[] = [
  ...LOST,
  ...[401, 409, 429, 500].map((status) => instead(`${status}`, status, managementError(status))),
  { ...instead('500 after the effect', 500, managementError(500)), forward: true },
  instead('a page with 502', 502, '<html><title>502 Bad Gateway</title></html>', { 'content-type': 'text/html' }),
  { ...instead('broken JSON', 200, '{"id": "5'), forward: true },
  { ...instead('the JSON of something else', 200, '{"status": "ok"}'), forward: true },
  instead('a redirect', 307, '', { location: 'https://127.0.0.1:1/login' }),
  instead('a 404 that is not the API’s', 404, 'default backend - 404', { 'content-type': 'text/plain' }),
];

/** Of the API server; a Status as it writes them. */
export const KUBERNETES_ANSWERS: readonly BadAnswer[] = [
  ...LOST,
  instead('409', 409, kubernetesStatus(409, 'Conflict')),
  instead('422', 422, kubernetesStatus(422, 'Invalid')),
  instead('429', 429, kubernetesStatus(429, 'TooManyRequests'), { 'retry-after': '1' }),
  instead('403', 403, kubernetesStatus(403, 'Forbidden')),
  instead('500', 500, kubernetesStatus(500, 'InternalError')),
  { ...instead('504 after the effect', 504, kubernetesStatus(504, 'Timeout')), forward: true },
];

function instead(title: string, status: number, body: string, headers: Record<string, string> = {}): BadAnswer {
  return { title, forward: false, answer: { status, body, headers } };
}

function managementError(status: number): string {
  return JSON.stringify({ code: status, message: STATUS_CODES[status] });
}

function kubernetesStatus(code: number, reason: string): string {
  const message = `injected: ${reason}`;
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, code, message });
}
