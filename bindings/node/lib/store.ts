/** Opening a store, and what a program does with it. */

import { types } from 'node:util';
import { type NativeQueue, type NativeStore, native } from './native.js';
import { refusal } from './packer.js';
import { call } from './pending.js';
import { allPages, type NamePage, ownOf, PAGE_MAX, Queue, textsOf } from './queue.js';

/** How a store is opened. The defaults suit a program that wants its own durable queues. */
export interface OpenOptions {
  /** What an acknowledged answer has survived. Default `full`. */
  durability?: 'full' | 'strict' | 'os' | undefined;
  /** `manual`: time stands still until `advance`. Default `system`. */
  clock?: 'system' | 'manual' | undefined;
  /** Where a manual clock of a new store starts. Default: now. */
  clockStart?: Date | number | undefined;
  /** Account of the queues named by this handle. Default `000000000000`. */
  account?: string | undefined;
  /** Region of the queues named by this handle. Default `us-east-1`. */
  region?: string | undefined;
  /** True: SQS's own limits hold, as over the wire. Default false. */
  sqsLimits?: boolean | undefined;
  /** False: no pause of 60 s after a deletion or a purge. Default true. */
  sixtySecondRules?: boolean | undefined;
  /** False: the store must exist. Default true. */
  create?: boolean | undefined;
  /** True: open on a network file system in spite of the danger. Default false. */
  allowNetworkFileSystem?: boolean | undefined;
  /** How long to wait for a lock of another process, milliseconds. Default 30,000. */
  lockTimeout?: number | undefined;
  /** Size of a log segment of a new store, bytes; a power of two. Default 16 MiB. */
  segmentBytes?: number | undefined;
  /** Disk space kept so that receiving and deleting go on, up to 1 TiB. Default 8 MiB. */
  reserveBytes?: number | undefined;
}

/** What a queue is created with. What is not named takes SQS's default for a new queue. */
export interface QueueOptions {
  /** A FIFO queue; its name must end in `.fifo`. */
  fifo?: boolean | undefined;
  /** FIFO: messages without a deduplication id take the SHA-256 of their body. */
  contentDedup?: boolean | undefined;
  /** How long a received message stays hidden, 0 to 43,200 seconds. Default 30. */
  visibilityTimeout?: number | undefined;
  /** How long a message is held back at first, 0 to 900 seconds. Default 0. */
  delay?: number | undefined;
  /** How long a message is kept, 60 to 1,209,600 seconds. Default 4 days. */
  retention?: number | undefined;
  /** How long a receive waits that names no wait itself, 0 to 20 seconds. Default 0. */
  wait?: number | undefined;
  /** Largest message, 1,024 to 1,048,576 bytes, attributes included. */
  maxBytes?: number | undefined;
  /** Messages received `maxReceives` times and not deleted move to this queue: name or ARN. */
  deadLetter?: string | undefined;
  /** 1 to 1,000; given together with `deadLetter`. */
  maxReceives?: number | undefined;
  /** Any attribute by its SQS name. */
  attributes?: Record<string, string | number | boolean> | undefined;
  /** Tags of a new queue. */
  tags?: Record<string, string> | undefined;
}

/** A message move task. */
export interface MoveTask {
  /** Names the task for `cancelMoveTask`; a running task only. */
  handle?: string;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLING' | 'CANCELLED' | 'FAILED';
  /** Why it failed. */
  reason?: string;
  /** ARN of the dead-letter queue. */
  source: string;
  /** ARN of the destination, if one was named. */
  destination?: string;
  /** Messages a second, if a rate was named. */
  rate?: number;
  moved: number;
  toMove: number;
  /** Milliseconds since the epoch. */
  startedMs: number;
}

/** What a check found; all is well without problems. */
export interface CheckReport {
  queues: number;
  messages: number;
  logBytes: number;
  problems: string[];
}

/** What opening had to repair after a power cut, or after files were lost or damaged. */
export interface Recovery {
  reason: string;
  logBytes: number;
  records: number;
  cut?: string;
  damage: string[];
}

/** Counters since the store was opened in this process. */
export interface Statistics {
  commands: number;
  transactions: number;
  syncs: number;
  logBytes: number;
  movedBytes: number;
  diskBytes: number;
}

/**
 * Opens a store: a directory, or `mem:` for a private one that ends with its last handle. Several
 * opens of a directory in one process, worker threads included, share one engine.
 */
export async function open(location: string, options: OpenOptions = {}): Promise<Store> {
  const { clock, clockStart, lockTimeout, ...rest } = options;
  const clockStartMs = isManual(clock) ? milliseconds(clockStart ?? Date.now()) : undefined;
  const input = { ...rest, clockStartMs, lockTimeoutMs: lockTimeout };
  return new Store(
    await call<NativeStore>((id, port) => native.open(port, id, location, input)),
  );
}

function isManual(clock: unknown): boolean {
  if (clock === 'manual') return true;
  if (clock === 'system' || clock === undefined || clock === null) return false;
  throw refusal('clock', clock, "'system' or 'manual'");
}

function milliseconds(clockStart: unknown): number {
  if (types.isDate(clockStart)) return clockStart.getTime();
  if (typeof clockStart === 'number') return clockStart;
  throw refusal('clockStart', clockStart, 'a Date or milliseconds since the epoch');
}

/** @internal The native half of a store, for what is done with it outside of its class. */
export let nativeOf: (store: Store) => NativeStore;

/** An open store. It closes with `close`, or when it is no longer reachable. */
export class Store {
  readonly #native: NativeStore;

  static {
    nativeOf = (store) => store.#native;
  }

  /** @internal */
  constructor(store: NativeStore) {
    this.#native = store;
  }

  /** The account of plain queue names. */
  get account(): string {
    return this.#native.account;
  }

  /** The region of plain queue names. */
  get region(): string {
    return this.#native.region;
  }

  /**
   * The same store, with names that belong to another account, 12 digits, and region, 1 to 64 of
   * `[A-Za-z0-9._/-]`. For others, whatever names a queue fails with `InvalidParameterValue`.
   */
  scope(account: string, region: string): Store {
    return new Store(this.#native.scope(account, region));
  }

  /** Creates a queue, or finds one whose attributes are those named. */
  async createQueue(name: string, options: QueueOptions = {}): Promise<Queue> {
    const { attributes, tags = {}, deadLetter, maxReceives, ...named } = options;
    const input = {
      attributes: ownOf({ ...textsOf(attributes ?? {}), ...namedAttributes(named) }),
      tags: ownOf(tags),
      deadLetter,
      maxReceives,
    };
    return new Queue(
      await call<NativeQueue>((id, port) => this.#native.createQueue(port, id, name, input)),
    );
  }

  /** Finds a queue. */
  async getQueue(name: string): Promise<Queue> {
    return new Queue(
      await call<NativeQueue>((id, port) => this.#native.getQueue(port, id, name)),
    );
  }

  /** Deletes a queue with its messages. Waits on it end with `QueueDoesNotExist`. */
  deleteQueue(name: string): Promise<void> {
    return call((id, port) => this.#native.deleteQueue(port, id, name));
  }

  /** The names of all queues of this account and region that start with `prefix`. */
  async listQueues(prefix = ''): Promise<string[]> {
    return allPages((nextToken) => this.listQueuesPage({ prefix, nextToken }));
  }

  /** One page of them, at most `max` names, 1 to 1,000. */
  listQueuesPage(
    {
      prefix = '',
      max = PAGE_MAX,
      nextToken,
    }: { prefix?: string; max?: number; nextToken?: string | undefined } = {},
  ): Promise<NamePage> {
    return call((id, port) => this.#native.listQueues(port, id, prefix, max, nextToken));
  }

  /**
   * Moves the visible messages of a dead-letter queue to `destination`, or back to where they
   * came from, in the background. Queues are named by name or ARN; `rate` is messages a second,
   * 1 to 500. Resolves with the task's handle.
   */
  startMoveTask(
    source: string,
    { destination, rate }: { destination?: string; rate?: number } = {},
  ): Promise<string> {
    return call((id, port) => this.#native.startMoveTask(port, id, source, destination, rate));
  }

  /** Stops a running task; resolves with how many messages it had moved. */
  cancelMoveTask(handle: string): Promise<number> {
    return call((id, port) => this.#native.cancelMoveTask(port, id, handle));
  }

  /** The tasks of a source queue, newest first; `max` is 1 to 10. */
  listMoveTasks(source: string, { max = 10 }: { max?: number } = {}): Promise<MoveTask[]> {
    return call((id, port) => this.#native.listMoveTasks(port, id, source, max));
  }

  /** The store's time, milliseconds since the epoch. */
  now(): Promise<number> {
    return call((id, port) => this.#native.now(port, id));
  }

  /**
   * Moves a manual clock on by milliseconds and resolves with the new time. What is due by then
   * has been done, and waits that end or find a message have been answered.
   */
  advance(milliseconds: number): Promise<number> {
    return call((id, port) => this.#native.advance(port, id, milliseconds));
  }

  /**
   * Verifies the store's files against each other, while they are in use. It reads all that is
   * stored, and all other calls on the store wait meanwhile: those of other processes fail with
   * `Busy` where that takes longer than their lock timeout.
   */
  check(): Promise<CheckReport> {
    return call((id, port) => this.#native.check(port, id));
  }

  /** Writes a consistent copy to an absent or empty directory, while the store is in use. */
  backup(to: string): Promise<void> {
    return call((id, port) => this.#native.backup(port, id, to));
  }

  /** Counters since the store was opened in this process. */
  statistics(): Promise<Statistics> {
    return call((id, port) => this.#native.statistics(port, id));
  }

  /** What opening had to repair, if anything. */
  async recovery(): Promise<Recovery | undefined> {
    const recovery = await call<Recovery | null>((id, port) => this.#native.recovery(port, id));
    return recovery ?? undefined;
  }

  /** Closes the store under all its handles. Waits end with `Closed`. */
  close(): Promise<void> {
    return call((id, port) => this.#native.close(port, id));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The short names of queue attributes as SQS writes them; the store checks their values. */
function namedAttributes(
  options: Omit<QueueOptions, 'attributes' | 'tags' | 'deadLetter' | 'maxReceives'>,
): Record<string, string> {
  return textsOf({
    // SQS refuses `false`: a standard queue does not name it.
    FifoQueue: options.fifo || undefined,
    ContentBasedDeduplication: options.contentDedup,
    VisibilityTimeout: options.visibilityTimeout,
    DelaySeconds: options.delay,
    MessageRetentionPeriod: options.retention,
    ReceiveMessageWaitTimeSeconds: options.wait,
    MaximumMessageSize: options.maxBytes,
  });
}
