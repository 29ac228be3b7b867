import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryWorld } from '../../test/reconcilers/memory-world.ts';
import type { RawObject } from '../kubernetes/raw-object.ts';
import { conditionsOf } from '../resources/conditions.ts';
import { validateCluster, validateToken } from '../resources/validate.ts';
import { clusterRecord, managedSecretRecord, namespaceRecord, ownRecord, tokenRecord } from './records.ts';

const metadata = { name: 'telegraf', namespace: 'metrics', uid: 'uid', resourceVersion: '1', generation: 1 };

const FIELDS =
  'clusterRef secret name keys permissions credentials secretRef tls caBundleRef access conditions type reason status token id clusterUID x'.split(
    ' ',
  );

/** Anything that JSON can hold, with the fields that we look into more often than by chance. */
const { anything } = fc.letrec<{ anything: unknown }>((tie) => ({
  anything: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, 0, -1.5, '', 'x', '2030-01-01T00:00:00Z'),
    fc.array(tie('anything'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...FIELDS), tie('anything'), { maxKeys: 4 }),
  ),
}));

test('whatever stands in spec and status, nothing throws on the way into the world, nor at the first look', () => {
  fc.assert(
    fc.property(anything, anything, (spec, status) => {
      const memory = new MemoryWorld();
      const raw: RawObject = { apiVersion: 'influxtokens.dev/v1alpha1', metadata, spec, status };
      const token = memory.put(memory.databaseTokens, tokenRecord('DatabaseToken')(raw));
      const cluster = memory.put(memory.clusters, clusterRecord(raw));
      memory.put(memory.ownSecrets, ownRecord(raw));
      memory.put(memory.namespaces, namespaceRecord(raw));
      expect(typeof validateToken(token, 0).ok).toBe('boolean');
      expect(typeof validateCluster(cluster).ok).toBe('boolean');
      for (const object of [token, cluster]) {
        conditionsOf({ reason: 'InvalidSpec', message: '' }, object.status?.conditions ?? [], 1, 0);
      }
      memory.remove(memory.databaseTokens, token);
      expect(memory.woken()).toContain('DatabaseToken/metrics/telegraf');
    }),
  );
});

test('a name that is an object which cannot become text is no name', () => {
  const memory = new MemoryWorld();
  const unspeakable = { toString: 1, valueOf: 1 };
  const spec = { clusterRef: { name: unspeakable }, secret: { name: unspeakable } };
  const token = tokenRecord('DatabaseToken')({ apiVersion: 'influxtokens.dev/v1alpha1', metadata, spec });
  memory.put(memory.databaseTokens, token);
  expect(memory.woken()).toContain('DatabaseToken/metrics/telegraf');
  expect(validateToken(token, 0).ok).toBe(false);
});

describe('metadata', () => {
  test('loses what kubectl and the API server remember for themselves, and keeps the rest', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', 'influxtokens.dev/rotate': '1' };
    const raw = { metadata: { ...metadata, annotations, managedFields: [{ manager: 'kubectl' }] } };
    for (const record of [tokenRecord('ManagementToken')(raw), clusterRecord(raw)]) {
      expect(record.metadata).toEqual({ ...metadata, annotations: { 'influxtokens.dev/rotate': '1' } });
    }
    expect(raw.metadata.annotations).toBe(annotations);
  });

  test('of a namespace is its labels and whether it ends', () => {
    expect(namespaceRecord({ metadata: { ...metadata, labels: { team: 'a' }, annotations: { x: 'y' } } })).toEqual({
      metadata: { name: 'telegraf', uid: 'uid', resourceVersion: '1', labels: { team: 'a' } },
      terminating: false,
    });
    expect(namespaceRecord({ metadata: { ...metadata, deletionTimestamp: '2030-01-01T00:00:00Z' } })).toMatchObject({
      metadata: { labels: {} },
      terminating: true,
    });
  });

  test('of a Secret of ours may carry any annotation: half a ledger is none', () => {
    const annotations = { 'influxtokens.dev/ledger-version': '1', 'influxtokens.dev/token-id': 'x' };
    expect(managedSecretRecord({ metadata: { ...metadata, annotations } })).not.toHaveProperty('ledger');
  });
});

describe('a status', () => {
  test('whose conditions make no sense keeps the id of its token', () => {
    const token = { id: 'x', clusterUID: 'y', createdAt: '2030-01-01T00:00:00Z' };
    const ready = { type: 'Ready', status: 'True' };
    const statusOf = (conditions: unknown): unknown =>
      tokenRecord('DatabaseToken')({ metadata, status: { token, conditions } }).status;
    expect(statusOf('none')).toEqual({ token, conditions: [] });
    expect(statusOf([null, ready, 'x'])).toEqual({ token, conditions: [ready] });
    expect(statusOf([ready])).toEqual({ token, conditions: [ready] });
  });

  test('that is no object is none', () => {
    for (const status of [null, 'x', [], 1]) {
      expect(tokenRecord('DatabaseToken')({ metadata, status })).not.toHaveProperty('status');
    }
  });
});
