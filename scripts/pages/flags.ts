// The reference page of the flags.

import { environmentName, FLAG_GROUPS, type Flag } from '../../src/flags.ts';
import { table } from './table.ts';

/** `docs/reference/flags.md`. */
export function flagsPage(): string {
  const groups = Object.entries(FLAG_GROUPS).map(([title, flags]) => {
    const rows = Object.entries<Flag>(flags).map(([name, flag]) => [
      `\`--${name}${flag.placeholder ? ` ${flag.placeholder}` : ''}\``,
      title === 'Help' ? '' : `\`${environmentName(name)}\``,
      flag.default === undefined ? (flag.fallback ?? '') : `\`${flag.default}\``,
      flag.help,
    ]);
    return `## ${title}\n\n${table(['Flag', 'Variable', 'Default', 'Meaning'], rows)}\n`;
  });
  return `<!-- Made by "npm run generate"; edit src/flags.ts instead. -->
# Flags

Every flag can also be set in the environment, by its variable; the flag wins. Durations are written like \`90s\`, \`10m\` or \`720h\`.
A wrong flag ends the operator with exit code 2 and one line that names it and says what to write. \`--help\` tells the same as this page.

${groups.join('\n')}`;
}
