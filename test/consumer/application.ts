// An application as teams write them: it writes and queries without pause, with the token in its environment, or with what a mounted file
// holds before each request. Every answer is a line on standard output: the status, and when it came.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Agent, request } from 'undici';

const { values } = parseArgs({
  options: { url: { type: 'string' }, ca: { type: 'string' }, 'token-file': { type: 'string' } },
});
const { url = '', ca = '', 'token-file': tokenFile } = values;

/** Between requests; a busy loop would keep the machine from everything else. */
const BREATH = 20;

const dispatcher = new Agent({ connect: { ca: await readFile(ca) } });
const REQUESTS = [
  { method: 'POST', path: '/api/v2/write?bucket=sensors', body: 'room temperature=21' },
  { method: 'GET', path: '/query?db=sensors&q=SHOW%20MEASUREMENTS', body: null },
] as const;

for (;;) {
  for (const { method, path, body } of REQUESTS) {
    const token = tokenFile === undefined ? process.env['INFLUX_TOKEN'] : await readFile(tokenFile, 'utf8');
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body: answer } = await request(new URL(path, url), { dispatcher, method, headers, body });
    await answer.dump();
    console.log(`${statusCode} ${new Date().toISOString()}`);
    await sleep(BREATH);
  }
}
