import { describe, expect, test } from '@jest/globals';
import { loadAll } from 'js-yaml';
import { validateCluster, validateToken } from '../../src/resources/validate.ts';
import { LiveTable } from '../demo/live-table.ts';
import { manifest, substitute, valuesOf } from '../demo/manifests.ts';
import { formatTable, parseTable } from '../demo/table.ts';
import { isOurs } from '../resources/manifests.ts';

const printed = `NAME        READY   STATUS         SECRET      AGE
dashboard                                      0s
everything  False   AccessDenied               3m2s
`;

test('a table of kubectl is taken apart by its columns, empty cells included', () => {
  expect(parseTable(printed)).toEqual([
    { NAME: 'dashboard', READY: '', STATUS: '', SECRET: '', AGE: '0s' },
    { NAME: 'everything', READY: 'False', STATUS: 'AccessDenied', SECRET: '', AGE: '3m2s' },
  ]);
  expect(parseTable('')).toEqual([]);
});

test('some of its columns make a narrower table', () => {
  expect(formatTable(parseTable(printed), ['NAME', 'STATUS'])).toEqual([
    'NAME         STATUS',
    'dashboard',
    'everything   AccessDenied',
  ]);
});

describe('a live table', () => {
  const before = [{ NAME: 'dashboard', STATUS: 'Activating' }];
  const after = [{ NAME: 'dashboard', STATUS: 'Issued' }];

  function shown(isTTY: boolean, columns: number): string {
    let text = '';
    const write = (chunk: string | Uint8Array): boolean => {
      text += String(chunk);
      return true;
    };
    const table = new LiveTable({ isTTY, columns, write }, ['NAME', 'STATUS']);
    for (const rows of [before, before, after]) table.show(rows);
    return text;
  }

  test('is a line for each change where nobody can draw', () => {
    expect(shown(false, 80)).toMatch(
      /^ +NAME +STATUS\n +0\.\d s   dashboard   Activating\n +0\.\d s   dashboard   Issued\n$/,
    );
  });

  test('is drawn over itself on a terminal, and never wraps', () => {
    const first = '\u001B[2K   NAME        STAT\n\u001B[2K   dashboard   Acti\n';
    const last = '\u001B[2A\u001B[2K   NAME        STAT\n\u001B[2K   dashboard   Issu\n';
    expect(shown(true, 20)).toBe(`${first}\u001B[2A${first}${last}`);
  });
});

describe('the manifests of the demo', () => {
  const values = valuesOf({ url: 'https://127.0.0.1:8086', caBundle: '-----BEGIN CERTIFICATE-----', adminToken: 'a' });

  test.each(['cluster.yaml', 'tokens.yaml'])('%s is valid once its placeholders are filled', async (file) => {
    const objects = loadAll(substitute(await manifest(file), values)).filter(isOurs);
    expect(objects).not.toEqual([]);
    for (const { kind, spec } of objects) {
      const result = kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, 3_600_000);
      expect(result).toEqual({ ok: true, spec });
    }
  });

  test('a placeholder without a value is an error, not an empty string', () => {
    expect(() => substitute('token: ${TYPO}', values)).toThrow('there is no value for ${TYPO}');
  });
});
