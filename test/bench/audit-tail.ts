// Follows the API server's audit log for one namespace: what was asked when, without asking the API server anything.

import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AuditEvent } from '../controlplane/audit.ts';
import { auditLog } from '../controlplane/flags.ts';
import { waitFor } from '../wait.ts';

/**
 * The requests that concern a namespace, and what else has its name, from a certain moment on. Watching the objects instead would make the API server work,
 * and that work would stand in the figures.
 */
export class AuditTail {
  readonly #path: string;
  readonly #namespace: string;
  readonly #events: AuditEvent[] = [];
  readonly #withStatus = new Set<string>();
  #offset: number;
  #rest = '';

  private constructor(path: string, namespace: string, offset: number) {
    this.#path = path;
    this.#namespace = namespace;
    this.#offset = offset;
  }

  /** Follows the log in the control plane's folder from now on. */
  static async begin(directory: string, namespace: string): Promise<AuditTail> {
    const path = join(directory, auditLog);
    return new AuditTail(path, namespace, (await stat(path)).size);
  }

  /** Everything so far, oldest first. */
  async events(): Promise<readonly AuditEvent[]> {
    for (const line of await this.#newLines()) {
      // Most lines are of others and need no parsing.
      if (!line.includes(this.#namespace)) continue;
      const event: AuditEvent = JSON.parse(line);
      const { namespace, name = '' } = event.objectRef ?? {};
      if (namespace !== this.#namespace && name !== this.#namespace) continue;
      this.#events.push(event);
      if (isStatusWrite(event)) this.#withStatus.add(name);
    }
    return this.#events;
  }

  /** The writes of status so far that went well, oldest first. */
  async statusWrites(): Promise<readonly AuditEvent[]> {
    return (await this.events()).filter(isStatusWrite);
  }

  /** Waits until the status of so many objects was written at least once. */
  async statusesWritten(count: number, timeout: number): Promise<void> {
    const objects = async (): Promise<number> => {
      await this.events();
      return this.#withStatus.size;
    };
    let seen = 0;
    await waitFor(async () => (seen = await objects()) >= count, {
      what: `the status of ${count} objects`,
      timeout,
    }).catch((error: unknown) => {
      throw new Error(`only ${seen} of ${count} objects got a status`, { cause: error });
    });
  }

  async #newLines(): Promise<string[]> {
    const file = await open(this.#path);
    try {
      const { size } = await file.stat();
      const { buffer } = await file.read(Buffer.alloc(size - this.#offset), 0, size - this.#offset, this.#offset);
      this.#offset = size;
      const lines = (this.#rest + buffer.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines;
    } finally {
      await file.close();
    }
  }
}

/** Of a token object, and one that went well. */
function isStatusWrite({ objectRef, verb, responseStatus }: AuditEvent): boolean {
  const { subresource, namespace } = objectRef ?? {};
  return subresource === 'status' && namespace !== undefined && verb !== 'get' && responseStatus?.code === 200;
}
