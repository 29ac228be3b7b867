import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { HOW_RUN } from '../docs/commands.ts';
import { anchors, codeBlocks, commands, links, pages, ROOT, type Page } from '../docs/markdown.ts';

const all = await pages();
const byPath = new Map(all.map((page) => [page.path, page]));

/** Why a link leads nowhere; `undefined` when it leads somewhere. */
function broken(from: Page, target: string): string | undefined {
  if (/^(https?|mailto):/.test(target)) return URL.canParse(target) ? undefined : 'no URL';
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? from.path : normalize(join(dirname(from.path), path)).replace(/\/$/, '');
  if (to.startsWith('..')) return 'outside of the repository';
  if (!existsSync(join(ROOT, to))) return 'no such file';
  const page = byPath.get(to);
  if (anchor !== undefined && page !== undefined && !anchors(page).has(anchor)) return 'no such heading';
  return undefined;
}

describe.each(all)('the page $path', (page) => {
  test('links to what exists', () => {
    const bad = links(page).map((target) => ({ target, why: broken(page, target) }));
    expect(bad.filter(({ why }) => why !== undefined)).toEqual([]);
  });

  test('says of each block of code in which language it is', () => {
    const fences = Array.from(page.text.matchAll(/^ *```(.*)$/gm), ([, language = '']) => language);
    expect(fences.filter((language, index) => (language === '') === (index % 2 === 0))).toEqual([]);
    expect(fences.filter((language) => ['bash', 'shell', 'console'].includes(language))).toEqual([]);
  });

  test('has no command of which nobody says how it was run', () => {
    const told = codeBlocks('sh', page.text).flatMap(commands);
    expect(told.filter((command) => !Object.hasOwn(HOW_RUN[page.path] ?? {}, command))).toEqual([]);
  });
});

test('what is said to run a command is there', () => {
  const tests = Object.values(HOW_RUN).flatMap((lines) => Object.values(lines));
  expect(tests.filter((how) => how.startsWith('test/') && !existsSync(join(ROOT, how)))).toEqual([]);
  expect(tests.filter((how) => !/^(test\/\S+|by hand: .+|not run: .+)$/.test(how))).toEqual([]);
});

test('what is said to be run is on its page still', () => {
  const said = Object.entries(HOW_RUN).flatMap(([path, lines]) =>
    Object.keys(lines).map((command) => ({ path, command })),
  );
  const shown = new Map(all.map(({ path, text }) => [path, new Set(codeBlocks('sh', text).flatMap(commands))]));
  expect(said.filter(({ path, command }) => shown.get(path)?.has(command) !== true)).toEqual([]);
});

test('every page of docs can be reached from its index', () => {
  const reached = new Set(['docs/README.md']);
  for (const path of reached) {
    const page = byPath.get(path);
    if (page === undefined) continue;
    for (const target of links(page)) {
      if (!target.startsWith('http')) reached.add(normalize(join(dirname(path), target.split('#')[0] ?? '')));
    }
  }
  expect(all.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !reached.has(path))).toEqual([]);
});

describe('the check itself', () => {
  const page = (text: string): Page => ({ path: 'docs/README.md', text });

  test.each([
    ['[a](missing.md)', 'no such file'],
    ['[a](../README.md#no-such)', 'no such heading'],
    ['[a](#here)', 'no such heading'],
    ['[a](../../etc/passwd)', 'outside of the repository'],
    ['[a](https://)', 'no URL'],
  ])('finds fault with %s', (text, why) => {
    expect(links(page(text)).map((target) => broken(page(text), target))).toEqual([why]);
  });

  test('does not take code for links, and knows headings as GitHub does', () => {
    expect(links(page('`[a](b)` and\n```sh\n[c](d)\n```\n[e](f)'))).toEqual(['f']);
    expect(anchors(page('# A `b`: c!\n## [Link](x.md)\n## Same\n## Same\n```sh\n# no heading\n```\n'))).toEqual(
      new Set(['a-b-c', 'link', 'same', 'same-1']),
    );
  });

  test('takes a command apart from its remark, and a continued line as one', () => {
    expect(commands('# a remark\nkubectl get x    # why\nhelm install \\\n  name\n\n')).toEqual([
      'kubectl get x',
      'helm install name',
    ]);
  });
});
