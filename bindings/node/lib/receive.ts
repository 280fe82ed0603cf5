/** Receives: their messages, and how signals end them. */

import { type Message, packReceipt } from './message.js';
import { native, type QueueHandle, type Received } from './native.js';
import { givePacker, takePacker } from './packer.js';
import { begin, call, cancel, idUnderWay } from './pending.js';
import type { ReceiveOptions } from './queue.js';
import { memoryAt, messagesOf, takeMemory } from './records.js';

/** Receives that a signal ends: one listener, and only while there are any. */
interface Ended {
  /** Receives that have not come to their end. */
  count: number;
  /** Those that wait. */
  readonly waits: Set<number>;
  readonly end: () => void;
}

const bySignal = new WeakMap<AbortSignal, Ended>();

function enter(signal: AbortSignal): Ended {
  let ended = bySignal.get(signal);
  if (ended === undefined) {
    const waits = new Set<number>();
    ended = { count: 0, waits, end: () => waits.forEach(cancel) };
  }
  // What is no signal fails here.
  if (ended.count === 0) signal.addEventListener('abort', ended.end);
  bySignal.set(signal, ended);
  ended.count += 1;
  return ended;
}

/** A listener keeps what `AbortSignal.any` made alive, and that stays with its sources. */
function leave(signal: AbortSignal, ended: Ended): void {
  ended.count -= 1;
  if (ended.count === 0) signal.removeEventListener('abort', ended.end);
}

/** Begins a receive. It rejects with the reason of a signal that is aborted. */
export function receive(
  queue: QueueHandle,
  options: ReceiveOptions,
): Message[] | Promise<Message[]> {
  const { max, wait, visibilityTimeout, attempt, signal } = options;
  if (signal?.aborted) throw signal.reason;
  const start = (id: number) =>
    native.receive(
      queue.number,
      id,
      takeMemory(),
      memoryAt(),
      max,
      wait,
      visibilityTimeout,
      attempt,
    );
  const read = (answer: Received) => messagesOf(queue, answer);
  return signal ? untilAborted(queue, () => begin(start, read), signal) : begin(start, read);
}

/**
 * A receive with a signal. Messages that came before the abort reached the store are given back
 * before it rejects.
 */
async function untilAborted(
  queue: QueueHandle,
  start: () => Message[] | Promise<Message[]>,
  signal: AbortSignal,
): Promise<Message[]> {
  const ended = enter(signal);
  let id;
  let messages;
  try {
    const begun = start();
    id = idUnderWay();
    if (id !== undefined) ended.waits.add(id);
    messages = await begun;
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    if (id !== undefined) ended.waits.delete(id);
    leave(signal, ended);
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
