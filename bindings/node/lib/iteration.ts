/** Messages as they come, one after the other. */

import { Closed } from './errors.js';
import type { Message } from './message.js';
import type { QueueHandle } from './native.js';
import { cancel, idUnderWay } from './pending.js';
import type { ReceiveOptions } from './queue.js';
import { giveBack, receive } from './receive.js';

/** Seconds of a wait that names no time. */
const WAIT_S = 20;

/** How an iteration stands. */
interface Standing {
  /** Its wait, if that is under way. */
  wait: number | undefined;
  isLeft: boolean;
}

/**
 * The messages of a queue. Who leaves the iteration while it waits ends the wait: a generator by
 * itself would first bring the message that it waits for, which then nobody takes.
 */
export function iterate(
  queue: QueueHandle,
  options: ReceiveOptions,
): AsyncGenerator<Message, void, undefined> {
  const standing: Standing = { wait: undefined, isLeft: false };
  const iteration = messages(queue, options, standing);
  const { return: end, throw: fail } = iteration;
  const leave = () => {
    standing.isLeft = true;
    if (standing.wait !== undefined) cancel(standing.wait);
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
  queue: QueueHandle,
  options: ReceiveOptions,
  standing: Standing,
): AsyncGenerator<Message, void, undefined> {
  const input = { ...options, wait: options.wait ?? WAIT_S };
  const { signal } = input;
  const isOver = () => standing.isLeft || signal?.aborted === true;
  while (!isOver()) {
    let received;
    try {
      const begun = receive(queue, input);
      standing.wait = idUnderWay();
      received = await begun;
    } catch (error) {
      if (isOver() || error instanceof Closed) return;
      throw error;
    } finally {
      standing.wait = undefined;
    }
    let next = 0;
    try {
      while (next < received.length && !isOver()) yield received[next++] as Message;
    } finally {
      // What cannot be given back comes back by its visibility timeout.
      await giveBack(queue, received.slice(next)).catch(() => {});
    }
  }
}
