/** An SQS server in this process, for tests and for programs that have other work. */

import { type NativeServer, native, type ServeInput } from './native.js';
import { refusal } from './packer.js';
import { call, hold } from './pending.js';
import { nativeOf, Store } from './store.js';

/** An access key, and whom it belongs to. */
export interface Credential {
  accessKeyId: string;
  secretAccessKey: string;
  /** 12 digits. */
  account: string;
  /** A session token that must come with every request. Default: none may come. */
  sessionToken?: string | undefined;
  /** Name of a user of the account; without it and without a role, the account's root. */
  user?: string | undefined;
  /** `role/session` of an assumed role, instead of a user. */
  role?: string | undefined;
  /** `SenderId` of its messages. Default: derived from the name. */
  principalId?: string | undefined;
  /** End of the session, seconds since the epoch. */
  expiresAt?: number | undefined;
  /** False: refused as unknown. Default true. */
  enabled?: boolean | undefined;
}

/** A queue that exists when the server is ready. */
export interface ServedQueue {
  /** A name in `.fifo` makes a FIFO queue. */
  name: string;
  account?: string | undefined;
  region?: string | undefined;
  /** Attributes by their SQS names. */
  attributes?: Record<string, string | number | boolean> | undefined;
  tags?: Record<string, string> | undefined;
  /** Name of the queue that gets what was received `maxReceives` times. */
  deadLetter?: string | undefined;
  /** 1 to 1,000. Default 10. */
  maxReceives?: number | undefined;
}

/** Bounds of connections and requests; docs/SERVER.md has the defaults. */
export interface ServeLimits {
  connections?: number | undefined;
  headerBytes?: number | undefined;
  bodyBytes?: number | undefined;
  bodiesBytes?: number | undefined;
  headerTimeoutS?: number | undefined;
  bodyTimeoutS?: number | undefined;
  http2Streams?: number | undefined;
  shutdownS?: number | undefined;
  threads?: number | undefined;
  metricsQueues?: number | undefined;
}

/** How a server for tests starts. */
export interface TestModeOptions {
  /** True: the clock stands still until `advance`. Default: it runs, and can be moved ahead. */
  frozen?: boolean | undefined;
  /** Time of a new store, milliseconds since the epoch. Default: now. */
  startMs?: number | undefined;
  /** Seed of everything that is random in tests. Default 0. */
  seed?: number | undefined;
}

/** What is served, and how. docs/SERVER.md describes every option. */
export interface ServeOptions {
  /**
   * A directory, `mem:`, or an open store, which the program goes on to use and which stays open.
   * Default `mem:`.
   */
  store?: Store | string | undefined;
  /** A name or an address of this machine. Default `127.0.0.1`. */
  host?: string | undefined;
  /** Default 0: a free one. */
  port?: number | undefined;
  /** True: accept anyone on an address that others can reach. Default false. */
  insecure?: boolean | undefined;
  /**
   * True: the clock can be moved, there are `reset` and faults, and the pauses of 60 s are off. An
   * open store needs a manual clock for that, and keeps its time. Default false.
   */
  test?: boolean | TestModeOptions | undefined;
  /** What an answer has survived, if the server opens the store itself. Default `full`. */
  durability?: 'full' | 'strict' | 'os' | undefined;
  /** Account of callers that name none: 12 digits. Default `000000000000`. */
  account?: string | undefined;
  /** Region of callers that name none. Default `us-east-1`. */
  region?: string | undefined;
  /** Start of all queue URLs. Default: the scheme and host of each request. */
  baseUrl?: string | undefined;
  /** True: believe `X-Forwarded-Host`, `-Proto` and `-For`. Default false. */
  trustProxy?: boolean | undefined;
  /** Other hosts that requests may be signed for. */
  acceptedHosts?: string[] | undefined;
  /** False: no pause of 60 s after a deletion or a purge. Default true, in tests false. */
  sixtySecondRules?: boolean | undefined;
  limits?: ServeLimits | undefined;
  /** Who may call. Default: anyone, whatever the signature. */
  credentials?: Credential[] | undefined;
  queues?: ServedQueue[] | undefined;
  /** Files of certificate and key, both PEM: serves HTTPS. */
  tls?: { certificate: string; key: string } | undefined;
}

const PORT_MAX = 65_535;

/** Servers that run: they stay although nobody holds them, as those of `node:http` do. */
const running = new Set<Server>();

/** A running server. It keeps the process alive until it is closed. */
export class Server {
  readonly #native: NativeServer;
  readonly #release: () => void;
  #closed: Promise<void> | undefined;
  /** Where clients find it, such as `http://127.0.0.1:41763`. */
  readonly url: string;
  /** The port it listens at. */
  readonly port: number;
  /** What is served, as the library has it: without the limits of the wire. */
  readonly store: Store;

  /** @internal */
  constructor(server: NativeServer, store: Store) {
    this.#native = server;
    this.url = server.url;
    this.port = server.port;
    this.store = store;
    this.#release = hold();
    running.add(this);
  }

  /**
   * Moves the clock of a server for tests on by milliseconds and resolves with the new time.
   * Timeouts, delays and waits that end by then have ended.
   */
  async advance(milliseconds: number): Promise<number> {
    const values = { ms: milliseconds };
    const { now_ms } = await this.control<{ now_ms: number }>('POST', 'clock/advance', values);
    return now_ms;
  }

  /** Deletes all queues of a server for tests, and forgets faults and disorder. */
  async reset(): Promise<void> {
    await this.control('POST', 'reset');
  }

  /**
   * Any request of the test mode that docs/SERVER.md lists, such as
   * `control('POST', 'faults', { action: 'SendMessage', effect: 'throttle' })`.
   */
  async control<T = unknown>(method: string, page: string, values?: object): Promise<T> {
    const body = values === undefined ? '' : JSON.stringify(values);
    const answer = await call<string>((id, port) =>
      this.#native.control(port, id, method, page, body),
    );
    return JSON.parse(answer) as T;
  }

  /**
   * Answers every waiting receive, lets running requests end, and stops. A store that `serve`
   * opened closes as well. A second close is the first.
   */
  close(): Promise<void> {
    this.#closed ??= call<void>((id, port) => this.#native.stop(port, id)).finally(() => {
      this.#release();
      running.delete(this);
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The URL. */
  toString(): string {
    return this.url;
  }
}

/**
 * Starts an SQS server on threads of its own; it answers when the promise resolves. It writes no
 * logs and leaves signals alone.
 */
export async function serve(options: ServeOptions = {}): Promise<Server> {
  const { store = 'mem:', host = '127.0.0.1', port = 0, insecure = false, ...rest } = options;
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw refusal('port', port, `a whole number from 0 to ${PORT_MAX}`);
  }
  if (typeof store !== 'string' && !(store instanceof Store)) {
    throw refusal('store', store, "a directory, 'mem:' or an open store");
  }
  const input: ServeInput = { host, port, insecure, options: configuration(rest) };
  const started = await call<NativeServer>((id, at) =>
    typeof store === 'string'
      ? native.serve(at, id, store, input)
      : nativeOf(store).serve(at, id, input),
  );
  const served = typeof store === 'string' ? new Store(started.store()) : store;
  return new Server(started, served);
}

/** The options with the names of the configuration file. */
function configuration({ test = false, durability, ...rest }: ServeOptions): string {
  return JSON.stringify({
    ...(named(rest) as object),
    test: test === false ? undefined : named(test === true ? {} : test),
    store: durability && { durability },
  });
}

/** Keys that have names of the program's own below them. */
const NOT_OURS = ['attributes', 'tags'];

function named(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
    NOT_OURS.includes(key) ? inner : named(inner),
  ]);
  return Object.fromEntries(entries);
}
