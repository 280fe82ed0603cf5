/** The native half, as `src/` exports it. Nothing outside `lib/` uses it. */

/** An error as the native half hands it over. */
export interface Failure {
  failure: number;
  text: string;
}

export interface Kind {
  number: number;
  name: string;
  code: string;
  retryable: boolean;
}

/** What a call ends with; `null`: its answer comes later, at the port. */
export type Answer = object | string | number | undefined | null;

export interface Port {
  hold(): void;
  release(): void;
  cancel(id: number): void;
  /** Messages of the last answers are no longer given back when the environment ends. */
  arrived(): void;
}

export interface NativeAttribute {
  name: string;
  type: string;
  value: string | Uint8Array;
}

/**
 * The result of one entry of a batch, or the text of the receipts of several messages that were
 * sent.
 */
export type Entry = string | Failure | undefined;

export interface Names {
  names: string[];
  nextToken?: string;
}

/** Bodies that are too large to be packed. Each is copied when it is added. */
export interface Bodies {
  add(body: string | Uint8Array): void;
}

/** Bytes of records in the memory that was given for them, or memory of their own. */
export type Received = number | Buffer[];

/**
 * A queue, with the calls that are seldom made. `packed` is the memory of a packer, of which
 * `length` bytes count; `bytes` and `at` are the record of a message.
 */
export interface NativeQueue {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  /** By which functions find it, for as long as this object lives. */
  number(): number;
  delete(id: number, receipt: string): Answer;
  changeVisibility(id: number, receipt: string, seconds: number): Answer;
  changeRecordVisibility(id: number, bytes: Uint8Array, at: number, seconds: number): Answer;
  changeVisibilityBatch(id: number, packed: Uint8Array, length: number, count: number): Answer;
  purge(id: number): Answer;
  attributes(id: number, names: string[]): Answer;
  setAttributes(id: number, attributes: Record<string, string>): Answer;
  tags(id: number): Answer;
  tag(id: number, tags: Record<string, string>): Answer;
  untag(id: number, keys: string[]): Answer;
  peek(id: number, options: object): Answer;
  deadLetterSources(id: number, limit: number, token: string | undefined): Answer;
}

export interface NativeStore {
  readonly account: string;
  readonly region: string;
  scope(account: string, region: string): NativeStore;
  createQueue(port: Port, id: number, name: string, options: object): Answer;
  getQueue(port: Port, id: number, name: string): Answer;
  deleteQueue(port: Port, id: number, name: string): Answer;
  listQueues(
    port: Port,
    id: number,
    prefix: string,
    limit: number,
    token: string | undefined,
  ): Answer;
  startMoveTask(
    port: Port,
    id: number,
    source: string,
    destination: string | undefined,
    rate: number | undefined,
  ): Answer;
  cancelMoveTask(port: Port, id: number, handle: string): Answer;
  listMoveTasks(port: Port, id: number, source: string, limit: number): Answer;
  now(port: Port, id: number): Answer;
  advance(port: Port, id: number, byMs: number): Answer;
  check(port: Port, id: number): Answer;
  backup(port: Port, id: number, to: string): Answer;
  statistics(port: Port, id: number): Answer;
  recovery(port: Port, id: number): Answer;
  serve(port: Port, id: number, input: ServeInput): Answer;
  close(port: Port, id: number): Answer;
}

/** Where a server listens; `options` is JSON with the names of docs/SERVER.md. */
export interface ServeInput {
  host: string;
  port: number;
  options: string;
  insecure: boolean;
}

export interface NativeServer {
  readonly url: string;
  readonly port: number;
  store(): NativeStore;
  control(port: Port, id: number, method: string, page: string, body: string): Answer;
  stop(port: Port, id: number): Answer;
}

interface Native {
  Port: new (settle: (answers: unknown[]) => void) => Port;
  Bodies: new () => Bodies;
  kinds(): Kind[];
  send(
    queue: number,
    id: number,
    packed: Uint8Array,
    length: number,
    apart: Bodies | undefined,
    digests: boolean,
  ): Answer;
  sendBatch(
    queue: number,
    id: number,
    packed: Uint8Array,
    length: number,
    count: number,
    apart: Bodies | undefined,
    digests: boolean,
  ): Answer;
  receive(
    queue: number,
    id: number,
    memory: Uint8Array,
    at: number,
    max: number | undefined,
    wait: number | undefined,
    visibilityTimeout: number | undefined,
    attempt: string | undefined,
  ): Answer;
  deleteRecord(queue: number, id: number, bytes: Uint8Array, at: number): Answer;
  deleteBatch(
    queue: number,
    id: number,
    packed: Uint8Array,
    length: number,
    count: number,
  ): Answer;
  recordReceipt(bytes: Uint8Array, at: number): string;
  recordAttributes(bytes: Uint8Array, at: number, names: string[]): NativeAttribute[];
  recordSystemAttributes(bytes: Uint8Array, at: number, names: string[]): Record<string, string>;
  recordMd5OfBody(bytes: Uint8Array, at: number): string;
  recordMd5OfAttributes(bytes: Uint8Array, at: number, names: string[]): string | null;
  open(port: Port, id: number, location: string, options: object): Answer;
  serve(port: Port, id: number, location: string, input: ServeInput): Answer;
  program(words: string[]): number;
}

/** Whether this Node uses glibc. */
function isGlibc(): boolean {
  const source = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean };
  const { excludeNetwork } = source;
  // Otherwise a report looks up the names of all peers of open sockets, and waits for that.
  source.excludeNetwork = true;
  try {
    const report = source.getReport() as { header?: { glibcVersionRuntime?: string } };
    return report.header?.glibcVersionRuntime !== undefined;
  } finally {
    if (excludeNetwork === undefined) delete source.excludeNetwork;
    else source.excludeNetwork = excludeNetwork;
  }
}

/** Name of the package that has the native half for this platform. */
function platformPackage(): string {
  let name = `@forebay/${process.platform}-${process.arch}`;
  if (process.platform === 'linux') {
    name += isGlibc() ? '-gnu' : '-musl';
  }
  return name;
}

function load(): Native {
  // Tests and programs that build it themselves say where it is.
  const own = process.env['FOREBAY_NATIVE'];
  if (own !== undefined) {
    const addon = { exports: {} };
    process.dlopen(addon, own);
    return addon.exports as Native;
  }
  const name = platformPackage();
  try {
    return require(name) as Native;
  } catch (cause) {
    const text =
      `forebay has no native library here: the package ${name} cannot be loaded. ` +
      'Is this platform supported, and were optional dependencies installed?';
    throw new Error(text, { cause });
  }
}

export const native: Native = load();

/** A queue and its number: who has the one keeps the other. */
export class QueueHandle {
  readonly native: NativeQueue;
  readonly number: number;

  constructor(queue: NativeQueue) {
    this.native = queue;
    this.number = queue.number();
  }
}
