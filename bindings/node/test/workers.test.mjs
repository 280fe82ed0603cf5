// Worker threads: they share an engine, and may be ended at any time.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { directory, store, texts } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };
const program = new URL('./programs/worker.mjs', import.meta.url);

function start(role, location, count) {
  return new Worker(program, { workerData: { role, location, count } });
}

async function home(t) {
  const location = await directory(t);
  const opened = await store(t, {}, location);
  return { location, queue: await opened.createQueue('q', { visibilityTimeout: 43_200 }) };
}

test('workers produce and consume in one directory', WATCHDOG, async (t) => {
  const { location, queue } = await home(t);
  const seen = [];
  const consumers = [start('consume', location), start('consume', location)];
  for (const consumer of consumers) consumer.on('message', (text) => seen.push(text));
  const producers = [start('produce', location, 200), start('produce', location, 200)];
  await Promise.all(producers.map((producer) => once(producer, 'exit')));
  while ((await queue.counts()).visible > 0) await setTimeout(10);
  await queue.sendBatch(['end', 'end']);
  await Promise.all(consumers.map((consumer) => once(consumer, 'exit')));
  assert.equal(seen.length, 400);
  assert.equal(new Set(seen).size, 200);
  assert.deepEqual(await queue.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('worker.terminate() in a wait is clean, and the wait takes nothing', WATCHDOG, async (t) => {
  const { location, queue } = await home(t);
  for (let round = 0; round < 10; round += 1) {
    const worker = start('wait', location, 20);
    await once(worker, 'message');
    await worker.terminate();
    await queue.send(`${round}`);
    const [message] = await queue.receive({ wait: 20 });
    assert.deepEqual([message.text, message.receiveCount], [`${round}`, 1]);
    await message.delete();
  }
});

for (const role of ['spin', 'stall', 'choke']) {
  test(`what a terminated worker was to get is given back (${role})`, WATCHDOG, async (t) => {
    const { location, queue } = await home(t);
    for (let round = 0; round < 5; round += 1) {
      const worker = start(role, location, 20);
      await once(worker, 'message');
      if (role === 'stall') {
        worker.postMessage('stall');
        await once(worker, 'message');
      }
      const bodies = Array.from({ length: 20 }, (_, number) => `${round} ${number}`);
      await queue.sendBatch(bodies);
      while ((await queue.counts()).inFlight < 20) await setTimeout(1);
      await worker.terminate();
      const messages = await queue.receive({ max: 100, wait: 20 });
      assert.deepEqual(texts(messages).sort(), bodies.sort());
      await queue.deleteBatch(messages);
    }
  });
}

test('a store that a worker opened outlives it for the others', WATCHDOG, async (t) => {
  const { location, queue } = await home(t);
  await once(start('produce', location, 50), 'exit');
  assert.equal((await queue.receive({ max: 100 })).length, 50);
});
