/** Calls under way: the native half answers by number, here the number becomes a promise. */

import { InvalidArgument } from './errors.js';
import { errorOf } from './failures.js';
import {
  type Answer,
  type Entry,
  type Failure,
  native,
  type Port,
  type Received,
} from './native.js';

interface Call {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** Hands a call to the native half; its answer if there is nothing to wait for, else `null`. */
export type Start = (port: Port, id: number) => Answer;

const calls = new Map<number, Call>();
const port = new native.Port(settle);
let lastId = 0;

/** Takes all answers that have come: number, answer, number, answer, ... */
function settle(answers: unknown[]): void {
  promptAnswers = 0;
  for (let at = 0; at < answers.length; at += 2) {
    const id = answers[at] as number;
    const call = calls.get(id);
    forget(id);
    if (call) end(call, answers[at + 1]);
  }
}

function end(call: Call, answer: unknown): void {
  if (isFailure(answer)) call.reject(errorOf(answer));
  else call.resolve(answer);
}

/**
 * Answers without a turn of the event loop between them, before one is made: a loop over a full
 * queue must not keep timers and sockets waiting.
 */
const PROMPT_ANSWERS_MAX = 64;
let promptAnswers = 0;

function endPromptly(call: Call, answer: unknown): void {
  promptAnswers += 1;
  if (promptAnswers < PROMPT_ANSWERS_MAX) return queueMicrotask(() => end(call, answer));
  promptAnswers = 0;
  setImmediate(() => end(call, answer));
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'failure' in answer;
}

/** Calls under way and servers: while there are any the process stays alive. */
let holds = 0;

function release(): void {
  holds -= 1;
  if (holds === 0) port.release();
}

/** Keeps the process alive until the returned function is called, once. */
export function hold(): () => void {
  if (holds === 0) port.hold();
  holds += 1;
  return release;
}

function keep(id: number, call: Call): void {
  hold();
  calls.set(id, call);
}

function forget(id: number): void {
  if (calls.delete(id)) release();
}

function begin(start: Start, resolve: Call['resolve'], reject: Call['reject']): number {
  do lastId = (lastId + 1) >>> 0;
  while (calls.has(lastId));
  const id = lastId;
  try {
    const answer = start(port, id);
    if (answer === null) keep(id, { resolve, reject });
    else endPromptly({ resolve, reject }, answer);
  } catch (error) {
    // A value that the native half cannot take; its checks need no store.
    const refusal = new InvalidArgument(error instanceof Error ? error.message : String(error));
    queueMicrotask(() => reject(refusal));
  }
  return id;
}

/** A call and its answer. */
export function call<T>(start: Start): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    begin(start, resolve as Call['resolve'], reject);
  });
}

/** Waits that a signal ends. One listener a signal, however many wait with it. */
const waits = new WeakMap<AbortSignal, Set<number>>();

function waitsOf(signal: AbortSignal): Set<number> {
  let ids = waits.get(signal);
  if (ids === undefined) {
    const all = new Set<number>();
    signal.addEventListener('abort', () => all.forEach((id) => port.cancel(id)), { once: true });
    waits.set(signal, all);
    ids = all;
  }
  return ids;
}

/**
 * A receive that can be aborted. It then rejects with the signal's reason; messages that came
 * before the abort reached the store are given back first.
 */
export function receive(start: Start, signal: AbortSignal | undefined): Promise<Received> {
  if (signal === undefined) return call(start);
  if (signal.aborted) return Promise.reject(signal.reason);
  const ids = waitsOf(signal);
  return new Promise((resolve, reject) => {
    const ended = (received: unknown) => {
      ids.delete(id);
      if (!signal.aborted) return resolve(received as Received);
      const refuse = () => reject(signal.reason);
      giveBack(received as Received, 0).then(refuse, refuse);
    };
    const failed = (reason: unknown) => {
      ids.delete(id);
      reject(signal.aborted ? signal.reason : reason);
    };
    const id = begin(start, ended, failed);
    if (calls.has(id)) ids.add(id);
  });
}

/** Makes the messages from `index` on visible again. */
export async function giveBack(received: Received, index: number): Promise<void> {
  if (index < received.length) await call((port, id) => received.giveBack(port, id, index));
}

/** The results of a batch, each as `Promise.allSettled` has it. */
export function settled<T>(entries: Entry[]): PromiseSettledResult<T>[] {
  return entries.map((entry) =>
    isFailure(entry)
      ? { status: 'rejected', reason: errorOf(entry) }
      : { status: 'fulfilled', value: entry as T },
  );
}
