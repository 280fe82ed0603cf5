/** A consumer with the shape of the package sqs-consumer: handlers, heartbeats, events. */

import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, types } from 'node:util';
import { Closed, InvalidArgument } from './errors.js';
import { leaseSeconds, type Message } from './message.js';
import { refusal } from './packer.js';
import type { Queue } from './queue.js';

/** Pause after a receive that failed, milliseconds. */
const ERROR_PAUSE_MS = 1000;

/** A timer of Node that is to wait longer does not wait at all, milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** For how long a receive can hide a message, all extensions included, seconds. */
const HIDDEN_MAX_S = 43_200;

/** What a handler gets beside its messages. */
export interface HandlerContext {
  /**
   * Aborted when the work is of no use any more: its message went to somebody else, its time is
   * over, or the consumer was stopped with `abort`.
   */
  signal: AbortSignal;
}

/** How a consumer works. */
export interface ConsumerOptions {
  /** The queue it takes messages from. */
  queue: Queue;
  /**
   * Handles one message. When it resolves the message is deleted, whatever it resolves with; when
   * it rejects the message comes back. Messages of one batch are handled side by side, those of a
   * FIFO group one after the other.
   *
   * It may call `stop`, but must not await it: that waits for the handler.
   */
  handleMessage?: ((message: Message, context: HandlerContext) => unknown) | undefined;
  /**
   * Handles a batch. When it resolves with an array of messages these are deleted, with anything
   * else all are; when it rejects all come back.
   */
  handleMessageBatch?: ((messages: Message[], context: HandlerContext) => unknown) | undefined;
  /** Messages of one receive, 1 to 10,000. Default 1. */
  batchSize?: number | undefined;
  /** Seconds. Default: the queue's. */
  visibilityTimeout?: number | undefined;
  /** Seconds of one wait, 0 to 20. Default 20. */
  waitTimeSeconds?: number | undefined;
  /**
   * Seconds between two extensions of the visibility timeout while a handler works, less than that;
   * 0 or Infinity: none. Default: half of the visibility timeout.
   */
  heartbeatInterval?: number | undefined;
  /** Milliseconds after which a handler has failed. Default: no limit. */
  handleMessageTimeout?: number | undefined;
  /**
   * When a handler failed: true makes its message visible at once, a number after so many
   * seconds. Default false: when its visibility timeout ends.
   */
  terminateVisibilityTimeout?:
    | boolean
    | number
    | ((messages: Message[]) => number | Promise<number>)
    | undefined;
  /** False: the handler deletes. Default true. */
  shouldDeleteMessages?: boolean | undefined;
  /** Pause between two receives, milliseconds. Default 0. */
  pollingWaitTimeMs?: number | undefined;
  preReceiveMessageCallback?: (() => unknown) | undefined;
  postReceiveMessageCallback?: (() => unknown) | undefined;
}

/** Options that may be changed while a consumer works. */
export type UpdatableOption =
  | 'visibilityTimeout'
  | 'batchSize'
  | 'waitTimeSeconds'
  | 'pollingWaitTimeMs';

/** What a consumer tells. */
export interface ConsumerEvents {
  started: [];
  message_received: [message: Message];
  message_processed: [message: Message];
  /** All messages of a receive are done with. */
  response_processed: [];
  /** A receive found nothing. */
  empty: [];
  /** A handler rejected. */
  processing_error: [error: Error, message: Message];
  /** A handler took too long. */
  timeout_error: [error: Error, message: Message];
  /** Receiving, deleting or extending failed, or a callback or a listener did. */
  error: [error: Error, message: Message | Message[] | undefined];
  option_updated: [option: UpdatableOption, value: number | undefined];
  /** `stop` was called with `abort`. */
  aborted: [];
  stopped: [];
}

/** Rejecting with it makes the message visible again after this many seconds. */
export class Retry extends Error {
  constructor(
    /** 0 to 43,200. */
    readonly delay: number = 0,
    options?: ErrorOptions,
  ) {
    super(`retry after ${delay} s`, options);
  }
}

/** A handler took longer than `handleMessageTimeout`. */
export class HandlerTimeout extends Error {}

/** A message in the hands of a handler, or in line for one. */
interface Held {
  readonly controller: AbortController;
  /** It could not be extended: it is somebody else's by now. */
  isLost: boolean;
}

/**
 * Takes messages from a queue and gives them to a handler, as long as it is running.
 *
 * Nothing it does rejects: failures are events, also those of its listeners. Without a listener for
 * `error` they become warnings of the process; what such a listener throws, nobody catches.
 */
export class Consumer extends EventEmitter<ConsumerEvents> {
  #options: ConsumerOptions;
  readonly #held = new Map<Message, Held>();
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #isPolling = false;

  /** A consumer that is not started yet. */
  static create(options: ConsumerOptions): Consumer {
    return new Consumer(options);
  }

  constructor(options: ConsumerOptions) {
    super();
    this.#options = checked({ ...options });
  }

  /** Whether it is running, waits for messages, and how many are being handled. */
  get status(): { isRunning: boolean; isPolling: boolean; inFlight: number } {
    const isRunning = this.#stop !== undefined && !this.#stop.signal.aborted;
    return { isRunning, isPolling: this.#isPolling, inFlight: this.#held.size };
  }

  /** Starts it; while it runs nothing happens. */
  start(): void {
    if (this.status.isRunning) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#running = this.#running.then(() => this.#run(stop));
  }

  /**
   * Stops it: the wait ends at once and takes nothing, handlers come to their end, and messages
   * that are in line for one are given back. With `abort` the handlers' signals are aborted too.
   * Resolves when it has stopped.
   */
  stop({ abort = false }: { abort?: boolean } = {}): Promise<void> {
    this.#stop?.abort();
    if (abort) {
      for (const { controller } of this.#held.values()) controller.abort();
      this.#tell('aborted');
    }
    return this.#running;
  }

  /** Changes an option from the next receive on. */
  updateOption(option: UpdatableOption, value: number | undefined): void {
    if (!UPDATABLE.includes(option)) throw refusal('the option', option, UPDATABLE.join(' or '));
    this.#options = checked({ ...this.#options, [option]: value });
    this.#tell('option_updated', option, value);
  }

  async #run(stop: AbortController): Promise<void> {
    this.#tell('started');
    while (!stop.signal.aborted) {
      try {
        await this.#poll(stop.signal);
      } catch (error) {
        if (stop.signal.aborted) break;
        this.#report(error);
        if (error instanceof Closed) stop.abort();
        await pause(ERROR_PAUSE_MS, stop.signal);
      }
    }
    this.#tell('stopped');
  }

  async #poll(signal: AbortSignal): Promise<void> {
    await this.#options.preReceiveMessageCallback?.();
    const messages = await this.#receive(signal);
    try {
      await this.#options.postReceiveMessageCallback?.();
    } catch (error) {
      await this.#hide(messages, 0);
      throw error;
    }
    if (messages.length === 0) {
      this.#tell('empty');
    } else if (signal.aborted) {
      await this.#hide(messages, 0);
    } else {
      await this.#process(messages, signal);
      this.#tell('response_processed');
    }
    await pause(this.#options.pollingWaitTimeMs ?? 0, signal);
  }

  async #receive(signal: AbortSignal): Promise<Message[]> {
    const { queue, batchSize, waitTimeSeconds, visibilityTimeout } = this.#options;
    this.#isPolling = true;
    try {
      return await queue.receive({
        max: batchSize ?? 1,
        wait: waitTimeSeconds ?? 20,
        visibilityTimeout,
        signal,
      });
    } finally {
      this.#isPolling = false;
    }
  }

  async #process(messages: Message[], signal: AbortSignal): Promise<void> {
    const stopBeats = this.#startBeats(messages);
    for (const message of messages) {
      this.#held.set(message, { controller: new AbortController(), isLost: false });
    }
    for (const message of messages) this.#tell('message_received', message);
    try {
      if (this.#options.handleMessageBatch) await this.#handleBatch(messages);
      else await Promise.all(this.#lines(messages).map((line) => this.#handleLine(line, signal)));
    } finally {
      stopBeats();
      this.#release(messages);
    }
  }

  /** Messages that no handler has any more: heartbeats must not touch them. */
  #release(messages: Message[]): void {
    for (const message of messages) this.#held.delete(message);
  }

  /** Extends messages that were received just now, until the returned function is called. */
  #startBeats(messages: Message[]): () => void {
    const seconds = leaseSeconds(messages[0] as Message);
    const milliseconds = (this.#options.heartbeatInterval ?? seconds / 2) * 1000;
    if (seconds === 0 || milliseconds === 0 || milliseconds > TIMER_MS_MAX) return () => {};
    const start = performance.now();
    const timer = setInterval(() => {
      // One second less, since the receive was somewhat earlier.
      const left = HIDDEN_MAX_S - 1 - Math.ceil((performance.now() - start) / 1000);
      if (left > 0) void this.#extend(Math.min(seconds, left));
    }, milliseconds);
    return () => clearInterval(timer);
  }

  /** Messages that must be handled one after the other. */
  #lines(messages: Message[]): Message[][] {
    if (!this.#options.queue.fifo) return messages.map((message) => [message]);
    const lines = new Map<string | undefined, Message[]>();
    for (const message of messages) {
      const line = lines.get(message.group);
      if (line) line.push(message);
      else lines.set(message.group, [message]);
    }
    return [...lines.values()];
  }

  async #handleLine(line: Message[], signal: AbortSignal): Promise<void> {
    const handle = this.#options.handleMessage as NonNullable<ConsumerOptions['handleMessage']>;
    for (const [at, message] of line.entries()) {
      const isLost = this.#held.get(message)?.isLost;
      const isBegun = at === 0 || !(signal.aborted || isLost);
      if (isBegun && (await this.#attempt([message], (context) => handle(message, context)))) {
        continue;
      }
      // The others of its group must not overtake it: they come back behind it.
      const rest = line.slice(isBegun || isLost ? at + 1 : at);
      this.#release(line);
      await this.#hide(rest, 0);
      return;
    }
  }

  async #handleBatch(messages: Message[]): Promise<void> {
    const { handleMessageBatch } = this.#options;
    const handle = handleMessageBatch as NonNullable<typeof handleMessageBatch>;
    let done = messages;
    await this.#attempt(
      messages,
      async (context) => {
        const result = await handle(messages, context);
        if (Array.isArray(result)) done = messages.filter(among(result));
      },
      () => done,
    );
  }

  /** Runs a handler and deletes what it was done with. False if not all of that went well. */
  async #attempt(
    messages: Message[],
    handle: (context: HandlerContext) => unknown,
    done = () => messages,
  ): Promise<boolean> {
    const controllers = messages.flatMap((message) => this.#held.get(message)?.controller ?? []);
    const signal = AbortSignal.any(controllers.map((controller) => controller.signal));
    try {
      await this.#inTime(async () => handle({ signal }));
    } catch (reason) {
      this.#release(messages);
      const error = errorFrom(reason);
      for (const controller of controllers) controller.abort(error);
      const event = error instanceof HandlerTimeout ? 'timeout_error' : 'processing_error';
      for (const message of messages) this.#tell(event, error, message);
      await this.#comeBack(messages, error);
      return false;
    }
    this.#release(messages);
    return this.#delete(done());
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    const limit = this.#options.handleMessageTimeout ?? Infinity;
    if (limit > TIMER_MS_MAX) return work();
    const over = new AbortController();
    const text = `the handler took longer than ${limit} ms`;
    const timeout = sleep(limit, undefined, { signal: over.signal }).then(() => {
      throw new HandlerTimeout(text);
    });
    try {
      return await Promise.race([work(), timeout]);
    } finally {
      over.abort();
      timeout.catch(() => {});
    }
  }

  async #comeBack(messages: Message[], error: Error): Promise<void> {
    const { terminateVisibilityTimeout: after } = this.#options;
    try {
      if (error instanceof Retry) await this.#hide(messages, error.delay);
      else if (typeof after === 'function') await this.#hide(messages, await after(messages));
      else if (after === true) await this.#hide(messages, 0);
      else if (typeof after === 'number') await this.#hide(messages, after);
    } catch (failure) {
      this.#report(failure, messages);
    }
  }

  /** Deletes what a handler was done with. True if that is gone. */
  async #delete(messages: Message[]): Promise<boolean> {
    if (!(this.#options.shouldDeleteMessages ?? true)) {
      for (const message of messages) this.#tell('message_processed', message);
      return true;
    }
    let count = 0;
    const succeeded = (message: Message) => {
      count += 1;
      this.#tell('message_processed', message);
    };
    await this.#each(messages, () => this.#options.queue.deleteBatch(messages), succeeded);
    return count === messages.length;
  }

  #hide(messages: Message[], seconds: number): Promise<void> {
    const changes = messages.map((message) => ({ message, seconds }));
    return this.#each(messages, () => this.#options.queue.changeVisibilityBatch(changes));
  }

  /** A heartbeat. A message that cannot be extended is somebody else's by now. */
  async #extend(seconds: number): Promise<void> {
    const all = [...this.#held].filter(([, { isLost }]) => !isLost);
    const held = new Map(all);
    const messages = [...held.keys()];
    const changes = messages.map((message) => ({ message, seconds }));
    await this.#each(
      messages,
      () => this.#options.queue.changeVisibilityBatch(changes),
      undefined,
      (message, reason) => {
        const one = held.get(message) as Held;
        // Its handler has ended meanwhile, or an earlier heartbeat told this.
        if (one.isLost || this.#held.get(message) !== one) return;
        one.isLost = true;
        one.controller.abort(reason);
        this.#report(reason, message);
      },
    );
  }

  /** A batch call, and its results one by one. */
  async #each(
    messages: Message[],
    call: () => Promise<PromiseSettledResult<void>[]>,
    succeeded: (message: Message) => void = () => {},
    failed: (message: Message, reason: Error) => void = (message, reason) =>
      this.#report(reason, message),
  ): Promise<void> {
    if (messages.length === 0) return;
    let results: PromiseSettledResult<void>[];
    try {
      results = await call();
    } catch (error) {
      this.#report(error, messages);
      return;
    }
    messages.forEach((message, index) => {
      const result = results[index];
      if (result?.status === 'rejected') failed(message, result.reason as Error);
      else succeeded(message);
    });
  }

  /** An event. A listener that throws has no part in what becomes of the messages. */
  #tell<E extends Exclude<keyof ConsumerEvents, 'error'>>(
    event: E,
    ...values: ConsumerEvents[E]
  ): void {
    try {
      // The type of `emit` cannot tell that these belong together.
      (this.emit as (event: string, ...values: unknown[]) => boolean).call(this, event, ...values);
    } catch (error) {
      this.#report(error);
    }
  }

  #report(reason: unknown, about?: Message | Message[]): void {
    const error = errorFrom(reason);
    if (this.listenerCount('error') === 0) {
      // Of another realm, it would be none to `emitWarning`.
      const own = error instanceof Error ? error : new Error(String(error), { cause: error });
      process.emitWarning(own);
      return;
    }
    try {
      this.emit('error', error, about);
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown;
      });
    }
  }
}

const UPDATABLE: UpdatableOption[] = [
  'visibilityTimeout',
  'batchSize',
  'waitTimeSeconds',
  'pollingWaitTimeMs',
];

/** The options, if they can be worked with. What the queue checks is left to it. */
function checked(options: ConsumerOptions): ConsumerOptions {
  const { queue, handleMessage, handleMessageBatch } = options;
  if (typeof queue?.receive !== 'function') throw refusal('queue', queue, 'a queue');
  const handlers = [handleMessage ?? [], handleMessageBatch ?? []].flat();
  if (handlers.length !== 1) {
    throw new InvalidArgument('give either handleMessage or handleMessageBatch');
  }
  if (typeof handlers[0] !== 'function') throw refusal('the handler', handlers[0], 'a function');
  for (const name of ['heartbeatInterval', 'handleMessageTimeout', 'pollingWaitTimeMs'] as const) {
    const value: unknown = options[name] ?? 0;
    if (typeof value !== 'number' || !(value >= 0)) throw refusal(name, value, 'a number from 0');
  }
  const { heartbeatInterval, visibilityTimeout } = options;
  const interval = heartbeatInterval ?? 0;
  if (interval >= (visibilityTimeout ?? Infinity) && interval * 1000 <= TIMER_MS_MAX) {
    const limit = `less than the visibility timeout, ${visibilityTimeout} seconds`;
    throw refusal('heartbeatInterval', interval, limit);
  }
  return options;
}

/** Whether a message is among `values`. */
function among(values: unknown[]): (message: Message) => boolean {
  const set = new Set(values);
  return (message) => set.has(message);
}

/** The error that was thrown, or one that tells what was thrown instead. */
function errorFrom(reason: unknown): Error {
  if (reason instanceof Error || types.isNativeError(reason)) return reason;
  const text = typeof reason === 'string' ? reason : inspect(reason);
  return new Error(text, { cause: reason });
}

/** Sleeps, unless there is no time to. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  const limit = Math.min(milliseconds, TIMER_MS_MAX);
  if (limit > 0) await sleep(limit, undefined, { signal }).catch(() => {});
}
