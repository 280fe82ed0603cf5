/** For tests of programs that use queues: stores and servers on virtual time, expectations. */

import { AssertionError } from 'node:assert';
import { inspect } from 'node:util';
import type { Message } from '../message.js';
import type { Queue } from '../queue.js';
import { serve, type ServeOptions, type Server } from '../serve.js';
import { open, type OpenOptions, type QueueOptions, type Store } from '../store.js';

export { disordered, type DisorderOptions } from './disorder.js';

/** A store for one test. */
export class TestStore {
  readonly store: Store;
  #queues = 0;

  /** @internal */
  constructor(store: Store) {
    this.store = store;
  }

  /** A new queue; its name is of no importance. */
  queue(options: QueueOptions = {}): Promise<Queue> {
    this.#queues += 1;
    const name = `queue-${this.#queues}${options.fifo ? '.fifo' : ''}`;
    return this.store.createQueue(name, options);
  }

  /**
   * Moves virtual time on: milliseconds, or a text such as `'30s'`, `'5m'`, `'1h30m'`. What is due
   * by then has happened when it resolves.
   */
  async advance(time: number | string): Promise<number> {
    return this.store.advance(typeof time === 'number' ? time : milliseconds(time));
  }

  close(): Promise<void> {
    return this.store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * A store in memory, on virtual time unless `clock` says otherwise, without the pauses of 60 s
 * after deletions and purges.
 */
export async function createTestStore(options: OpenOptions = {}): Promise<TestStore> {
  const { clock = 'manual', sixtySecondRules = false, ...rest } = options;
  return new TestStore(await open('mem:', { ...rest, clock, sixtySecondRules }));
}

/** Variables that would lead a client elsewhere. */
const FROM_OUTSIDE = ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'];

/** The variables by which every AWS SDK and the AWS CLI use this endpoint. */
export function environment(url: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_SQS: url,
    AWS_ACCESS_KEY_ID: 'testing',
    AWS_SECRET_ACCESS_KEY: 'testing',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_REGION: 'us-east-1',
  };
}

/** Servers for tests that run: the latest one has the environment. */
const running: TestServer[] = [];

/** The environment without them. */
const before = new Map<string, string | undefined>();

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

/** Leads the environment to the latest server, or back to where it led before. */
function lead(): void {
  const latest = running.at(-1);
  if (latest === undefined) {
    for (const [name, value] of before) setVariable(name, value);
    before.clear();
    return;
  }
  const variables = environment(latest.url);
  const names = [...FROM_OUTSIDE, ...Object.keys(variables)];
  for (const name of names) {
    if (!before.has(name)) before.set(name, process.env[name]);
    setVariable(name, variables[name]);
  }
}

/** An SQS server for tests; while it runs, the environment leads every AWS SDK to it. */
export class TestServer {
  readonly server: Server;

  /** @internal */
  constructor(server: Server) {
    this.server = server;
    running.push(this);
    lead();
  }

  /** Where clients find it. */
  get url(): string {
    return this.server.url;
  }

  /** Its queues, as the library sees them. */
  get store(): Store {
    return this.server.store;
  }

  /** Moves its clock on, as `advance` of {@link TestStore}. */
  async advance(time: number | string): Promise<number> {
    return this.server.advance(typeof time === 'number' ? time : milliseconds(time));
  }

  /** Deletes all queues, and forgets faults and disorder. */
  reset(): Promise<void> {
    return this.server.reset();
  }

  /** Stops it. The environment then leads where it led before, or to a test's other server. */
  async close(): Promise<void> {
    const at = running.indexOf(this);
    const isLatest = at === running.length - 1;
    if (at >= 0) running.splice(at, 1);
    if (at >= 0 && isLatest) lead();
    await this.server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Starts an SQS server for tests. Its clock runs, and jumps with `advance`;
 * `test: { frozen: true }` lets it stand still. The environment is the process's: where tests run
 * at once in one process, give each client the `url`.
 */
export async function createTestServer(options: ServeOptions = {}): Promise<TestServer> {
  return new TestServer(await serve({ ...options, test: options.test ?? true }));
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** The milliseconds of a text such as `'1h30m'`. */
export function milliseconds(text: string): number {
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) {
    throw new RangeError(`${inspect(text)} is no time; write it like '30s' or '1h30m'`);
  }
  const parts = text.matchAll(/(\d+)(ms|s|m|h|d)/g);
  return [...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * UNITS[unit]!, 0);
}

/** What {@link awaitMessage} waits for. */
export interface AwaitOptions {
  /** Only a message for which it returns true; others are given back. */
  where?: ((message: Message) => boolean) | undefined;
  /** Milliseconds of real time. Default 5,000. */
  timeout?: number | undefined;
}

/**
 * The next message, or the next one that fits `where`. It is in flight, as after a receive.
 * Rejects with an AssertionError that tells what the queue has instead.
 */
export async function awaitMessage(
  queue: Queue,
  { where = () => true, timeout = 5000 }: AwaitOptions = {},
): Promise<Message> {
  const signal = AbortSignal.timeout(timeout);
  const others: Message[] = [];
  try {
    for (;;) {
      const [message] = await queue.receive({ wait: 20, signal });
      if (message === undefined) continue;
      others.push(message);
      if (!where(message)) continue;
      others.pop();
      return message;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    const { visible, inFlight, delayed } = await queue.counts();
    const rest = `${visible} visible, ${inFlight} in flight, ${delayed} delayed`;
    const text = `no such message in ${queue.name} within ${timeout} ms; it has ${rest}`;
    throw new AssertionError({ message: text });
  } finally {
    await giveBackAll(queue, others);
  }
}

/**
 * Rejects with an AssertionError if the queue has a message that can be received, now or within
 * so many milliseconds of real time.
 */
export async function expectNoMessage(
  queue: Queue,
  { within = 0 }: { within?: number } = {},
): Promise<void> {
  let messages: Message[];
  if (within > 0) {
    const signal = AbortSignal.timeout(within);
    messages = await queue.receive({ wait: 20, signal }).catch((error) => {
      if (signal.aborted) return [];
      throw error;
    });
  } else {
    messages = await queue.receive({ wait: 0 });
  }
  await giveBackAll(queue, messages);
  const [message] = messages;
  if (message) {
    const text = `${queue.name} was expected to be empty, and has ${JSON.stringify(message)}`;
    throw new AssertionError({ message: text });
  }
}

async function giveBackAll(queue: Queue, messages: Message[]): Promise<void> {
  if (messages.length === 0) return;
  await queue.changeVisibilityBatch(messages.map((message) => ({ message, seconds: 0 })));
}
