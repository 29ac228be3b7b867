// Health and readiness, as the kubelet and people ask for them.

import { textPage, type Route } from './http.ts';

/** Says what is wrong, in one line; `undefined` when nothing is. Called with every probe, so it looks and does not work. */
export type Check = () => string | undefined;

/** Checks by name. */
export type Checks = Readonly<Record<string, Check>>;

/**
 * `/healthz` (should the kubelet restart us?) and `/readyz` (may a rolling update go on?). 200 when every check passes, 503 when one does
 * not; the body lists each, in the form that Kubernetes' own components use.
 */
export function healthRoutes(checks: { readonly live: Checks; readonly ready: Checks }): Record<string, Route> {
  return { '/healthz': () => page('healthz', checks.live), '/readyz': () => page('readyz', checks.ready) };
}

function page(title: string, checks: Checks): ReturnType<Route> {
  let passed = true;
  const lines = Object.entries(checks).map(([name, check]) => {
    const wrong = check();
    if (wrong === undefined) return `[+]${name} ok\n`;
    passed = false;
    return `[-]${name} failed: ${wrong}\n`;
  });
  return textPage(passed ? 200 : 503, `${lines.join('')}${title} check ${passed ? 'passed' : 'failed'}\n`);
}
