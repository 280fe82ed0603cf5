/** Acknowledgements of sends out of the text in which they come: `src/sent.rs` has its form. */

import { errorOf } from './failures.js';
import { Sent } from './layout.js';
import type { Entry } from './native.js';
import type { SendReceipt } from './queue.js';

/** The receipt of the one message that was sent. */
export function receiptOf(text: string): SendReceipt {
  return receiptAt(text, 1);
}

/** The results of a batch, each as `Promise.allSettled` has it. */
export function receiptsOf(answer: string | Entry[]): PromiseSettledResult<SendReceipt>[] {
  const results: PromiseSettledResult<SendReceipt>[] = [];
  if (typeof answer === 'string') {
    addReceipts(answer, results);
    return results;
  }
  for (const part of answer) {
    if (typeof part === 'string') addReceipts(part, results);
    else if (part) results.push({ status: 'rejected', reason: errorOf(part) });
  }
  return results;
}

function addReceipts(text: string, results: PromiseSettledResult<SendReceipt>[]): void {
  const length = receiptChars(text);
  for (let at = 1; at < text.length; at += length) {
    results.push({ status: 'fulfilled', value: receiptAt(text, at) });
  }
}

function hasSequence(text: string): boolean {
  return (text.charCodeAt(0) & Sent.HAS_SEQUENCE) !== 0;
}

function hasDigests(text: string): boolean {
  return (text.charCodeAt(0) & Sent.HAS_DIGESTS) !== 0;
}

function receiptChars(text: string): number {
  const sequence = hasSequence(text) ? Sent.SEQUENCE_CHARS : 0;
  return 1 + Sent.ID_CHARS + sequence + (hasDigests(text) ? 3 * Sent.DIGEST_CHARS : 0);
}

function receiptAt(text: string, at: number): SendReceipt {
  const duplicate = text[at] === '1';
  let next = at + 1 + Sent.ID_CHARS;
  const id = text.slice(at + 1, next);
  if (text[0] === '0') return { id, duplicate };
  let receipt: SendReceipt = { id, duplicate };
  if (hasSequence(text)) {
    const sequenceNumber = text.slice(next, next + Sent.SEQUENCE_CHARS);
    receipt = { id, sequenceNumber, duplicate };
    next += Sent.SEQUENCE_CHARS;
  }
  if (hasDigests(text)) addDigests(receipt, text, next);
  return receipt;
}

function addDigests(receipt: SendReceipt, text: string, at: number): void {
  receipt.md5OfBody = text.slice(at, at + Sent.DIGEST_CHARS);
  const attributes = text.slice(at + Sent.DIGEST_CHARS, at + 2 * Sent.DIGEST_CHARS);
  if (attributes[0] !== ' ') receipt.md5OfAttributes = attributes;
  const system = text.slice(at + 2 * Sent.DIGEST_CHARS, at + 3 * Sent.DIGEST_CHARS);
  if (system[0] !== ' ') receipt.md5OfSystemAttributes = system;
}
