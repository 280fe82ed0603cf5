// The test kits where tests are careless: they leave no trace in the environment, lose no message
// and say what was wrong.

import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Consumer } from 'forebay';
import {
  awaitMessage,
  createTestServer,
  createTestStore,
  disordered,
  expectNoMessage,
} from 'forebay/testing';
import { atEnd } from './tools/places.mjs';

const WATCHDOG = { timeout: 60_000 };
const HIDDEN = { visibilityTimeout: 43_200 };

async function kit(t, options) {
  const made = await createTestStore(options);
  atEnd(t, () => made.close());
  return made;
}

test('servers that end in any order leave the environment as it was', WATCHDOG, async () => {
  const before = { ...process.env };
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]]) {
    const servers = [];
    for (let count = 0; count < 3; count += 1) servers.push(await createTestServer());
    const open = new Set(servers);
    for (const at of order) {
      assert.equal(process.env.AWS_ENDPOINT_URL_SQS, [...open].at(-1).url);
      open.delete(servers[at]);
      await Promise.all([servers[at].close(), servers[at].close()]);
    }
    assert.deepEqual({ ...process.env }, before);
  }
});

test('a disordered queue keeps to the limits of SQS', async (t) => {
  const orders = await (await kit(t, { sqsLimits: true })).queue();
  await orders.sendBatch(Array(10).fill('x'));
  const wild = disordered(orders, { seed: 1 });
  for (const max of [1, 5, 6, 10]) assert.ok((await wild.receive({ max })).length <= max);
});

test('a disordered iteration ends as others do, and gives back what it did not show', WATCHDOG,
  async (t) => {
    const forebay = await kit(t);
    for (let seed = 0; seed < 20; seed += 1) {
      const orders = await forebay.queue(HIDDEN);
      await orders.sendBatch(['a', 'b', 'c', 'd']);
      for await (const message of disordered(orders, { seed }).messages({ max: 4 })) {
        assert.ok(message.text);
        break;
      }
      assert.equal((await orders.counts()).inFlight, 1, `seed ${seed}`);
    }
    const orders = await forebay.queue(HIDDEN);
    const wild = disordered(orders, { seed: 1 });
    const abort = new AbortController();
    setTimeout(5).then(() => abort.abort());
    for await (const message of wild.messages({ signal: abort.signal })) assert.fail(message);
    for await (const message of wild.messages({ signal: abort.signal })) assert.fail(message);
    await assert.rejects(wild.receive({ signal: abort.signal }), { name: 'AbortError' });
    const stream = Readable.from(wild.messages()).on('data', () => {});
    await setTimeout(5);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    await orders.send('x');
    assert.equal((await orders.counts()).visible, 1);
    await orders.purge();
    setTimeout(5).then(() => forebay.close());
    for await (const message of wild.messages()) assert.fail(message);
  });

test('a consumer works on a disordered queue', WATCHDOG, async (t) => {
  const orders = await (await kit(t)).queue(HIDDEN);
  await orders.sendBatch(Array.from({ length: 20 }, (_, number) => `${number}`));
  const seen = new Set();
  const consumer = Consumer.create({
    queue: disordered(orders, { seed: 3 }),
    batchSize: 4,
    handleMessage: ({ text }) => void seen.add(text),
  });
  const errors = [];
  consumer.on('error', (error) => errors.push(error));
  consumer.start();
  while (seen.size < 20) await setTimeout(2);
  await consumer.stop();
  assert.deepEqual(errors, []);
  assert.deepEqual(await orders.peek(), []);
});

test('a condition that throws gives the message back', async (t) => {
  const orders = await (await kit(t)).queue(HIDDEN);
  await orders.sendBatch(['a', 'b']);
  const mine = new Error('mine');
  const where = ({ text }) => {
    if (text === 'b') throw mine;
    return false;
  };
  await assert.rejects(awaitMessage(orders, { where }), mine);
  assert.deepEqual(await orders.counts(), { visible: 2, inFlight: 0, delayed: 0 });
});

test('expectations end with their store', WATCHDOG, async (t) => {
  const forebay = await kit(t);
  const orders = await forebay.queue();
  const waits = [awaitMessage(orders), expectNoMessage(orders, { within: 30_000 })];
  setTimeout(5).then(() => forebay.close());
  for (const { reason } of await Promise.allSettled(waits)) assert.equal(reason?.name, 'Closed');
});

test('times that are none are refused, and the clock stands still', async (t) => {
  const forebay = await kit(t, { clockStart: 1000 });
  for (const time of [-1, NaN, 1.5, Infinity, 1e21, '', '5', 'soon', null, undefined, 1n, {}]) {
    await assert.rejects(forebay.advance(time), (error) => {
      assert.ok(error instanceof RangeError || error.name === 'InvalidArgument', `${error}`);
      return true;
    });
  }
  assert.equal(await forebay.store.now(), 1000);
  const many = Array.from({ length: 50 }, () => forebay.advance(1));
  await Promise.all(many);
  assert.equal(await forebay.store.now(), 1050);
});
