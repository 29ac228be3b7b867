import { describe, expect, test } from '@jest/globals';
import { errorFromAnswer, errorFromFailure } from './error.ts';

const asked = { method: 'POST', path: '/api/v1/namespaces/a/secrets' };
const status = (fields: object): string =>
  JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', ...fields });

describe('an answer', () => {
  test('of the API server itself with 4xx is a refusal, with its reason, message and fields', () => {
    const causes = [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.x' }];
    const text = status({ reason: 'Invalid', message: 'Thing "a" is invalid', code: 422, details: { causes } });
    const error = errorFromAnswer(asked, { status: 422, text }, 0);
    expect(error).toMatchObject({ status: 422, reason: 'Invalid', outcome: 'refused', details: causes });
    expect(error.message).toBe('Thing "a" is invalid (POST /api/v1/namespaces/a/secrets)');
  });

  test.each([500, 503, 504, 408])("with %i leaves the outcome unknown, even as the server's own Status", (code) => {
    const error = errorFromAnswer(asked, { status: code, text: status({ reason: 'InternalError', message: 'x' }) }, 0);
    expect(error).toMatchObject({ status: code, outcome: 'unknown', reason: 'InternalError' });
  });

  test.each([404, 403, 302, 200])("with %i that is not the API's own JSON proves nothing", (code) => {
    const error = errorFromAnswer(asked, { status: code, text: '<html>Not Found</html>' }, 0);
    expect(error).toMatchObject({ status: code, outcome: 'unknown', reason: 'Unreadable' });
    expect(error.message).not.toContain('html');
  });

  test('with 429 is a refusal in any form, and says how long to wait', () => {
    const plain = { status: 429, text: 'Too many requests, please try again later.', retryAfter: '2' };
    expect(errorFromAnswer(asked, plain, 0)).toMatchObject({
      outcome: 'refused',
      reason: 'TooManyRequests',
      retryAfter: 2000,
    });
    const own = { status: 429, text: status({ reason: 'TooManyRequests', details: { retryAfterSeconds: 3 } }) };
    expect(errorFromAnswer(asked, own, 0)).toMatchObject({ outcome: 'refused', retryAfter: 3000 });
  });

  test('may name the time to come back as a date', () => {
    const now = Date.UTC(2026, 0, 1);
    const retryAfter = new Date(now + 5000).toUTCString();
    expect(errorFromAnswer(asked, { status: 503, text: '', retryAfter }, now).retryAfter).toBe(5000);
    expect(errorFromAnswer(asked, { status: 503, text: '', retryAfter: 'soon' }, now).retryAfter).toBeUndefined();
  });

  test('is told in one printable line of bounded length', () => {
    const error = errorFromAnswer(
      asked,
      { status: 403, text: status({ message: `a\n\tb\u001b[31m\u2028c${'x'.repeat(9999)}` }) },
      0,
    );
    expect(error.message).toMatch(/^a b \[31m cx+\.\.\. \(POST/);
    expect(error.message.length).toBeLessThan(1100);
  });
});

describe('a failure', () => {
  test('of the connection tells what failed', () => {
    const error = errorFromFailure(
      asked,
      new AggregateError([new Error('connect ECONNREFUSED 127.0.0.1:1')]),
      undefined,
    );
    expect(error).toMatchObject({ reason: 'ConnectionFailed', outcome: 'unknown', status: undefined });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test.each(['Timeout', 'Aborted'] as const)('by %s leaves the outcome unknown', (reason) => {
    expect(errorFromFailure(asked, new Error('x'), reason)).toMatchObject({ reason, outcome: 'unknown' });
  });
});

describe('contents of Secrets that a server or webhook quotes', () => {
  const token = 'apiv1_0123456789abcdef';
  const encoded = Buffer.from(token).toString('base64');

  test.each([
    ['an object', { data: { token: encoded } }],
    ['serialised JSON', JSON.stringify({ data: { token: encoded } })],
    ['a JSON Patch of one key', [{ op: 'replace', path: '/data/token', value: encoded }]],
    ['a JSON Patch that only tests a key', [{ op: 'test', path: '/data/token', value: encoded }]],
    ['a JSON Patch of all data', [{ op: 'add', path: '/data', value: { token: encoded } }]],
    ['a JSON Patch of everything', [{ op: 'add', path: '', value: { data: { token: encoded } } }]],
  ])('are blanked, encoded and decoded, when the body was %s', (_, body) => {
    const causes = [{ message: `bad: ${encoded}` }];
    const text = status({ message: `denied: ${encoded} (${token})`, details: { causes } });
    const error = errorFromAnswer({ ...asked, body }, { status: 400, text }, 0);
    expect(error.message).toMatch(/^denied: \[redacted\] \(\[redacted\]\) /);
    expect(error.details).toEqual([{ message: 'bad: [redacted]' }]);
  });

  test('are blanked when they were sent as stringData', () => {
    const text = status({ message: `denied: ${token}` });
    const body = { stringData: { token } };
    expect(errorFromAnswer({ ...asked, body }, { status: 400, text }, 0).message).toMatch(/^denied: \[redacted\] /);
  });

  test('are all that is blanked', () => {
    const body = { metadata: { name: 'telegraf-influxdb' }, data: { a: 'YQ==' } };
    const text = status({ message: 'secrets "telegraf-influxdb" already exists', reason: 'AlreadyExists' });
    expect(errorFromAnswer({ ...asked, body }, { status: 409, text }, 0).message).toContain(
      '"telegraf-influxdb" already',
    );
  });

  test('a body that is not JSON, or no Secret, is no obstacle', () => {
    for (const body of ['{', 'null', undefined, 3, [1, { path: 4 }], { data: 'apiv1_text' }]) {
      expect(errorFromAnswer({ ...asked, body }, { status: 400, text: status({ message: 'no' }) }, 0).message).toMatch(
        /^no /,
      );
    }
  });
});
