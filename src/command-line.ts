// Arguments into flags and their values, as written.

import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { ConfigError } from './config-error.ts';
import { FLAGS } from './flags.ts';

/**
 * The values of each flag that was given, in order; a switch has `true` or `false`. What the values mean is not looked at. Throws a
 * `ConfigError` for a flag that does not exist and for a value that is missing or too many.
 */
export function parseCommandLine(args: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, flag] of Object.entries(FLAGS)) options[name] = { type: flag.placeholder ? 'string' : 'boolean' };
  // Not strict: its messages span lines and advise about positional arguments, of which we have none.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== 'option') throw misplaced(token.kind === 'positional' ? token.value : '--');
    const [name, value] = readOption(token);
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return given;
}

interface Option {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readOption({ name, rawName, value, inlineValue }: Option): [name: string, value: string] {
  const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
  if (!flag || rawName !== `--${name}`) return readNegation(rawName, value);
  if (flag.placeholder) {
    // A flag in place of the value is a forgotten value: "--workers --leader-elect".
    if (!value || (!inlineValue && value.startsWith('-'))) {
      throw new ConfigError(`${rawName}: needs a value, write ${rawName} ${flag.placeholder}`);
    }
    return [name, value];
  }
  // Go programs take --leader-elect=false, and people who run other operators write it.
  if (value !== undefined && value !== 'true' && value !== 'false') {
    throw new ConfigError(`${rawName}: is a switch, write ${rawName} or ${rawName}=false`);
  }
  return [name, value ?? 'true'];
}

function readNegation(rawName: string, value: string | undefined): [name: string, value: string] {
  if (rawName !== '--no-leader-elect') throw new ConfigError(`${rawName}: there is no such flag, --help lists them`);
  if (value !== undefined) throw new ConfigError(`${rawName}: takes no value, write ${rawName}`);
  return ['leader-elect', 'false'];
}

function misplaced(text: string): ConfigError {
  return new ConfigError(`${JSON.stringify(text)}: is not a flag, and nothing else is taken; --help lists the flags`);
}
