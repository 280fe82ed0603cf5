/** Messages as they come, one after the other. */

import { Closed } from './errors.js';
import type { Message } from './message.js';
import type { QueueHandle } from './native.js';
import { cancel, idUnderWay } from './pending.js';
import type { ReceiveOptions } from './queue.js';
import { giveBack, receive } from './receive.js';

/** Seconds of a wait that names no time. */
const WAIT_S = 20;

/** Where an iteration gets its messages. */
export interface Source {
  receive(options: ReceiveOptions): Message[] | Promise<Message[]>;
  /** Ends the receive that is under way. */
  cancel(): void;
  giveBack(messages: Message[]): Promise<unknown>;
}

/** The messages of a queue itself. */
export function sourceOf(queue: QueueHandle): Source {
  let last: number | undefined;
  return {
    receive(options) {
      const begun = receive(queue, options);
      last = idUnderWay();
      return begun;
    },
    cancel() {
      if (last !== undefined) cancel(last);
    },
    giveBack: (messages) => giveBack(queue, messages),
  };
}

/**
 * The messages of a source. Who leaves the iteration while it waits ends the wait: a generator by
 * itself would first bring the message that it waits for, which then nobody takes.
 */
export function iterate(
  source: Source,
  options: ReceiveOptions,
): AsyncGenerator<Message, void, undefined> {
  const left = { isLeft: false };
  const iteration = messages(source, options, left);
  const { return: end, throw: fail } = iteration;
  const leave = () => {
    left.isLeft = true;
    source.cancel();
  };
  iteration.return = (value) => {
    leave();
    return end.call(iteration, value);
  };
  iteration.throw = (error) => {
    leave();
    return fail.call(iteration, error);
  };
  return iteration;
}

async function* messages(
  source: Source,
  options: ReceiveOptions,
  left: { isLeft: boolean },
): AsyncGenerator<Message, void, undefined> {
  const input = { ...options, wait: options.wait ?? WAIT_S };
  const isOver = () => left.isLeft || input.signal?.aborted === true;
  while (!isOver()) {
    let received;
    try {
      received = await source.receive(input);
    } catch (error) {
      if (isOver() || error instanceof Closed) return;
      throw error;
    }
    let next = 0;
    try {
      while (next < received.length && !isOver()) yield received[next++] as Message;
    } finally {
      // What cannot be given back comes back by its visibility timeout.
      await source.giveBack(received.slice(next)).catch(() => {});
    }
  }
}
