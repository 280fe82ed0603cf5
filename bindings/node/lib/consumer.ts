/** A consumer with the shape of the package sqs-consumer: handlers, heartbeats, events. */

import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Closed, InvalidArgument } from './errors.js';
import type { Message } from './message.js';
import type { Queue } from './queue.js';

/** Pause after a receive that failed, milliseconds. */
const ERROR_PAUSE_MS = 1000;

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
   * Seconds between two extensions of the visibility timeout while a handler works; 0: none.
   * Default: half of the visibility timeout.
   */
  heartbeatInterval?: number | undefined;
  /** Milliseconds after which a handler has failed. Default: no limit. */
  handleMessageTimeout?: number | undefined;
  /**
   * When a handler failed: true makes its message visible at once, a number after so many
   * seconds. Default false: when its visibility timeout ends.
   */
  terminateVisibilityTimeout?: boolean | number | ((messages: Message[]) => number) | undefined;
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
  /** Receiving, deleting or extending failed. */
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

/** A message in the hands of a handler. */
type Held = Map<Message, AbortController>;

/**
 * Takes messages from a queue and gives them to a handler, as long as it is running.
 *
 * Nothing it does rejects: failures are events. Without a listener for `error` they become
 * warnings of the process.
 */
export class Consumer extends EventEmitter<ConsumerEvents> {
  readonly #options: ConsumerOptions;
  readonly #held: Held = new Map();
  #stop: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #isPolling = false;

  /** A consumer that is not started yet. */
  static create(options: ConsumerOptions): Consumer {
    return new Consumer(options);
  }

  constructor(options: ConsumerOptions) {
    super();
    if ((options.handleMessage === undefined) === (options.handleMessageBatch === undefined)) {
      throw new InvalidArgument('give either handleMessage or handleMessageBatch');
    }
    this.#options = { ...options };
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
   * Stops it: the wait ends at once and takes nothing, handlers come to their end. With `abort`
   * their signals are aborted too. Resolves when it has stopped.
   */
  stop({ abort = false }: { abort?: boolean } = {}): Promise<void> {
    this.#stop?.abort();
    if (abort) {
      for (const controller of this.#held.values()) controller.abort();
      this.emit('aborted');
    }
    return this.#running;
  }

  /** Changes an option from the next receive on. */
  updateOption(option: UpdatableOption, value: number | undefined): void {
    this.#options[option] = value;
    this.emit('option_updated', option, value);
  }

  async #run(stop: AbortController): Promise<void> {
    this.emit('started');
    while (!stop.signal.aborted) {
      try {
        await this.#poll(stop.signal);
      } catch (error) {
        if (stop.signal.aborted) break;
        this.#report(error as Error);
        if (error instanceof Closed) stop.abort();
        await pause(ERROR_PAUSE_MS, stop.signal);
      }
    }
    this.emit('stopped');
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { queue, batchSize = 1, waitTimeSeconds = 20, visibilityTimeout } = this.#options;
    await this.#options.preReceiveMessageCallback?.();
    this.#isPolling = true;
    let messages;
    try {
      messages = await queue.receive({
        max: batchSize,
        wait: waitTimeSeconds,
        visibilityTimeout,
        signal,
      });
    } finally {
      this.#isPolling = false;
    }
    await this.#options.postReceiveMessageCallback?.();
    if (messages.length === 0) {
      this.emit('empty');
    } else {
      await this.#process(messages);
      this.emit('response_processed');
    }
    await pause(this.#options.pollingWaitTimeMs ?? 0, signal);
  }

  async #process(messages: Message[]): Promise<void> {
    const seconds = await this.#leaseSeconds(messages);
    const interval = this.#options.heartbeatInterval ?? seconds / 2;
    const beat = interval > 0 && setInterval(() => this.#extend(seconds), interval * 1000);
    for (const message of messages) {
      this.#held.set(message, new AbortController());
      this.emit('message_received', message);
    }
    try {
      if (this.#options.handleMessageBatch) await this.#handleBatch(messages);
      else await Promise.all(this.#lines(messages).map((line) => this.#handleLine(line)));
    } finally {
      if (beat) clearInterval(beat);
      for (const message of messages) this.#held.delete(message);
    }
  }

  /** For how long a heartbeat hides messages. */
  async #leaseSeconds(messages: Message[]): Promise<number> {
    const { queue, visibilityTimeout } = this.#options;
    if (visibilityTimeout !== undefined) return visibilityTimeout;
    const name = 'VisibilityTimeout';
    try {
      return Number((await queue.attributes([name]))[name]);
    } catch (error) {
      this.#report(error as Error, messages);
      return 0;
    }
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

  async #handleLine(line: Message[]): Promise<void> {
    const handle = this.#options.handleMessage as NonNullable<ConsumerOptions['handleMessage']>;
    for (const [at, message] of line.entries()) {
      const isDone = await this.#attempt([message], (context) => handle(message, context));
      this.#held.delete(message);
      if (isDone !== false) continue;
      // The others of its group must not overtake it: they come back behind it.
      const rest = line.slice(at + 1);
      for (const other of rest) this.#held.delete(other);
      await this.#hide(rest, 0);
      return;
    }
  }

  async #handleBatch(messages: Message[]): Promise<void> {
    const { handleMessageBatch } = this.#options;
    const handle = handleMessageBatch as NonNullable<typeof handleMessageBatch>;
    await this.#attempt(messages, (context) => handle(messages, context));
  }

  /** Runs a handler and deletes what it was done with. False if it failed. */
  async #attempt(
    messages: Message[],
    handle: (context: HandlerContext) => unknown,
  ): Promise<boolean> {
    const controllers = messages.flatMap((message) => this.#held.get(message) ?? []);
    const signal = AbortSignal.any(controllers.map((controller) => controller.signal));
    let result;
    try {
      result = await this.#inTime(async () => handle({ signal }));
    } catch (reason) {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      for (const controller of controllers) controller.abort(error);
      const event = error instanceof HandlerTimeout ? 'timeout_error' : 'processing_error';
      for (const message of messages) this.emit(event, error, message);
      await this.#comeBack(messages, error);
      return false;
    }
    const done = Array.isArray(result) ? messages.filter((one) => result.includes(one)) : messages;
    await this.#delete(done);
    return true;
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    const limit = this.#options.handleMessageTimeout;
    if (limit === undefined) return work();
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
    const { terminateVisibilityTimeout: after = false } = this.#options;
    if (error instanceof Retry) await this.#hide(messages, error.delay);
    else if (typeof after === 'function') await this.#hide(messages, after(messages));
    else if (after !== false) await this.#hide(messages, after === true ? 0 : after);
  }

  async #delete(messages: Message[]): Promise<void> {
    if (this.#options.shouldDeleteMessages ?? true) {
      await this.#each(messages, () => this.#options.queue.deleteBatch(messages), (message) =>
        this.emit('message_processed', message),
      );
    } else {
      for (const message of messages) this.emit('message_processed', message);
    }
  }

  #hide(messages: Message[], seconds: number): Promise<void> {
    const changes = messages.map((message) => ({ message, seconds }));
    return this.#each(messages, () => this.#options.queue.changeVisibilityBatch(changes));
  }

  /** A heartbeat. A message that cannot be extended is somebody else's by now. */
  async #extend(seconds: number): Promise<void> {
    const held = new Map(this.#held);
    const messages = [...held.keys()];
    const changes = messages.map((message) => ({ message, seconds }));
    const lost = (message: Message, reason: Error) => {
      if (this.#held.has(message)) held.get(message)?.abort(reason);
    };
    await this.#each(
      messages,
      () => this.#options.queue.changeVisibilityBatch(changes),
      undefined,
      lost,
    );
  }

  /** A batch call, and its results one by one. */
  async #each(
    messages: Message[],
    call: () => Promise<PromiseSettledResult<void>[]>,
    succeeded?: (message: Message) => void,
    failed?: (message: Message, reason: Error) => void,
  ): Promise<void> {
    if (messages.length === 0) return;
    let results;
    try {
      results = await call();
    } catch (error) {
      this.#report(error as Error, messages);
      return;
    }
    messages.forEach((message, index) => {
      const result = results[index];
      if (result?.status !== 'rejected') return succeeded?.(message);
      failed?.(message, result.reason as Error);
      this.#report(result.reason as Error, message);
    });
  }

  #report(error: Error, about?: Message | Message[]): void {
    if (this.listenerCount('error') > 0) this.emit('error', error, about);
    else process.emitWarning(error);
  }
}

/** Sleeps, unless there is no time to. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal }).catch(() => {});
}
