// Lets only those see a page whom somebody else, the API server, vouches for.

import { createHash } from 'node:crypto';

import type { Clock } from '../controller/clock.ts';
import { textPage, type Page, type Route } from './http.ts';

/** What is thought of the bearer of a token: `stranger` when nobody knows the token. Rejects when there is no telling now. */
export type Review = (token: string) => Promise<'allowed' | 'stranger' | 'forbidden'>;

/** For how long an answer holds: a scraper comes every few seconds, and rights that are taken away must end soon. Milliseconds. */
const REMEMBERED = 10_000;
/** Anyone in the cluster can send tokens: they must not fill the memory. */
const MOST_REMEMBERED = 256;
/** Longer than the token of any service account. */
const LONGEST_TOKEN = 8_192;

/** The page for those who are allowed; for others 401, 403, or 503 while the reviewer does not answer. Tokens are kept as hashes only. */
export function guarded(route: Route, review: Review, clock: Clock): Route {
  const answers = new Map<string, { readonly answer: ReturnType<Review>; readonly until: number }>();

  const judge = (token: string): ReturnType<Review> => {
    const key = createHash('sha256').update(token).digest('base64');
    const known = answers.get(key);
    if (known !== undefined && known.until > clock.now()) return known.answer;
    const answer = review(token);
    answers.delete(key);
    answers.set(key, { answer, until: clock.now() + REMEMBERED });
    // A question that failed is asked again.
    answer.catch(() => answers.delete(key));
    const [oldest] = answers.keys();
    if (answers.size > MOST_REMEMBERED && oldest !== undefined) answers.delete(oldest);
    return answer;
  };

  return async (asked) => {
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(asked.authorization ?? '')?.[1];
    if (token === undefined || token.length > LONGEST_TOKEN) return unauthorized();
    let answer: Awaited<ReturnType<Review>>;
    try {
      answer = await judge(token);
    } catch {
      // Not told: the reason is no business of somebody unknown.
      return textPage(503, 'the API server cannot be asked now; try again\n');
    }
    if (answer === 'stranger') return unauthorized();
    return answer === 'allowed' ? route(asked) : textPage(403, 'Kubernetes does not allow you to get this URL\n');
  };
}

function unauthorized(): Page {
  return {
    ...textPage(401, 'send a bearer token that Kubernetes knows\n'),
    headers: { 'www-authenticate': 'Bearer' },
  };
}
