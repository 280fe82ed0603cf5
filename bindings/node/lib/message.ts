/** A message in the hands of a receiver. */

import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import { type NamedAttribute, toValues } from './attributes.js';
import { Head, Place, Text } from './layout.js';
import { native, type QueueHandle } from './native.js';
import type { Packer } from './packer.js';
import { call } from './pending.js';

/** Memory with records. */
export interface Memory {
  readonly bytes: Buffer;
  /** What `bytes` is a part of, from `offset` on: to ask it takes longer than to copy a body. */
  readonly buffer: ArrayBufferLike;
  readonly offset: number;
}

/** @internal */
export function memoryOf(bytes: Buffer): Memory {
  return { bytes, buffer: bytes.buffer, offset: bytes.byteOffset };
}

/** @internal Makes a message of the record at `at`. */
export let messageAt: (queue: QueueHandle, memory: Memory, at: number) => Message;

/** @internal Adds the receipt of a message to a request. */
export let packReceipt: (message: Message, packer: Packer) => void;

/** @internal For how long the receive of a message has hidden it, seconds. */
export let leaseSeconds: (message: Message) => number;

/** @internal How long the record at `at` is. */
export function recordLength(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + Head.LENGTH);
}

/**
 * A received message. It is hidden from others until `visibleAt`; delete it when its work is done.
 * Forgetting it does nothing: it then comes back by itself.
 *
 * It came as bytes, of which it reads what it is asked for.
 */
export class Message {
  readonly #queue: QueueHandle;
  readonly #memory: Memory;
  readonly #at: number;
  #body: Buffer | undefined;
  #attributes: NamedAttribute[] | undefined;

  static {
    messageAt = (queue, memory, at) => new Message(queue, memory, at);
    packReceipt = (message, packer) => packer.record(message.#bytes, message.#at);
    leaseSeconds = (message) => {
      const receivedMs = Number(message.#bytes.readBigUInt64LE(message.#at + Head.RECEIVED));
      return Math.round((message.visibleAt.getTime() - receivedMs) / 1000);
    };
  }

  /** @internal */
  constructor(queue: QueueHandle, memory: Memory, at: number) {
    this.#queue = queue;
    this.#memory = memory;
    this.#at = at;
  }

  get #bytes(): Buffer {
    return this.#memory.bytes;
  }

  get #bodyEnd(): number {
    return this.#at + Head.BODY + this.#bytes.readUInt32LE(this.#at + Head.BODY_LENGTH);
  }

  /** The body, byte for byte as sent. */
  get body(): Buffer {
    return (this.#body ??= this.#copyBody());
  }

  /** A copy: what a program does with its bytes changes nothing else here. */
  #copyBody(): Buffer {
    const { bytes, buffer, offset } = this.#memory;
    const length = bytes.readUInt32LE(this.#at + Head.BODY_LENGTH);
    const body = Buffer.allocUnsafe(length);
    body.set(new Uint8Array(buffer, offset + this.#at + Head.BODY, length));
    return body;
  }

  /** The body as text; bytes that are no UTF-8 become U+FFFD. */
  get text(): string {
    return this.#bytes.toString('utf8', this.#at + Head.BODY, this.#bodyEnd);
  }

  /** The body as JSON. */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  #textAt(place: number): string | undefined {
    const bytes = this.#bytes;
    let at = this.#bodyEnd;
    for (let before = 0; before < place; before += 1) {
      const length = bytes.readUInt32LE(at);
      at += length === Text.NONE ? 4 : 4 + length;
    }
    const length = bytes.readUInt32LE(at);
    return length === Text.NONE ? undefined : bytes.toString('utf8', at + 4, at + 4 + length);
  }

  #dateAt(place: number): Date {
    return new Date(this.#bytes.readDoubleLE(this.#at + place));
  }

  /** The id given at the send. */
  get id(): string {
    const start = this.#at + Head.ID;
    const hex = this.#bytes.toString('hex', start, start + Head.ID_BYTES);
    const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
    return `${parts.join('-')}-${hex.slice(20)}`;
  }

  /** The receipt handle of this receive, for `queue.delete` also in another process. */
  get receipt(): string {
    return native.recordReceipt(this.#bytes, this.#at);
  }

  /** How often it was received, this time included. */
  get receiveCount(): number {
    return this.#bytes.readUInt32LE(this.#at + Head.RECEIVE_COUNT);
  }

  /** When it was sent. */
  get sentAt(): Date {
    return this.#dateAt(Head.SENT);
  }

  /** When it was first received. */
  get firstReceivedAt(): Date {
    return this.#dateAt(Head.FIRST_RECEIVED);
  }

  /** When others can receive it, unless it is deleted or hidden for another time. */
  get visibleAt(): Date {
    return this.#dateAt(Head.VISIBLE);
  }

  /** `MessageGroupId`. */
  get group(): string | undefined {
    return this.#textAt(Place.GROUP);
  }

  /** `MessageDeduplicationId`, given or computed; FIFO queues only. */
  get dedup(): string | undefined {
    return this.#textAt(Place.DEDUP);
  }

  /** `SequenceNumber`, 20 digits; FIFO queues only. */
  get sequenceNumber(): string | undefined {
    return this.#textAt(Place.SEQUENCE_NUMBER);
  }

  /** `SenderId`. */
  get sender(): string {
    return this.#textAt(Place.SENDER) ?? '';
  }

  /** `AWSTraceHeader`. */
  get traceHeader(): string | undefined {
    return this.#textAt(Place.TRACE_HEADER);
  }

  /** ARN of the queue from which it came to this dead-letter queue. */
  get deadLetterSource(): string | undefined {
    return this.#textAt(Place.DEAD_LETTER_SOURCE);
  }

  /** The message attributes with their types, in the order sent. */
  get typedAttributes(): NamedAttribute[] {
    return (this.#attributes ??= this.selectAttributes(['All']));
  }

  /**
   * The values of the message attributes by name. Numbers that JavaScript cannot hold as they
   * were sent stay text.
   */
  get attributes(): Record<string, string | number | Buffer> {
    return toValues(this.typedAttributes);
  }

  /** The attributes that `names` select: names, `All`, `.*`, or a prefix with `.*`. */
  selectAttributes(names: string[]): NamedAttribute[] {
    return native.recordAttributes(this.#bytes, this.#at, names) as NamedAttribute[];
  }

  /** The system attributes that `names` ask for and that exist; `All` asks for all. */
  systemAttributes(names: string[] = ['All']): Record<string, string> {
    return native.recordSystemAttributes(this.#bytes, this.#at, names);
  }

  /** `MD5OfBody`, lower-case hex, computed now. */
  md5OfBody(): string {
    return native.recordMd5OfBody(this.#bytes, this.#at);
  }

  /** `MD5OfMessageAttributes` over the attributes that `names` select, computed now. */
  md5OfAttributes(names: string[] = ['All']): string | undefined {
    return native.recordMd5OfAttributes(this.#bytes, this.#at, names) ?? undefined;
  }

  /**
   * Deletes it for good. On a FIFO queue this fails once its visibility timeout has passed.
   */
  delete(): Promise<void> {
    return call((id) => native.deleteRecord(this.#queue.number, id, this.#bytes, this.#at));
  }

  /**
   * Hides it for `seconds` from now, 0 to 43,200; 0 gives it back at once.
   */
  changeVisibility(seconds: number): Promise<void> {
    return call((id) =>
      this.#queue.native.changeRecordVisibility(id, this.#bytes, this.#at, seconds),
    );
  }

  /** What a log shows of it. */
  toJSON(): object {
    const { id, text, receiveCount, group, sequenceNumber } = this;
    return { id, text, receiveCount, group, sequenceNumber };
  }

  [inspect.custom](): string {
    return `Message ${inspect(this.toJSON())}`;
  }
}
