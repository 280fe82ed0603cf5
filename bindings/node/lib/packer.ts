/**
 * Packs requests for the native half: many values in one piece of memory, because each value that
 * crosses on its own costs more than what is done with it. `src/layout.rs` has the form.
 */

import { Buffer } from 'node:buffer';
import { inspect, types } from 'node:util';
import { InvalidArgument } from './errors.js';
import { Head, Part } from './layout.js';
import { type Bodies, type NativeAttribute, native } from './native.js';

/** Bytes of a new packer. */
const FIRST_BYTES = 64 * 1024;

/** Bytes of a packer that stays for the next request, at the most. */
const KEPT_BYTES_MAX = 512 * 1024;

/** Longer bodies cross on their own: they are then copied once instead of twice. */
const PACKED_BODY_MAX = 8 * 1024;

/**
 * How many bytes there really are: a program may have put a `length` of its own in the way of this
 * one, and what is packed must be as long as its length says.
 */
const lengthOf = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  'length',
)?.get as (this: Uint8Array) => number;

/** What a message is sent with, beside its body. */
export interface SendParts {
  id?: string | undefined;
  delay?: number | undefined;
  attributes?: NativeAttribute[] | undefined;
  group?: string | undefined;
  dedup?: string | undefined;
  traceHeader?: string | undefined;
  sender?: string | undefined;
}

/** Requests of one call. */
export class Packer {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;
  /**
   * Bodies that crossed on their own, in their order. They cross when they are met: afterwards a
   * program's iterator may write to their memory, or give it away.
   */
  apart: Bodies | undefined;

  /** What was packed is at the start of this memory. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** How long it is, and where the next entry begins. */
  get length(): number {
    return this.#at;
  }

  /** Whether it may be used again, which it then can be. */
  reset(): boolean {
    this.#at = 0;
    this.apart = undefined;
    return this.#bytes.length <= KEPT_BYTES_MAX;
  }

  /** A message to send. */
  send(body: string | Uint8Array, parts: SendParts | undefined): void {
    this.#room(1);
    const flags = this.#at;
    this.#bytes[flags] = 0;
    this.#at += 1;
    const isText = typeof body === 'string';
    const length = isText ? body.length : lengthOf.call(body);
    if (length > PACKED_BODY_MAX) {
      (this.apart ??= new native.Bodies()).add(body);
      this.#bytes[flags] = Part.BODY_APART;
    } else if (isText) {
      this.#text(body);
    } else {
      this.#blob(body, length);
    }
    if (parts !== undefined) this.#parts(flags, parts);
  }

  #parts(flags: number, parts: SendParts): void {
    const { id, delay, attributes, group, dedup, traceHeader, sender } = parts;
    let has = 0;
    if (this.#optional('id', id)) has |= Part.ID;
    if (delay !== undefined && delay !== null) {
      this.#number('delay', delay);
      has |= Part.DELAY;
    }
    if (attributes !== undefined && attributes !== null) {
      this.#attributes(attributes);
      has |= Part.ATTRIBUTES;
    }
    if (this.#optional('group', group)) has |= Part.GROUP;
    if (this.#optional('dedup', dedup)) has |= Part.DEDUP;
    if (this.#optional('traceHeader', traceHeader)) has |= Part.TRACE_HEADER;
    if (this.#optional('sender', sender)) has |= Part.SENDER;
    this.#bytes[flags] = (this.#bytes[flags] as number) | has;
  }

  /** The receipt in the record of a message, to be deleted. */
  record(bytes: Uint8Array, at: number): void {
    this.#room(1 + Head.RECEIPT_BYTES);
    const own = this.#bytes;
    const to = this.#at + 1;
    own[to - 1] = Part.RAW;
    const from = at + Head.RECEIPT;
    // So few that a loop is faster than a call.
    for (let byte = 0; byte < Head.RECEIPT_BYTES; byte += 1) {
      own[to + byte] = bytes[from + byte] as number;
    }
    this.#at = to + Head.RECEIPT_BYTES;
  }

  /** A receipt as text, to be deleted. */
  receipt(receipt: unknown): void {
    this.#room(1);
    this.#bytes[this.#at] = 0;
    this.#at += 1;
    this.#given('receipt', receipt);
  }

  /** The id of the entry that was begun at `start`. */
  id(start: number, id: unknown): void {
    if (!this.#optional('id', id)) return;
    this.#bytes[start] = (this.#bytes[start] as number) | Part.ID;
  }

  /** For how long the message of an entry is hidden. */
  seconds(seconds: unknown): void {
    this.#number('seconds', seconds);
  }

  #attributes(attributes: Iterable<NativeAttribute>): void {
    this.#room(4);
    const start = this.#at;
    this.#at += 4;
    let count = 0;
    for (const { name, type, value } of attributes) {
      this.#given('the name of an attribute', name);
      this.#given('the type of an attribute', type);
      this.#value(value);
      count += 1;
    }
    // Counted here: a getter may change the list while it is read.
    this.#bytes.writeUInt32LE(count, start);
  }

  #value(value: unknown): void {
    this.#room(1);
    const isText = typeof value === 'string';
    this.#bytes[this.#at] = isText ? 0 : 1;
    this.#at += 1;
    if (isText) this.#text(value);
    else if (types.isUint8Array(value)) this.#blob(value, lengthOf.call(value));
    else throw refusal('the value of an attribute', value, 'text or a Uint8Array');
  }

  #optional(name: string, value: unknown): boolean {
    if (value === undefined || value === null) return false;
    this.#given(name, value);
    return true;
  }

  #given(name: string, value: unknown): void {
    if (typeof value !== 'string') throw refusal(name, value, 'text');
    this.#text(value);
  }

  #number(name: string, value: unknown): void {
    if (typeof value !== 'number') throw refusal(name, value, 'a number');
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  #text(text: string): void {
    // UTF-8 takes three bytes for a unit of UTF-16 at the most.
    this.#room(4 + 3 * text.length);
    const start = this.#at + 4;
    const length = this.#bytes.write(text, start);
    this.#bytes.writeUInt32LE(length, this.#at);
    this.#at = start + length;
  }

  #blob(bytes: Uint8Array, length: number): void {
    this.#room(4 + length);
    const start = this.#bytes.writeUInt32LE(length, this.#at);
    // Memory that was given away is empty, and refuses to be read.
    if (length > 0) this.#bytes.set(bytes, start);
    this.#at = start + length;
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * (this.#bytes.length + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** The error of a value that cannot be packed. */
export function refusal(name: string, value: unknown, what: string): InvalidArgument {
  return new InvalidArgument(`${name} is ${inspect(value)}; it must be ${what}`);
}

/** The packer that is used again. A program's iterators may call while one is at work. */
let spare: Packer | undefined;

/** A packer of nobody else. Who does not give it back leaves it to the collector. */
export function takePacker(): Packer {
  const packer = spare ?? new Packer();
  spare = undefined;
  return packer;
}

/** Gives a packer back when what it packed has crossed. */
export function givePacker(packer: Packer): void {
  if (packer.reset()) spare = packer;
}
