/** The liberties that standard queues of SQS take, on purpose and by a seed. */

import { InvalidArgument } from '../errors.js';
import { iterate } from '../iteration.js';
import type { Message } from '../message.js';
import type { Queue, ReceiveOptions } from '../queue.js';

/** Messages of one receive under SQS's limits. */
const SQS_MAX = 10;

/** How disorderly a queue is. */
export interface DisorderOptions {
  /** Equal seeds give equal disorder. */
  seed: number;
  /** Share of messages that are delivered once more, 0 to 1. Default 0.2. */
  duplicates?: number | undefined;
}

/**
 * The queue `queue`, but receives come in another order, are shorter than they could be, and give
 * some messages a second time, even after their deletion. A program that works with it keeps what
 * standard queues demand. The queue itself is not changed.
 */
export function disordered(queue: Queue, { seed, duplicates = 0.2 }: DisorderOptions): Queue {
  if (queue.fifo) throw new InvalidArgument('a FIFO queue keeps its order; take a standard one');
  const random = generator(seed);
  const again: Message[] = [];

  async function receive(options: ReceiveOptions = {}): Promise<Message[]> {
    const { max = 1, signal } = options;
    if (signal?.aborted) throw signal.reason;
    if (again.length > 0 && random() < 0.5) return again.splice(0, max);
    const most = max <= SQS_MAX ? SQS_MAX : 10_000;
    const found = await queue.receive({ ...options, max: Math.min(2 * max, most) });
    shuffle(found, random);
    const kept = found.splice(0, Math.max(1, Math.ceil(random() * max)));
    for (const message of found) await message.changeVisibility(0);
    again.push(...kept.filter(() => random() < duplicates));
    return kept;
  }

  function messages(options: ReceiveOptions = {}): AsyncGenerator<Message, void, undefined> {
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, options.signal ?? []].flat());
    const source = {
      receive: (input: ReceiveOptions) => receive({ ...input, signal }),
      cancel: () => left.abort(),
      giveBack: (rest: Message[]) =>
        queue.changeVisibilityBatch(rest.map((message) => ({ message, seconds: 0 }))),
    };
    return iterate(source, options);
  }

  const overrides: Record<PropertyKey, unknown> = { receive, messages };
  return new Proxy(queue, {
    get(target, key) {
      if (Object.hasOwn(overrides, key)) return overrides[key];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** mulberry32: numbers from 0 up to 1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffle<T>(values: T[], random: () => number): void {
  for (let at = values.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [values[at], values[other]] = [values[other] as T, values[at] as T];
  }
}
