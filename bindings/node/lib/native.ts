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
}

export interface NativeAttribute {
  name: string;
  type: string;
  value: string | Uint8Array;
}

export interface SendInput {
  id?: string | undefined;
  delay?: number | undefined;
  attributes?: NativeAttribute[] | undefined;
  group?: string | undefined;
  dedup?: string | undefined;
  traceHeader?: string | undefined;
  sender?: string | undefined;
}

export interface ReceiptInput {
  id?: string | undefined;
  receipt: string;
  seconds?: number;
}

export interface Sent {
  id: string;
  sequenceNumber?: string;
  duplicate: boolean;
  md5OfBody?: string;
  md5OfAttributes?: string;
  md5OfSystemAttributes?: string;
}

/** The result of one entry of a batch. */
export type Entry = Sent | Failure | undefined;

export interface Names {
  names: string[];
  nextToken?: string;
}

export interface Facts {
  id: string;
  receiveCount: number;
  sentMs: number;
  firstReceiveMs?: number;
  visibleMs: number;
  sender: string;
  group?: string;
  dedup?: string;
  sequenceNumber?: string;
  traceHeader?: string;
  deadLetterSource?: string;
}

export interface Received {
  readonly length: number;
  body(index: number): Buffer;
  text(index: number): string;
  receipt(index: number): string;
  facts(index: number): Facts;
  attributes(index: number, names: string[]): NativeAttribute[];
  systemAttributes(index: number, names: string[]): Record<string, string>;
  md5OfBody(index: number): string;
  md5OfAttributes(index: number, names: string[]): string | null;
  delete(port: Port, id: number, index: number): Answer;
  changeVisibility(port: Port, id: number, index: number, seconds: number): Answer;
  giveBack(port: Port, id: number, index: number): Answer;
}

export interface NativeQueue {
  readonly name: string;
  readonly arn: string;
  readonly fifo: boolean;
  send(
    port: Port,
    id: number,
    body: string | Uint8Array,
    options: SendInput | undefined,
    digests: boolean,
  ): Answer;
  sendBatch(
    port: Port,
    id: number,
    bodies: (string | Uint8Array)[],
    options: (SendInput | undefined)[],
    digests: boolean,
  ): Answer;
  receive(port: Port, id: number, options: object): Answer;
  delete(port: Port, id: number, receipt: string): Answer;
  deleteBatch(port: Port, id: number, receipts: ReceiptInput[]): Answer;
  changeVisibility(port: Port, id: number, receipt: string, seconds: number): Answer;
  changeVisibilityBatch(port: Port, id: number, changes: ReceiptInput[]): Answer;
  purge(port: Port, id: number): Answer;
  attributes(port: Port, id: number, names: string[]): Answer;
  setAttributes(port: Port, id: number, attributes: Record<string, string>): Answer;
  tags(port: Port, id: number): Answer;
  tag(port: Port, id: number, tags: Record<string, string>): Answer;
  untag(port: Port, id: number, keys: string[]): Answer;
  peek(port: Port, id: number, options: object): Answer;
  deadLetterSources(port: Port, id: number, limit: number, token: string | undefined): Answer;
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
  kinds(): Kind[];
  open(port: Port, id: number, location: string, options: object): Answer;
  serve(port: Port, id: number, location: string, input: ServeInput): Answer;
  program(words: string[]): number;
}

/** Name of the package that has the native half for this platform. */
function platformPackage(): string {
  let name = `@forebay/${process.platform}-${process.arch}`;
  if (process.platform === 'linux') {
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    name += report.header?.glibcVersionRuntime ? '-gnu' : '-musl';
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
