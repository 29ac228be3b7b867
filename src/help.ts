// What `--help` prints.

import { environmentName, FLAG_GROUPS, type Flag } from './flags.ts';

const WIDTH = 100;
/** Room for the longest variable. */
const INDENT = 43;

/** The text of `--help`, for a terminal of 100 columns. */
export function helpText(): string {
  const groups = Object.entries(FLAG_GROUPS).map(([title, flags]) => {
    const entries = Object.entries<Flag>(flags).map(([name, flag]) => describe(name, flag));
    return `${title}:\n${entries.join('')}`;
  });
  return `${INTRODUCTION}\n${groups.join('\n')}\n${EXAMPLES}`;
}

const INTRODUCTION = `influxdb-token-operator makes InfluxDB Clustered tokens declarative:
apply a token, get a Secret; delete it, and the token is revoked.

Usage: operator [FLAGS]

Every flag can also be set in the environment, by the variable below it; the flag wins.
Durations are written like 90s, 10m or 720h.
`;

const EXAMPLES = `Examples:
  Against the cluster of your kubeconfig, alone, with a log to read:
    operator --no-leader-elect --log-format pretty

  For two teams only:
    operator --watch-namespace team-a --watch-namespace team-b

  In a pod, through the environment:
    INFLUXTOKENS_LOG_LEVEL=debug INFLUXTOKENS_WATCH_NAMESPACE=team-a,team-b operator

Exit codes: 0 ended by a signal, 1 failed or lost the leadership, 2 a flag is wrong.
`;

/** Flag and variable on the left, what they mean and the default on the right. */
function describe(name: string, flag: Flag): string {
  const left = [`--${name}${flag.placeholder ? ` ${flag.placeholder}` : ''}`];
  if (name !== 'help' && name !== 'version') left.push(environmentName(name));
  const fallback = flag.default ?? flag.fallback;
  const right = wrap(flag.help, WIDTH - INDENT);
  if (fallback !== undefined) right.push(...wrap(`Default: ${fallback}`, WIDTH - INDENT));
  const rows = Array.from({ length: Math.max(left.length, right.length) }, (_, row) =>
    `${`  ${left[row] ?? ''}`.padEnd(INDENT)}${right[row] ?? ''}`.trimEnd(),
  );
  return `${rows.join('\n')}\n`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += (line && ' ') + word;
  }
  return [...lines, line];
}
