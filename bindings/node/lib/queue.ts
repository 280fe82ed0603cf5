/** A queue of an open store. */

import { types } from 'node:util';
import { type AttributesInput, type NamedAttribute, toNative } from './attributes.js';
import { iterate, sourceOf } from './iteration.js';
import { Message, packReceipt } from './message.js';
import { type Entry, type Names, type NativeQueue, native, QueueHandle } from './native.js';
import { givePacker, type Packer, refusal, type SendParts, takePacker } from './packer.js';
import { begin, call, settled } from './pending.js';
import { receiptOf, receiptsOf } from './receipts.js';
import { receive } from './receive.js';

/** The bytes of a message, or a text that is stored as UTF-8. */
export type Body = string | Uint8Array;

/** What a message is sent with. */
export interface SendOptions {
  /** Held back for this long, 0 to 900 seconds. Default: the queue's delay. */
  delay?: number | undefined;
  /** Message attributes, up to 10. */
  attributes?: AttributesInput | undefined;
  /** `MessageGroupId`: FIFO queues need it, on standard ones it is a tenant of fair queueing. */
  group?: string | undefined;
  /** `MessageDeduplicationId`, FIFO only. */
  dedup?: string | undefined;
  /** `AWSTraceHeader`. */
  traceHeader?: string | undefined;
  /** `SenderId`. Default: the store's account. */
  sender?: string | undefined;
  /** True: the receipt has MD5 digests. */
  digests?: boolean | undefined;
}

/** A message of a batch. */
export interface BatchMessage extends Omit<SendOptions, 'digests'> {
  body: Body;
  /** Batch entry id; if one entry has one, all need one. */
  id?: string | undefined;
}

/** The acknowledgement of a send. */
export interface SendReceipt {
  /** The message's id; that of the first message if this one was a duplicate. */
  id: string;
  /** 20 digits, rising within the queue; FIFO queues only. */
  sequenceNumber?: string;
  /** True if it was not stored because one with its deduplication id was. */
  duplicate: boolean;
  /** With `digests` only, as are the next two. */
  md5OfBody?: string;
  md5OfAttributes?: string;
  md5OfSystemAttributes?: string;
}

/** How messages are received. */
export interface ReceiveOptions {
  /** At most this many, 1 to 10,000 (10 under SQS's limits). Default 1. */
  max?: number | undefined;
  /** Wait for a first message this long, 0 to 20 seconds. Default: the queue's. */
  wait?: number | undefined;
  /** Hide the messages this long, 0 to 43,200 seconds. Default: the queue's. */
  visibilityTimeout?: number | undefined;
  /** `ReceiveRequestAttemptId`, FIFO only. */
  attempt?: string | undefined;
  /** Ends the wait. No message is taken then. */
  signal?: AbortSignal | undefined;
}

/** One message to delete: itself, its receipt, or the receipt with a batch entry id. */
export type Deletion = Message | string | { receipt: string; id?: string | undefined };

/** One message to hide for another time. */
export interface VisibilityChange {
  message: Message | string;
  /** Seconds from now, 0 to 43,200. */
  seconds: number;
  /** Batch entry id. */
  id?: string | undefined;
}

/** Where a message stands. */
export type MessageState = 'delayed' | 'visible' | 'inFlight';

/** Which messages a peek shows. */
export interface PeekOptions {
  /** Only messages in one of these states. */
  states?: MessageState[] | undefined;
  /** Only this group. */
  group?: string | undefined;
  /** Only messages with a higher sequence number. */
  after?: number | undefined;
  /**
   * At most this many, 1 to 10,000, and no more than 64 MiB of them; fewer where many others had
   * to be passed over. Only an answer without messages says that no more follow. Default 10.
   */
  max?: number | undefined;
}

/** A message as a peek shows it. */
export interface PeekedMessage {
  state: MessageState;
  id: string;
  body: Buffer;
  sequence: number;
  receiveCount: number;
  sentMs: number;
  firstReceiveMs?: number;
  visibleMs?: number;
  sender: string;
  group?: string;
  dedup?: string;
  traceHeader?: string;
  deadLetterSource?: string;
  md5OfBody: string;
  attributes: NamedAttribute[];
}

/** Message counts, exact. */
export interface Counts {
  visible: number;
  inFlight: number;
  delayed: number;
}

/** One page of names. */
export interface NamePage {
  names: string[];
  /** Gives the next page; absent on the last one. */
  nextToken?: string;
}

/** Size of a page of names, as SQS's. */
export const PAGE_MAX = 1000;

/**
 * A queue. It goes by its name: after a deletion it works again on a new queue of that name.
 */
export class Queue {
  readonly #handle: QueueHandle;

  /** @internal */
  constructor(queue: NativeQueue) {
    this.#handle = new QueueHandle(queue);
  }

  get #native(): NativeQueue {
    return this.#handle.native;
  }

  get name(): string {
    return this.#native.name;
  }

  get arn(): string {
    return this.#native.arn;
  }

  get fifo(): boolean {
    return this.#native.fifo;
  }

  /** Sends one message. When it resolves, the message has survived what `durability` says. */
  async send(body: Body, options?: SendOptions): Promise<SendReceipt> {
    const digests = options?.digests ?? false;
    const packer = takePacker();
    packer.send(checked(body), options ? sendParts(options) : undefined);
    const start = (id: number) =>
      native.send(this.#handle.number, id, packer.bytes, packer.length, packer.apart, digests);
    const begun = begin(start, receiptOf);
    givePacker(packer);
    return begun;
  }

  /**
   * Sends several messages in one step, in this order. Each succeeds or fails on its own; a
   * rejection means that none was stored.
   */
  async sendBatch(
    messages: Iterable<Body | BatchMessage>,
    { digests = false }: { digests?: boolean } = {},
  ): Promise<PromiseSettledResult<SendReceipt>[]> {
    const packer = takePacker();
    let count = 0;
    for (const message of messages) {
      packMessage(packer, message);
      count += 1;
    }
    const start = (id: number) =>
      native.sendBatch(
        this.#handle.number,
        id,
        packer.bytes,
        packer.length,
        count,
        packer.apart,
        digests,
      );
    const begun = begin(start, receiptsOf);
    givePacker(packer);
    return begun;
  }

  /** Receives up to `max` messages, waiting for a first one as long as `wait` says. */
  async receive(options: ReceiveOptions = {}): Promise<Message[]> {
    return receive(this.#handle, options);
  }

  /**
   * Messages as they come, without end: until `signal` is aborted or the store is closed. By
   * default one is fetched at a time and each wait is the longest; with a larger `max`, messages
   * that were fetched and not looked at are given back when the loop is left.
   */
  messages(options: ReceiveOptions = {}): AsyncGenerator<Message, void, undefined> {
    return iterate(sourceOf(this.#handle), options);
  }

  /** Deletes one message. Deleting what is gone already succeeds. */
  delete(message: Message | string): Promise<void> {
    if (message instanceof Message) return message.delete();
    return call((id) => this.#native.delete(id, message));
  }

  /** Deletes several messages in one step; results have the order of the messages. */
  async deleteBatch(messages: Iterable<Deletion>): Promise<PromiseSettledResult<void>[]> {
    const packer = takePacker();
    let count = 0;
    for (const message of messages) {
      packDeletion(packer, message);
      count += 1;
    }
    const start = (id: number) =>
      native.deleteBatch(this.#handle.number, id, packer.bytes, packer.length, count);
    const begun = begin(start, (entries: Entry[] | undefined) => settled(entries, count));
    givePacker(packer);
    return begun;
  }

  /** Hides one message for `seconds` from now, 0 to 43,200. */
  changeVisibility(message: Message | string, seconds: number): Promise<void> {
    if (message instanceof Message) return message.changeVisibility(seconds);
    return call((id) => this.#native.changeVisibility(id, message, seconds));
  }

  /** Hides several messages for other times in one step. */
  async changeVisibilityBatch(
    changes: Iterable<VisibilityChange>,
  ): Promise<PromiseSettledResult<void>[]> {
    const packer = takePacker();
    let count = 0;
    for (const { message, seconds, id } of changes) {
      packDeletion(packer, message, id);
      packer.seconds(seconds);
      count += 1;
    }
    const start = (id: number) =>
      this.#native.changeVisibilityBatch(id, packer.bytes, packer.length, count);
    const begun = begin(start, (entries: Entry[] | undefined) => settled(entries, count));
    givePacker(packer);
    return begun;
  }

  /** Removes all messages, visible, in flight and delayed. */
  purge(): Promise<void> {
    return call((id) => this.#native.purge(id));
  }

  /** The attributes that `names` ask for, by their SQS names, as text. */
  attributes(names: string[] = ['All']): Promise<Record<string, string>> {
    return call((id) => this.#native.attributes(id, names), byName);
  }

  /** Sets attributes by their SQS names, all or none. They hold at once. */
  async setAttributes(attributes: Record<string, string | number | boolean>): Promise<void> {
    const texts = textsOf(attributes);
    return call((id) => this.#native.setAttributes(id, texts));
  }

  /** Message counts, exact. */
  async counts(): Promise<Counts> {
    const prefix = 'ApproximateNumberOfMessages';
    const names = [prefix, `${prefix}NotVisible`, `${prefix}Delayed`];
    const attributes = await this.attributes(names);
    const [visible = 0, inFlight = 0, delayed = 0] = names.map((name) => Number(attributes[name]));
    return { visible, inFlight, delayed };
  }

  /** Its tags. */
  tags(): Promise<Record<string, string>> {
    return call((id) => this.#native.tags(id), byName);
  }

  /** Adds tags, or writes over those with the same key. */
  tag(tags: Record<string, string>): Promise<void> {
    const own = ownOf(tags);
    return call((id) => this.#native.tag(id, own));
  }

  /** Removes the tags with these keys, where present. */
  untag(keys: string[]): Promise<void> {
    return call((id) => this.#native.untag(id, keys));
  }

  /** Shows messages in the order of their sequence numbers, without any effect on them. */
  peek(options: PeekOptions = {}): Promise<PeekedMessage[]> {
    return call((id) => this.#native.peek(id, options));
  }

  /** The names of the queues whose dead-letter queue this is. */
  async deadLetterSources(): Promise<string[]> {
    return allPages((nextToken) => this.deadLetterSourcesPage({ nextToken }));
  }

  /** One page of them, at most `max` names, 1 to 1,000. */
  deadLetterSourcesPage(
    { max = PAGE_MAX, nextToken }: { max?: number; nextToken?: string | undefined } = {},
  ): Promise<NamePage> {
    return call<Names>((id) => this.#native.deadLetterSources(id, max, nextToken));
  }
}

const BODIES = 'text or a Uint8Array';

function isBody(value: unknown): value is Body {
  return typeof value === 'string' || types.isUint8Array(value);
}

function checked(body: unknown): Body {
  if (isBody(body)) return body;
  throw refusal('the body', body, BODIES);
}

function packMessage(packer: Packer, message: Body | BatchMessage): void {
  if (isBody(message)) {
    packer.send(message, undefined);
  } else if (typeof message === 'object' && message !== null) {
    packer.send(checked(message.body), sendParts(message));
  } else {
    throw refusal('an entry', message, `${BODIES}, or an object with such a body`);
  }
}

function sendParts(options: SendOptions & { id?: string | undefined }): SendParts {
  const { id, delay, group, dedup, traceHeader, sender } = options;
  const attributes = options.attributes && toNative(options.attributes);
  return { id, delay, attributes, group, dedup, traceHeader, sender };
}

function packDeletion(packer: Packer, message: Deletion, id?: string): void {
  const start = packer.length;
  if (message instanceof Message) packReceipt(message, packer);
  else if (typeof message === 'string') packer.receipt(message);
  else {
    packer.receipt(message.receipt);
    id ??= message.id;
  }
  if (id !== undefined) packer.id(start, id);
}

/**
 * What an object has itself: the native half would also read what it inherits, and some programs
 * add to what all objects inherit.
 */
export function ownOf<T extends object>(values: T): T {
  return typeof values === 'object' ? Object.assign(Object.create(null), values) : values;
}

/** Attribute values as SQS writes them. */
export function textsOf(
  values: Record<string, string | number | boolean | undefined>,
): Record<string, string> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return ownOf(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
}

/** Texts by their names, which come one after the other: a name may be `__proto__`. */
function byName(texts: string[]): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let at = 0; at < texts.length; at += 2) {
    pairs.push([texts[at] as string, texts[at + 1] as string]);
  }
  return Object.fromEntries(pairs);
}

/** All pages in one list. */
export async function allPages(
  page: (nextToken: string | undefined) => Promise<NamePage>,
): Promise<string[]> {
  const all: string[] = [];
  let token: string | undefined;
  do {
    const { names, nextToken } = await page(token);
    all.push(...names);
    token = nextToken;
  } while (token !== undefined);
  return all;
}
