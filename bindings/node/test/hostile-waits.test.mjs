// Waits and iterations that are ended at bad moments: no message is lost for its timeout, nothing
// hangs, nothing stays behind.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { queue, store, texts } from './tools/places.mjs';

const WATCHDOG = { timeout: 60_000 };
const HIDDEN = { visibilityTimeout: 43_200 };

/** Collects garbage until something is so. */
async function collected(isSo) {
  while (!isSo()) {
    globalThis.gc();
    await setTimeout(5);
  }
}

for (const end of ['return', 'throw']) {
  test(`an iteration ends in its wait by ${end}, and takes nothing`, WATCHDOG, async (t) => {
    const orders = await queue(t, HIDDEN);
    for (const signal of [undefined, new AbortController().signal]) {
      const messages = orders.messages({ signal });
      const nexts = [messages.next(), messages.next()];
      await setTimeout(5);
      const mine = new Error('mine');
      const ended = messages[end](mine);
      if (end === 'throw') await assert.rejects(ended, mine);
      else await ended;
      for (const next of nexts) assert.deepEqual(await next, { done: true, value: undefined });
      assert.deepEqual(await messages.next(), { done: true, value: undefined });
      await orders.send('x');
      assert.deepEqual(await orders.counts(), { visible: 1, inFlight: 0, delayed: 0 });
      const [message] = await orders.receive();
      await message.delete();
    }
  });
}

test('an iteration that is left as its message comes gives it back', WATCHDOG, async (t) => {
  const orders = await queue(t, HIDDEN);
  for (let round = 0; round < 200; round += 1) {
    const messages = orders.messages({ max: 2 });
    const next = messages.next();
    const sent = orders.sendBatch(['a', 'b']);
    // No turn of the event loop lies between the arrival of the answer and the end.
    const end = performance.now() + (round % 20) / 10;
    while (performance.now() < end);
    await messages.return();
    assert.deepEqual(await next, { done: true, value: undefined });
    await sent;
    assert.equal((await orders.counts()).inFlight, 0);
    await orders.deleteBatch(await orders.receive({ max: 2 }));
  }
  const prompt = orders.messages();
  await orders.send('there already');
  const next = prompt.next();
  await prompt.return();
  assert.equal((await next).done, true);
  assert.equal((await orders.counts()).inFlight, 0);
});

test('a stream of messages that is destroyed takes none any more', WATCHDOG, async (t) => {
  const orders = await queue(t, HIDDEN);
  const stream = Readable.from(orders.messages());
  const first = new Promise((resolve) => stream.once('data', resolve));
  await orders.send('first');
  await (await first).delete();
  await setTimeout(5);
  const closed = new Promise((resolve) => stream.once('close', resolve));
  stream.destroy();
  await closed;
  await orders.send('second');
  assert.deepEqual(await orders.counts(), { visible: 1, inFlight: 0, delayed: 0 });
});

test('an iteration can be left when its store or queue is gone', WATCHDOG, async (t) => {
  for (const end of ['close', 'deleteQueue']) {
    const opened = await store(t);
    const orders = await opened.createQueue('q');
    await orders.sendBatch(['a', 'b', 'c']);
    const seen = [];
    for await (const message of orders.messages({ max: 3 })) {
      seen.push(message.text);
      await opened[end]('q');
      break;
    }
    assert.deepEqual(seen, ['a']);
  }
});

test('an iteration waits unless it is told not to', WATCHDOG, async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  for (const wait of [undefined, null]) {
    const before = (await opened.statistics()).commands;
    const abort = new AbortController();
    setTimeout(50).then(() => abort.abort());
    for await (const message of orders.messages({ wait, signal: abort.signal })) {
      assert.fail(message.text);
    }
    assert.ok((await opened.statistics()).commands - before < 20);
  }
});

test('a signal keeps nothing of waits that are over', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const long = new AbortController();
  let live = 0;
  const registry = new FinalizationRegistry(() => (live -= 1));
  const shortLived = (signal) => {
    live += 1;
    registry.register(signal, undefined);
    return signal;
  };
  for (let round = 0; round < 50; round += 1) {
    await orders.receive({ signal: shortLived(AbortSignal.any([long.signal])) });
    await orders.send('x');
    await orders.receive({ wait: 1, signal: shortLived(AbortSignal.any([long.signal])) });
    await assert.rejects(orders.receive({ signal: AbortSignal.any([long.signal]), max: 0 }));
    const wait = orders.receive({ wait: 20, signal: shortLived(AbortSignal.any([long.signal])) });
    await orders.send('y');
    await wait;
  }
  await collected(() => live === 0);
  for (let round = 0; round < 3; round += 1) {
    const waits = Array.from({ length: 100 }, () =>
      orders.receive({ wait: 20, signal: long.signal }),
    );
    assert.equal(getEventListeners(long.signal, 'abort').length, 1);
    await orders.sendBatch(Array(100).fill('x'));
    await Promise.all(waits);
    assert.equal(getEventListeners(long.signal, 'abort').length, 0);
  }
});

test('a signal ends all its waits, on several queues, by any reason', WATCHDOG, async (t) => {
  const opened = await store(t);
  const queues = [await opened.createQueue('a', HIDDEN), await opened.createQueue('b', HIDDEN)];
  const warnings = [];
  const warned = (warning) => warnings.push(warning);
  process.on('warning', warned);
  for (const reason of [null, 0, '', 'text', Symbol('s'), () => {}, new Error('mine')]) {
    const abort = new AbortController();
    const { signal } = abort;
    const begin = (_, at) => queues[at % 2].receive({ wait: 20, signal });
    const waits = Array.from({ length: 500 }, begin);
    const nested = AbortSignal.any([signal]);
    waits.push(queues[0].receive({ wait: 20, signal: nested }));
    if (typeof reason === 'string') await setTimeout(5);
    abort.abort(reason);
    for (const { status, reason: own } of await Promise.allSettled(waits)) {
      assert.equal(status, 'rejected');
      assert.ok(Object.is(own, reason));
    }
    const [late] = await Promise.allSettled([queues[0].receive({ signal })]);
    assert.ok(late.status === 'rejected' && Object.is(late.reason, reason));
  }
  await queues[0].send('x');
  const prompt = new AbortController();
  const answered = queues[0].receive({ signal: prompt.signal });
  prompt.abort();
  await assert.rejects(answered, { name: 'AbortError' });
  assert.deepEqual(texts(await queues[0].receive()), ['x']);
  await setTimeout(1);
  process.removeListener('warning', warned);
  assert.deepEqual(warnings, []);
});

test('what a listener of the signal does first does no harm', WATCHDOG, async (t) => {
  const opened = await store(t);
  const queue = await opened.createQueue('q', HIDDEN);
  const abort = new AbortController();
  const { signal } = abort;
  let inner;
  signal.addEventListener('abort', () => {
    const calls = [queue.send('x'), queue.receive({ wait: 20, signal }), opened.close()];
    inner = Promise.allSettled(calls);
  });
  const waits = [queue.receive({ wait: 20, signal }), queue.receive({ wait: 20, signal })];
  abort.abort();
  // Together: one that is rejected while another is waited for would be nobody's.
  await Promise.all(waits.map((wait) => assert.rejects(wait, { name: 'AbortError' })));
  assert.equal((await inner)[1].reason, signal.reason);
});
