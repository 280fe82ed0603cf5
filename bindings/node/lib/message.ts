/** A message in the hands of a receiver. */

import { inspect } from 'node:util';
import { type NamedAttribute, toValues } from './attributes.js';
import type { Facts, Received } from './native.js';
import { call } from './pending.js';

/**
 * A received message. It is hidden from others until `visibleAt`; delete it when its work is done.
 * Forgetting it does nothing: it then comes back by itself.
 *
 * What it holds is read from the native half when it is asked for.
 */
export class Message {
  readonly #received: Received;
  readonly #index: number;
  #body: Buffer | undefined;
  #facts: Facts | undefined;
  #attributes: NamedAttribute[] | undefined;

  /** @internal */
  constructor(received: Received, index: number) {
    this.#received = received;
    this.#index = index;
  }

  /** The body, byte for byte as sent. */
  get body(): Buffer {
    return (this.#body ??= this.#received.body(this.#index));
  }

  /** The body as text; bytes that are no UTF-8 become U+FFFD. */
  get text(): string {
    return this.#received.text(this.#index);
  }

  /** The body as JSON. */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  get #known(): Facts {
    return (this.#facts ??= this.#received.facts(this.#index));
  }

  /** The id given at the send. */
  get id(): string {
    return this.#known.id;
  }

  /** The receipt handle of this receive, for `queue.delete` also in another process. */
  get receipt(): string {
    return this.#received.receipt(this.#index);
  }

  /** How often it was received, this time included. */
  get receiveCount(): number {
    return this.#known.receiveCount;
  }

  /** When it was sent. */
  get sentAt(): Date {
    return new Date(this.#known.sentMs);
  }

  /** When it was first received. */
  get firstReceivedAt(): Date {
    return new Date(this.#known.firstReceiveMs ?? NaN);
  }

  /** When others can receive it, unless it is deleted or hidden for another time. */
  get visibleAt(): Date {
    return new Date(this.#known.visibleMs);
  }

  /** `MessageGroupId`. */
  get group(): string | undefined {
    return this.#known.group;
  }

  /** `MessageDeduplicationId`, given or computed; FIFO queues only. */
  get dedup(): string | undefined {
    return this.#known.dedup;
  }

  /** `SequenceNumber`, 20 digits; FIFO queues only. */
  get sequenceNumber(): string | undefined {
    return this.#known.sequenceNumber;
  }

  /** `SenderId`. */
  get sender(): string {
    return this.#known.sender;
  }

  /** `AWSTraceHeader`. */
  get traceHeader(): string | undefined {
    return this.#known.traceHeader;
  }

  /** ARN of the queue from which it came to this dead-letter queue. */
  get deadLetterSource(): string | undefined {
    return this.#known.deadLetterSource;
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
    return this.#received.attributes(this.#index, names) as NamedAttribute[];
  }

  /** The system attributes that `names` ask for and that exist; `All` asks for all. */
  systemAttributes(names: string[] = ['All']): Record<string, string> {
    return this.#received.systemAttributes(this.#index, names);
  }

  /** `MD5OfBody`, lower-case hex, computed now. */
  md5OfBody(): string {
    return this.#received.md5OfBody(this.#index);
  }

  /** `MD5OfMessageAttributes` over the attributes that `names` select, computed now. */
  md5OfAttributes(names: string[] = ['All']): string | undefined {
    return this.#received.md5OfAttributes(this.#index, names) ?? undefined;
  }

  /**
   * Deletes it for good. On a FIFO queue this fails once its visibility timeout has passed.
   */
  delete(): Promise<void> {
    return call((port, id) => this.#received.delete(port, id, this.#index));
  }

  /**
   * Hides it for `seconds` from now, 0 to 43,200; 0 gives it back at once.
   */
  changeVisibility(seconds: number): Promise<void> {
    return call((port, id) =>
      this.#received.changeVisibility(port, id, this.#index, seconds),
    );
  }

  /** What a log shows of it. */
  toJSON(): object {
    const { id, receiveCount, group, sequenceNumber } = this.#known;
    return { id, text: this.text, receiveCount, group, sequenceNumber };
  }

  [inspect.custom](): string {
    return `Message ${inspect(this.toJSON())}`;
  }
}
