// An object as it is recorded: what changes from run to run is replaced by what never does.

import type { Played } from './played.ts';

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g;
const TIME = /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const HOST = /(https:\/\/)?127\.0\.0\.1:\d+/g;

/** What says nothing about the situation, and differs between one run and the next. */
const LEFT_OUT = new Set(['managedFields', 'resourceVersion', 'caBundle']);

/** The object of a played situation without anything that is of this run alone. */
export function recordingOf({ scene: { cluster, namespace }, subject }: Played): object {
  const ids = new Map<string, string>();
  const known = (id: string): string => {
    if (!ids.has(id)) ids.set(id, `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, '0')}`);
    return ids.get(id) ?? id;
  };
  const text = JSON.stringify(subject, (key, value) => (LEFT_OUT.has(key) ? undefined : value))
    // A scene gives its cluster the name of its namespace.
    .replaceAll(`"clusterRef":{"name":"${cluster}"}`, '"clusterRef":{"name":"production"}')
    .replaceAll(new RegExp(`(InfluxDBCluster \\\\?"?|"metadata":{[^}]*"name":")${cluster}`, 'g'), '$1production')
    .replaceAll(namespace, 'metrics')
    .replaceAll(HOST, '$1influxdb.example.com')
    .replaceAll(TIME, '2030-01-01T00:00:00Z')
    .replaceAll(UUID, known);
  return JSON.parse(text);
}
