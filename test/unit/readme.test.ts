import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { isReason } from '../../src/resources/reasons.ts';
import { validateCluster, validateToken } from '../../src/resources/validate.ts';
import { API_VERSION } from '../../src/resources/group.ts';
import { ROOT } from '../docs/markdown.ts';
import { codeBlocks, README, section } from '../readme/readme.ts';
import { isOurs } from '../resources/manifests.ts';

const manifests = codeBlocks('yaml')
  .map((text) => load(text))
  .filter(isOurs);

describe('the README', () => {
  test.each(manifests.map((manifest) => ({ ...manifest, ...manifest.metadata })))(
    'shows a $kind $name that is valid',
    ({ apiVersion, kind, spec }) => {
      const result = kind === 'InfluxDBCluster' ? validateCluster({ spec }) : validateToken({ kind, spec }, 3_600_000);
      expect(apiVersion).toBe(API_VERSION);
      expect(result).toEqual({ ok: true, spec });
    },
  );

  test('shows every kind', () => {
    const kinds = codeBlocks('yaml', section('The three kinds')).map((text) => /^kind: (\w+)$/m.exec(text)?.[1]);
    expect(kinds).toEqual(['InfluxDBCluster', 'DatabaseToken', 'ManagementToken']);
    expect(manifests).toHaveLength(codeBlocks('yaml').length);
  });

  test('names npm scripts that exist', async () => {
    const { scripts }: { scripts: object } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    const named = [...README.matchAll(/npm run (\w+)|npm (test|start)\b/g)].map(([, run, own = '']) => run ?? own);
    expect(new Set(named)).toEqual(new Set(['demo', 'test', 'start']));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });

  test('names reasons that the operator gives', () => {
    const reasons = [...section('How it behaves').matchAll(/`([A-Z]\w+)`/g)].map(([, word = '']) => word);
    expect(reasons).toContain('AccessDenied');
    expect(reasons.filter((reason) => reason !== 'DatabaseToken' && !isReason(reason))).toEqual([]);
  });
});
