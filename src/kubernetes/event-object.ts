// An occurrence as an events.k8s.io/v1 Event.

import { ILLEGIBLE } from '../illegible.ts';
import type { Occurrence, Series } from './event-correlator.ts';

/** Who reports. */
export interface Reporter {
  /** A qualified name, say `example.com/operator`. */
  readonly controller: string;
  /** Which of its processes: the name of the pod. */
  readonly instance: string;
}

/** The part of events.k8s.io/v1 Event that we write; https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/. */
export interface KubernetesEvent {
  readonly apiVersion: 'events.k8s.io/v1';
  readonly kind: 'Event';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly eventTime: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: Occurrence['regarding'];
  readonly type: Occurrence['type'];
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

/** The API server takes so many bytes. */
const LONGEST_NOTE = 1_024;
const LONGEST_INSTANCE = 128;
/** Of the 253 characters of a name; the id needs the rest. */
const LONGEST_NAME = 200;

/** The Event of a series. One about a cluster-scoped object goes into the namespace `default`: the API server wants it there. */
export function toEvent(occurrence: Occurrence, series: Series, reporter: Reporter): KubernetesEvent {
  const { regarding, type, reason, action, note } = occurrence;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      namespace: regarding.namespace ?? 'default',
      name: `${regarding.name.slice(0, LONGEST_NAME).replace(/[^a-z0-9]+$/, '')}.${series.id}`,
    },
    eventTime: microTime(series.first),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, LONGEST_INSTANCE),
    regarding,
    type,
    reason,
    action,
    note: printable(note),
    ...(series.count > 1 ? { series: seriesOf(series) } : {}),
  };
}

/** What a repetition changes of an Event; everything else in one is immutable. */
export function seriesOf(series: Series): NonNullable<KubernetesEvent['series']> {
  return { count: series.count, lastObservedTime: microTime(series.last) };
}

function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function printable(note: string): string {
  const text = note.replaceAll(ILLEGIBLE, ' ').trim();
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_NOTE) return text;
  // As a stream, the decoder leaves out a character that was cut in two.
  return `${new TextDecoder().decode(bytes.subarray(0, LONGEST_NOTE - 3), { stream: true })}…`;
}
