// Reads the API server's audit log: who asked what of it, and how it answered.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The part that tests use of an `audit.k8s.io/v1` Event at level Metadata. A dry run shows in `requestURI`. */
export interface AuditEvent {
  readonly auditID: string;
  /** A watch has two events, of which ResponseStarted is the first; anything else has ResponseComplete, or Panic. */
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  /** RFC 3339, in microseconds. */
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** The events in the file from byte `start` on that `filter` accepts, oldest first. Read as a stream, so that only those are ever in memory. */
export async function readAuditLog(
  path: string,
  filter: (event: AuditEvent) => boolean,
  start = 0,
): Promise<AuditEvent[]> {
  const events: AuditEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(path, { start }) })) {
    const event = parse(line);
    if (event !== undefined && filter(event)) {
      events.push(event);
    }
  }
  return events;
}

/** What was asked, as `verb resource`, with the subresource; a dry run is told apart. */
export function requestKind({ verb, requestURI, objectRef }: AuditEvent): string {
  const what = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');
  return `${verb} ${what}${requestURI.includes('dryRun=All') ? ' (dry run)' : ''}`;
}

/** Nothing for the last line while it is being written. */
function parse(line: string): AuditEvent | undefined {
  try {
    const event: AuditEvent = JSON.parse(line);
    return event;
  } catch {
    return undefined;
  }
}
