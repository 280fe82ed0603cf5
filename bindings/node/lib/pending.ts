/** Calls under way: the native half answers by number, here the number becomes a promise. */

import { InvalidArgument } from './errors.js';
import { errorOf } from './failures.js';
import { type Answer, type Entry, type Failure, native, type Port } from './native.js';

interface Call {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** What its caller gets of its answer. */
  read: Read;
}

type Read = ((answer: never) => unknown) | undefined;

/** Hands a call to the native half; its answer if there is nothing to wait for, else `null`. */
export type Start = (id: number, port: Port) => Answer;

const calls = new Map<number, Call>();
const port = new native.Port(settle);
let lastId = 0;

/** Takes all answers that have come: number, answer, number, answer, ... */
function settle(answers: unknown[]): void {
  promptAnswers = 0;
  let mayHaveMessages = false;
  for (let at = 0; at < answers.length; at += 2) {
    const id = answers[at] as number;
    const call = calls.get(id);
    forget(id);
    if (call === undefined) continue;
    try {
      call.resolve(valueOf(answers[at + 1], call.read));
    } catch (error) {
      call.reject(error);
    }
    mayHaveMessages ||= Array.isArray(answers[at + 1]);
  }
  if (mayHaveMessages) port.arrived();
}

function valueOf(answer: unknown, read: Read): unknown {
  if (isFailure(answer)) throw errorOf(answer);
  return read === undefined ? answer : read(answer as never);
}

/**
 * Answers without a turn of the event loop between them, before one is made: a loop over a full
 * queue must not keep timers and sockets waiting.
 */
const PROMPT_ANSWERS_MAX = 64;
let promptAnswers = 0;

/** Gives the event loop a turn before the answer, which was read when it came. */
function afterTurn(answer: unknown, read: Read): Promise<unknown> {
  promptAnswers = 0;
  return new Promise((resolve, reject) => {
    try {
      const value = valueOf(answer, read);
      setImmediate(() => resolve(value));
    } catch (error) {
      setImmediate(() => reject(error));
    }
  });
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

function forget(id: number): void {
  if (calls.delete(id)) release();
}

/**
 * Hands a call in. Returns what it was answered at once, or a promise; throws where it failed at
 * once. `read` makes of the answer what the caller gets, as soon as the answer has come.
 */
export function begin<A, T = A>(start: Start, read?: (answer: A) => T): T | Promise<T> {
  do lastId = (lastId + 1) >>> 0;
  while (calls.has(lastId));
  const id = lastId;
  let answer;
  try {
    answer = start(id, port);
  } catch (error) {
    // A value that the native half cannot take; its checks need no store.
    throw new InvalidArgument(error instanceof Error ? error.message : String(error));
  }
  if (answer === null) {
    return new Promise((resolve, reject) => {
      hold();
      calls.set(id, { resolve: resolve as Call['resolve'], reject, read: read as Read });
    });
  }
  promptAnswers += 1;
  if (promptAnswers < PROMPT_ANSWERS_MAX) return valueOf(answer, read as Read) as T;
  return afterTurn(answer, read as Read) as Promise<T>;
}

/** A call and its answer. */
export async function call<A, T = A>(start: Start, read?: (answer: A) => T): Promise<T> {
  return begin(start, read);
}

/** The number of the call that was begun last, if it is under way. */
export function idUnderWay(): number | undefined {
  return calls.has(lastId) ? lastId : undefined;
}

/** Ends a wait soon; its answer still comes. */
export function cancel(id: number): void {
  port.cancel(id);
}

/** The results of a batch that has nothing to tell but failures, as `Promise.allSettled` has it. */
export function settled(entries: Entry[] | undefined, count: number): PromiseSettledResult<void>[] {
  const results: PromiseSettledResult<void>[] = [];
  for (let at = 0; at < count; at += 1) {
    const entry = entries?.[at];
    if (isFailure(entry)) results.push({ status: 'rejected', reason: errorOf(entry) });
    else results.push({ status: 'fulfilled', value: undefined });
  }
  return results;
}
