/** Where the records of received messages lie, and the messages made of them. */

import { Buffer } from 'node:buffer';
import { type Memory, type Message, memoryOf, messageAt, recordLength } from './message.js';
import type { QueueHandle, Received } from './native.js';

/**
 * Bytes of memory for the records of several receives, since memory of its own would cost a
 * receive more than its messages. A message that a program keeps keeps no more than this.
 */
const MEMORY_BYTES = 32 * 1024;

/** Where fewer bytes are left new memory is taken. */
const LEFT_MIN = 8 * 1024;

/** What the next records are written into. */
let memory = memoryOf(Buffer.allocUnsafeSlow(MEMORY_BYTES));
let used = 0;

/** Memory for a receive that begins now, free from {@link memoryAt} on. */
export function takeMemory(): Buffer {
  if (used > MEMORY_BYTES - LEFT_MIN) {
    memory = memoryOf(Buffer.allocUnsafeSlow(MEMORY_BYTES));
    used = 0;
  }
  return memory.bytes;
}

/** Where the free part of {@link takeMemory} begins. */
export function memoryAt(): number {
  return used;
}

/** The messages that a receive answered. If they were written into memory, then just now. */
export function messagesOf(queue: QueueHandle, answer: Received): Message[] {
  const messages: Message[] = [];
  if (typeof answer === 'number') {
    const start = used;
    used += answer;
    add(messages, queue, memory, start, used);
  } else {
    for (const bytes of answer) add(messages, queue, memoryOf(bytes), 0, bytes.length);
  }
  return messages;
}

function add(
  messages: Message[],
  queue: QueueHandle,
  memory: Memory,
  start: number,
  end: number,
): void {
  for (let at = start; at < end; at += recordLength(memory.bytes, at)) {
    messages.push(messageAt(queue, memory, at));
  }
}
