/** Receives: their messages, and how signals end them. */

import { type Message, packReceipt } from './message.js';
import { native, type QueueHandle, type Received } from './native.js';
import { givePacker, takePacker } from './packer.js';
import { begin, call, cancel, idUnderWay } from './pending.js';
import type { ReceiveOptions } from './queue.js';
import { memoryAt, messagesOf, takeMemory } from './records.js';

/** Waits that a signal ends. One listener a signal, however many wait with it. */
const waits = new WeakMap<AbortSignal, Set<number>>();

function waitsOf(signal: AbortSignal): Set<number> {
  let ids = waits.get(signal);
  if (ids === undefined) {
    const all = new Set<number>();
    signal.addEventListener('abort', () => all.forEach(cancel), { once: true });
    waits.set(signal, all);
    ids = all;
  }
  return ids;
}

/** Begins a receive. It rejects with the reason of a signal that is aborted. */
export function receive(
  queue: QueueHandle,
  options: ReceiveOptions,
): Message[] | Promise<Message[]> {
  const { max, wait, visibilityTimeout, attempt, signal } = options;
  if (signal?.aborted) throw signal.reason;
  // Before anything is received: what is no signal fails here.
  const waiting = signal && waitsOf(signal);
  const begun = begin(
    (id) =>
      native.receive(
        queue.number,
        id,
        takeMemory(),
        memoryAt(),
        max,
        wait,
        visibilityTimeout,
        attempt,
      ),
    (answer: Received) => messagesOf(queue, answer),
  );
  return waiting ? untilAborted(queue, begun, signal, waiting) : begun;
}

/**
 * A receive with a signal. Messages that came before the abort reached the store are given back
 * before it rejects.
 */
async function untilAborted(
  queue: QueueHandle,
  begun: Message[] | Promise<Message[]>,
  signal: AbortSignal,
  ids: Set<number>,
): Promise<Message[]> {
  const id = idUnderWay();
  if (id !== undefined) ids.add(id);
  let messages;
  try {
    messages = await begun;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    if (id !== undefined) ids.delete(id);
  }
  if (!signal.aborted) return messages;
  // What cannot be given back comes back by its visibility timeout.
  await giveBack(queue, messages).catch(() => {});
  throw signal.reason;
}

/** Makes messages visible again. */
export async function giveBack(queue: QueueHandle, messages: Message[]): Promise<void> {
  if (messages.length === 0) return;
  const packer = takePacker();
  for (const message of messages) {
    packReceipt(message, packer);
    packer.seconds(0);
  }
  const { length } = messages;
  const given = call((id) =>
    queue.native.changeVisibilityBatch(id, packer.bytes, packer.length, length),
  );
  givePacker(packer);
  await given;
}
