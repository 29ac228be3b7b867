// What an application does with a token: it asks the data API.

import { Agent, request } from 'undici';

/** The question, as a path with its query. */
export const QUERY = '/query?db=sensors&q=SHOW%20MEASUREMENTS';

/** Asks `QUERY` of the data API at `url`, trusting the certificate `ca`; resolves with the HTTP status. */
export async function ask(url: string, ca: string, token: string): Promise<number> {
  const dispatcher = new Agent({ connect: { ca } });
  try {
    const headers = { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(new URL(QUERY, url), { dispatcher, headers });
    await body.dump();
    return statusCode;
  } finally {
    await dispatcher.destroy();
  }
}
