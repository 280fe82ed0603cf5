// The open store of a driver, its queues and its waits.

import { open } from '../../../bindings/node/dist/index.mjs';
import { Answer } from './wire.mjs';

export class Session {
  #store;
  #queues = new Map();
  /** Waits that were started and not yet awaited. */
  waits = new Map();

  get store() {
    if (this.#store === undefined) throw new Error('no store is open');
    return this.#store;
  }

  /** Opens a store; one that is open already is closed first. */
  async open(request) {
    await this.close();
    const clockStart = request.number('clock_start_ms');
    this.#store = await open(request.text('location'), {
      sqsLimits: request.flag('sqs_limits'),
      sixtySecondRules: request.flag('sixty_second_rules'),
      clock: clockStart === undefined ? 'system' : 'manual',
      clockStart,
      account: request.text('account'),
      region: request.text('region'),
    });
  }

  /** Closes the store under everything that belongs to it. */
  async close() {
    await this.#store?.close();
    this.#store = undefined;
    this.#queues.clear();
    this.waits.clear();
  }

  /** Keeps a handle, so that it is used later also when its queue is deleted. */
  keep(queue) {
    this.#queues.set(queue.name, queue);
    return queue;
  }

  /** The queue that `request` names: the handle at hand, else a new one. */
  async queue(request) {
    const name = request.text('queue');
    return this.#queues.get(name) ?? this.keep(await this.store.getQueue(name));
  }

  async advance(request) {
    const now = await this.store.advance(request.number('ms'));
    // Answers that the clock brought have reached this thread by now; their promises have not.
    await new Promise((resolve) => setImmediate(resolve));
    return new Answer().put('now_ms', now);
  }
}
