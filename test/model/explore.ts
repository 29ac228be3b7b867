// Exhaustive exploration: everything that two processes can do, in every order, breadth first, each state once.

import { createHash } from 'node:crypto';

import { act, type Action } from './actions.ts';
import { check } from './invariants.ts';
import type { Brain } from './pass.ts';
import { callByNumber } from './influxdb.ts';
import { comeToRest } from './quiescence.ts';
import { copyWorld, Violation, type World } from './world.ts';

/** Where an exploration begins, and what may happen besides the processes' own steps. */
export interface Scope {
  readonly name: string;
  readonly start: (brain: Brain) => World;
  /** Each happens at most as often as it is listed, at any time. */
  readonly events: readonly Action[];
  /** Answers lost and processes crashed, at most so many altogether. */
  readonly faults: number;
  /** Things that happen one after another. */
  readonly depth: number;
}

/** What an exploration came to. */
export interface Exploration {
  readonly states: number;
  /** How many steps lead to the farthest state. */
  readonly depth: number;
  /** The shortest way to a broken promise. */
  readonly broken?: { readonly violation: Violation; readonly story: readonly string[] };
}

interface Node {
  readonly w: World;
  readonly faults: number;
  readonly events: readonly Action[];
  readonly told: string;
  readonly before?: Node;
}

/**
 * Explores a scope.
 *
 * @param rest from every so many-th state on the way all faults stop, and what holds at rest is checked as well
 */
export function explore(scope: Scope, brain: Brain, rest = Infinity): Exploration {
  const first: Node = { w: scope.start(brain), faults: scope.faults, events: scope.events, told: scope.name };
  const seen = new Set([keyOf(first)]);
  let frontier = [first];
  let depth = 0;
  while (frontier.length > 0 && depth < scope.depth) {
    const next: Node[] = [];
    for (const node of frontier) {
      for (const { action, fault } of choices(node)) {
        const after = happen(node, action, fault, brain);
        if (after === undefined) continue;
        if ('broken' in after) return { states: seen.size, depth, broken: after.broken };
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(after);
        const broken = seen.size % rest === 0 ? atRest(after, brain) : undefined;
        if (broken !== undefined) return { states: seen.size, depth, broken };
      }
    }
    frontier = next;
    depth += 1;
  }
  return { states: seen.size, depth };
}

interface Choice {
  readonly action: Action;
  readonly fault: boolean;
}

/** What can happen in a state; what makes no sense there is found out by trying. */
function choices({ w, faults, events }: Node): Choice[] {
  const all: Choice[] = [...new Set(events)].map((action) => ({ action, fault: false }));
  const can = (action: Action): void => void all.push({ action, fault: false });
  for (const [p, process] of w.processes.entries()) {
    for (const name of process.objects.keys()) {
      if (!process.passes.has(name)) {
        can({ do: 'start', p, name });
        continue;
      }
      can({ do: 'step', p, name });
      if (faults === 0) continue;
      for (const fate of ['done', 'later'] as const) all.push({ action: { do: 'lose', p, name, fate }, fault: true });
    }
    if (faults > 0) all.push({ action: { do: 'crash', p, fate: 'later' }, fault: true });
    for (const what of ['objects', 'secrets', 'cluster'] as const) can({ do: 'deliver', p, what });
  }
  can({ do: 'arrive' });
  return all;
}

function happen(
  node: Node,
  action: Action,
  fault: boolean,
  brain: Brain,
): Node | Required<Pick<Exploration, 'broken'>> | undefined {
  const w = copyWorld(node.w);
  try {
    const told = act(w, brain, action);
    if (told === undefined) return undefined;
    check(w);
    const at = node.events.indexOf(action);
    const events = at < 0 ? node.events : node.events.toSpliced(at, 1);
    return { w, faults: node.faults - (fault ? 1 : 0), events, told, before: node };
  } catch (error) {
    return { broken: breach(error, [...story(node), JSON.stringify(action)]) };
  }
}

function atRest(node: Node, brain: Brain): Exploration['broken'] {
  const lines = story(node);
  try {
    comeToRest(copyWorld(node.w), brain, (line) => lines.push(line));
  } catch (error) {
    return breach(error, lines);
  }
  return undefined;
}

function breach(error: unknown, lines: readonly string[]): NonNullable<Exploration['broken']> {
  if (!(error instanceof Violation)) throw error;
  return { violation: error, story: [...lines, `=> ${error.message}`].map(callByNumber) };
}

function story(node: Node): string[] {
  const lines: string[] = [];
  for (let at: Node | undefined = node; at !== undefined; at = at.before) lines.unshift(at.told);
  return lines;
}

function keyOf({ w, faults, events }: Node): string {
  const text = `${faults} ${events.map((event) => event.do).join()} ${stringify(w)}`;
  return createHash('sha1').update(text).digest('base64');
}

/** Values in a world are never changed, and most are shared by many worlds: each is made into text once. */
const texts = new WeakMap<object, string>();

function stringify(w: World): string {
  const { processes, ...rest } = w;
  const parts = [w.now, w.serial, text(rest.settings), ...values(rest.objects), ...values(rest.secrets)];
  parts.push(...values(rest.tokens), ...rest.afloat.map(text), ...values(rest.accounts), ...rest.tampered);
  for (const process of processes) {
    for (const part of Object.values(process)) {
      if (part instanceof Map) parts.push('m', ...values(part));
      else if (Array.isArray(part)) parts.push('a', ...part.map(text));
      else parts.push(part === undefined ? '-' : text(part));
    }
  }
  return parts.join('\n');
}

function values(map: ReadonlyMap<string, object>): string[] {
  return [...map].map(([key, value]) => `${key} ${text(value)}`);
}

function text(value: object): string {
  const known = texts.get(value);
  if (known !== undefined) return known;
  const made = JSON.stringify(value);
  texts.set(value, made);
  return made;
}
