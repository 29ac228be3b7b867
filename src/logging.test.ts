import { describe, expect, test } from '@jest/globals';
import { IssuerError } from './influxdb/errors.ts';
import { TokenString } from './influxdb/token-string.ts';
import { createLogger, describeError, type Logger, type LoggingOptions } from './logging.ts';

/** What one use of a logger writes. */
async function written(format: LoggingOptions['format'], use: (logger: Logger) => void): Promise<string> {
  let text = '';
  const logger = await createLogger({ level: 'info', format, destination: { write: (line) => void (text += line) } });
  use(logger);
  return text;
}

async function fields(use: (logger: Logger) => void): Promise<Record<string, unknown>> {
  const line: Record<string, unknown> = JSON.parse(await written('json', use));
  return line;
}

describe('json', () => {
  test('one object a line, with an ISO time and the name of the level', async () => {
    const line = await fields((log) => {
      log.info({ object: 'metrics/telegraf' }, 'Token issued');
    });
    expect(line).toEqual({ level: 'info', time: expect.any(String), object: 'metrics/telegraf', msg: 'Token issued' });
    expect(new Date(String(line['time'])).toISOString()).toBe(line['time']);
  });

  test('nothing below the level is written', async () => {
    expect(await written('json', (log) => log.debug({}, 'unheard'))).toBe('');
  });

  test("what a terminal would obey in a tenant's text is escaped, and stays the same JSON", async () => {
    const hostile = 'a\u001b[2J\r\nb\u009b31m\u007f\u202ec\u0007';
    const text = await written('json', (log) => log.info({ description: hostile, [hostile]: 1 }, hostile));
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e]*\n$/);
    expect(JSON.parse(text)).toMatchObject({ description: hostile, [hostile]: 1, msg: hostile });
  });

  test('a text of a megabyte is one line as any other', async () => {
    const text = await written('json', (log) => log.info({ reason: '\n'.repeat(1_000_000) }, 'x'));
    expect(text.indexOf('\n')).toBe(text.length - 1);
  });

  test('obvious names of secrets are blanked, at the top and one level below', async () => {
    const text = await written('json', (log) => {
      log.info(
        {
          accessToken: 'hush',
          headers: { authorization: 'Bearer hush' },
          body: { accessToken: 'hush' },
          answer: { data: 'hush' },
        },
        'x',
      );
    });
    expect(text).not.toContain('hush');
    expect(text).toContain('"accessToken":"[redacted]"');
  });

  test('a token string cannot be logged even where nothing would be blanked', async () => {
    expect(await written('json', (log) => log.info({ value: new TokenString('apiv1_hush') }, 'x'))).not.toContain(
      'hush',
    );
  });
});

describe('errors', () => {
  test('are told by name, message, facts and stack', async () => {
    const error = new IssuerError('OutcomeUnknown', 'POST /tokens: the connection was reset', { status: 502 });
    const { err } = await fields((log) => {
      log.error({ err: error }, 'failed');
    });
    expect(err).toEqual({
      name: 'IssuerError',
      message: 'POST /tokens: the connection was reset',
      kind: 'OutcomeUnknown',
      status: 502,
      stack: error.stack,
    });
  });

  test('never carry along bodies or other properties, nor do their causes', () => {
    const cause = Object.assign(new Error('socket hang up'), {
      code: 'ECONNRESET',
      body: 'hush',
      headers: { a: 'hush' },
    });
    const error = Object.assign(new Error('outer', { cause }), { response: { body: 'hush' }, status: { hush: 1 } });
    const described = describeError(error);
    expect(described).toMatchObject({ cause: { name: 'Error', message: 'socket hang up', code: 'ECONNRESET' } });
    expect(JSON.stringify({ ...described, stack: '' })).not.toContain('hush');
  });

  test('that are their own cause come to an end', () => {
    const error = new Error('ouroboros');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).match(/"message":"ouroboros"/g)).toHaveLength(4);
  });

  test('that are no errors are told by their type only: the value might be anything', () => {
    expect(describeError('hush')).toEqual({ name: 'string', message: 'not an Error was thrown' });
  });
});

describe('pretty', () => {
  test('reads well', async () => {
    const text = await written('pretty', (log) => {
      log.warn({ object: 'metrics/telegraf', attempts: 3 }, 'Token refused');
    });
    expect(text).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] WARN: Token refused\n {4}object: "metrics\/telegraf"\n {4}attempts: 3\n$/,
    );
  });

  test("escape sequences and line feeds in a tenant's text are shown, not obeyed", async () => {
    const hostile = 'a\u001b[2J\r\nb\u009b31m\u202ec\u0007';
    const text = await written('pretty', (log) => {
      log.info({ description: hostile, err: new Error(hostile), nested: { list: [hostile] } }, hostile);
    });
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text.split('\n')[0]).toMatch(/INFO: a\\u001b\[2J\\u000d\\u000ab\\u009b31m\\u202ec\\u0007$/);
  });

  test('a stack keeps its lines', async () => {
    const text = await written('pretty', (log) => log.error({ err: new Error('broken') }, 'x'));
    expect(text).toMatch(/\n\s+at .*logging\.test\.ts/);
  });
});
