import { describe, expect, test } from '@jest/globals';

import { Transfer } from './transfer.ts';

/** What undici gives to steer a request with, here a record of what was done with it. */
class Controller {
  readonly rawHeaders = null;
  readonly rawTrailers = null;
  aborted = false;
  reason: Error | null = null;
  paused = false;

  abort(reason: Error): void {
    this.aborted = true;
    this.reason = reason;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

const piece = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A transfer whose request is under way. */
function underWay(): { transfer: Transfer; controller: Controller } {
  const [transfer, controller] = [new Transfer(), new Controller()];
  transfer.onRequestStart(controller);
  return { transfer, controller };
}

async function read(transfer: Transfer): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const part of transfer.body()) pieces.push(part);
  return Buffer.concat(pieces).toString();
}

describe('an answer', () => {
  test('is read as it comes', async () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 200, { 'content-type': 'application/json' });
    expect(await transfer.head).toEqual({ status: 200, headers: { 'content-type': 'application/json' } });
    const text = read(transfer);
    transfer.onResponseData(controller, piece('{"a":'));
    await Promise.resolve();
    transfer.onResponseData(controller, piece('1}'));
    transfer.onResponseEnd();
    expect(await text).toBe('{"a":1}');
  });

  test('is the one after the interim ones', async () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 103, { link: '</style.css>' });
    transfer.onResponseStart(controller, 201, {});
    expect(await transfer.head).toEqual({ status: 201, headers: {} });
  });

  test('whose rest comes at once when it is let go is read to its end', async () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 200, {});
    for (let at = 0; at < 16; at += 1) transfer.onResponseData(controller, piece('x'));
    // undici has the rest in memory already, and gives it out before `resume` returns.
    controller.resume = () => {
      controller.resume = () => undefined;
      for (let at = 0; at < 16; at += 1) transfer.onResponseData(controller, piece('y'));
      transfer.onResponseEnd();
    };
    const late = new Promise<string>((resolve) => setImmediate(resolve, 'still waiting'));
    expect(await Promise.race([read(transfer), late])).toBe(`${'x'.repeat(16)}${'y'.repeat(16)}`);
  });

  test('that comes faster than it is read is held back, and let go when all of it was read', async () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 200, {});
    for (let at = 0; at < 15; at += 1) transfer.onResponseData(controller, piece('x'));
    expect(controller.paused).toBe(false);
    transfer.onResponseData(controller, piece('x'));
    expect(controller.paused).toBe(true);
    const text = read(transfer);
    await new Promise((resolve) => setImmediate(resolve));
    expect(controller.paused).toBe(false);
    transfer.onResponseEnd();
    expect(await text).toBe('x'.repeat(16));
  });

  test('that breaks off gives what has come, and then the failure', async () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 200, {});
    transfer.onResponseData(controller, piece('half'));
    transfer.onResponseError(controller, Object.assign(new Error('cut'), { code: 'ECONNRESET' }));
    const body = transfer.body();
    expect(await body.next()).toEqual({ done: false, value: piece('half') });
    await expect(body.next()).rejects.toMatchObject({ code: 'ECONNRESET', sent: true, answered: true });
  });
});

describe('a request that is given up', () => {
  test('while it waits for a connection is never sent', async () => {
    const [transfer, controller] = [new Transfer(), new Controller()];
    transfer.giveUp('TOO_SLOW');
    await expect(transfer.head).rejects.toMatchObject({ code: 'TOO_SLOW', sent: false, answered: false });
    transfer.onRequestStart(controller);
    expect(controller.aborted).toBe(true);
  });

  test('on its way is cut off, and the first reason stays', async () => {
    const { transfer, controller } = underWay();
    transfer.giveUp('ABORTED');
    expect(controller.aborted).toBe(true);
    transfer.onResponseError(controller, Object.assign(new Error('aborted'), { code: 'UND_ERR_ABORTED' }));
    transfer.giveUp('TOO_SLOW');
    await expect(transfer.head).rejects.toMatchObject({ code: 'ABORTED', sent: true, answered: false });
  });

  test('after all of it was answered keeps its connection', () => {
    const { transfer, controller } = underWay();
    transfer.onResponseStart(controller, 204, {});
    transfer.onResponseEnd();
    transfer.giveUp('ABORTED');
    expect(controller.aborted).toBe(false);
  });
});
