import { describe, expect, test } from '@jest/globals';

import type { IssuerErrorKind } from './errors.ts';
import { NetworkFailure } from './network-failure.ts';
import {
  errorForAnswer,
  errorForContent,
  errorForCredential,
  errorForFailure,
  errorForID,
  readRetryAfter,
  type Answer,
  type Operation,
} from './outcome.ts';
import { TokenString } from './token-string.ts';

const now = Date.UTC(2026, 0, 1);
const common = { host: 'influxdb.example.com', credential: new TokenString('admin-token') };
const read: Operation = { name: 'reading a token', effect: 'read', ...common };
const change: Operation = { name: 'creating a token', effect: 'change', ...common };

/** The API's own JSON, with the `code` that belongs to the status unless told. */
function api(status: number, code: unknown = status): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({ code, message: 'because' }),
  };
}

function page(status: number): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, text: `<h1>${status}</h1>` };
}

function kind(operation: Operation, answer: Answer): IssuerErrorKind {
  return errorForAnswer(operation, answer, now).kind;
}

describe('what an answer means', () => {
  // status, then what it means: to a read in the API's JSON, to a read as a page; to a change in the API's JSON, to a change as a page.
  test.each<[number, IssuerErrorKind, IssuerErrorKind, IssuerErrorKind, IssuerErrorKind]>([
    [301, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [307, 'Unreadable', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [400, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [401, 'CredentialsRejected', 'CredentialsRejected', 'CredentialsRejected', 'CredentialsRejected'],
    [403, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [404, 'NotFound', 'Unreadable', 'NotFound', 'Refused'],
    [405, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [407, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [408, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [409, 'Refused', 'Unreadable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [413, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [422, 'Refused', 'Unreadable', 'Refused', 'Refused'],
    [429, 'Unavailable', 'Unavailable', 'Unavailable', 'Unavailable'],
    [500, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [502, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [503, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [504, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
    [600, 'Unavailable', 'Unavailable', 'OutcomeUnknown', 'OutcomeUnknown'],
  ])('%d', (status, readAPI, readPage, changeAPI, changePage) => {
    expect({
      readAPI: kind(read, api(status)),
      readPage: kind(read, page(status)),
      changeAPI: kind(change, api(status)),
      changePage: kind(change, page(status)),
    }).toEqual({ readAPI, readPage, changeAPI, changePage });
  });

  test.each([
    ['a code that is not the status', api(404, 5)],
    ['a code in words, as the data API has', api(404, 'not found')],
    ['a list', { ...api(404), text: '[]' }],
    ['null', { ...api(404), text: 'null' }],
    ['cut JSON', { ...api(404), text: '{"code":404,"message":"no' }],
    ['no message', { ...api(404), text: '{"code":404}' }],
    ['no body that could be read', { status: 404, headers: {} }],
  ])('404 with %s is not the API saying that there is no such token', (_, answer) => {
    expect(kind(read, answer)).toBe('Unreadable');
    expect(kind(change, answer)).toBe('Refused');
  });

  test('the status and a wait that is asked for are passed on, whatever the kind', () => {
    const headers = { 'retry-after': '7' };
    expect(errorForAnswer(change, { ...api(429), headers }, now)).toMatchObject({
      kind: 'Unavailable',
      status: 429,
      retryAfter: 7_000,
    });
    expect(errorForAnswer(change, { ...api(503), headers }, now)).toMatchObject({
      kind: 'OutcomeUnknown',
      retryAfter: 7_000,
    });
    expect(errorForAnswer(change, api(503), now).retryAfter).toBeUndefined();
  });
});

describe('what a failure of the network means', () => {
  test.each<[string, boolean, boolean, IssuerErrorKind, IssuerErrorKind]>([
    // code, sent, answered, to a read, to a change
    ['ECONNREFUSED', false, false, 'Unavailable', 'Unavailable'],
    ['ECONNRESET', false, false, 'Unavailable', 'Unavailable'],
    ['TOO_SLOW', false, false, 'Unavailable', 'Unavailable'],
    ['ECONNRESET', true, false, 'Unavailable', 'OutcomeUnknown'],
    ['TOO_SLOW', true, false, 'Unavailable', 'OutcomeUnknown'],
    ['UND_ERR_SOCKET', true, true, 'Unreadable', 'OutcomeUnknown'],
    ['TOO_SLOW', true, true, 'Unavailable', 'OutcomeUnknown'],
    ['UND_ERR_BODY_TIMEOUT', true, true, 'Unavailable', 'OutcomeUnknown'],
  ])('%s, sent: %s, answered: %s', (code, sent, answered, toRead, toChange) => {
    const failure = new NetworkFailure(code, { sent, answered });
    expect(errorForFailure(read, failure).kind).toBe(toRead);
    expect(errorForFailure(change, failure).kind).toBe(toChange);
  });
});

describe('messages', () => {
  const redirect = { status: 302, headers: { location: 'https://login.example.com/?next=secret' } };
  test.each([
    [
      "the API's own words",
      errorForAnswer(change, api(400), now),
      'creating a token at influxdb.example.com: it answered 400: because',
    ],
    [
      "the API's own 404 to what is about no single token",
      errorForAnswer(read, api(404), now),
      'reading a token at influxdb.example.com: it answered 404: because; is spec.url the Management API?',
    ],
    [
      "the API's own 404 to what is about one token",
      errorForAnswer({ ...read, id: 'one' }, api(404), now),
      'reading a token at influxdb.example.com: it answered 404: because',
    ],
    [
      'a page instead',
      errorForAnswer(read, page(404), now),
      'reading a token at influxdb.example.com: it answered 404 with HTML; is spec.url the Management API?',
    ],
    [
      'foreign JSON instead',
      errorForAnswer(read, api(404, 'not found'), now),
      "reading a token at influxdb.example.com: it answered 404 without the API's own JSON; is spec.url the Management API?",
    ],
    [
      'a redirect, without where to',
      errorForAnswer(read, redirect, now),
      'reading a token at influxdb.example.com: it answered 302, a redirect, which is not followed; check scheme, host and path of spec.url',
    ],
    [
      'an unknown outcome',
      errorForAnswer(change, { status: 503, headers: {} }, now),
      'creating a token at influxdb.example.com: it answered 503; whether it took effect is unknown',
    ],
    [
      'a page of success',
      errorForContent(read, page(200), 'it is not a JSON array'),
      'reading a token at influxdb.example.com: its answer is not understood: it is HTML; is spec.url the Management API?',
    ],
    [
      'a cut answer',
      errorForFailure(read, new NetworkFailure('UND_ERR_SOCKET', { sent: true, answered: true })),
      'reading a token at influxdb.example.com: the connection was cut in the middle of its answer',
    ],
    [
      'a credential that cannot be sent',
      errorForCredential(read),
      'reading a token at influxdb.example.com: nothing was sent, as the credential is empty or holds white space or another character that no header may; check spec.credentials',
    ],
    [
      'an id that is none',
      errorForID(change),
      'creating a token at influxdb.example.com: nothing was sent, as the id is not a UUID',
    ],
  ])('%s', (_, error, message) => {
    expect(error.message).toBe(message);
  });

  test('the admin token is not repeated, should the server do so', () => {
    const text = JSON.stringify({ code: 403, message: `Bearer admin-token may not\n${'x'.repeat(500)}` });
    const { message } = errorForAnswer(change, { status: 403, headers: {}, text }, now);
    expect(message).toContain('Bearer [redacted] may not');
    expect(message.length).toBeLessThan(300);
  });
});

describe('readRetryAfter', () => {
  test.each([
    ['seconds', '120', 120_000],
    ['a date', 'Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['a date that is past', 'Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['more than an hour', '86400', 3_600_000],
    ['nonsense', 'later', undefined],
    ['two headers', ['1', '2'], undefined],
    ['no header', undefined, undefined],
  ])('%s', (_, header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });
});
