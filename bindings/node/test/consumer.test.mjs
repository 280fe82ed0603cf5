// The consumer: handlers, events, heartbeats, and how it stops.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Consumer, HandlerTimeout, InvalidArgument, Retry } from 'forebay';
import { queue, store, texts } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };

/** Runs a consumer until `count` events of one kind came. */
async function until(t, options, event, count = 1) {
  const consumer = Consumer.create(options);
  const events = [];
  const names = [
    'started',
    'message_received',
    'message_processed',
    'response_processed',
    'processing_error',
    'timeout_error',
    'error',
    'empty',
    'stopped',
  ];
  let seen = 0;
  await new Promise((resolve) => {
    for (const name of names) {
      consumer.on(name, (...values) => {
        events.push([name, ...values]);
        if (name === event && ++seen === count) resolve();
      });
    }
    consumer.start();
  });
  await consumer.stop();
  return { consumer, events, named: (name) => events.filter(([own]) => own === name) };
}

test('each message is handled once and deleted', WATCHDOG, async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(['a', 'b', 'c']);
  const handled = [];
  const handleMessage = async (message) => void handled.push(message.text);
  const options = { queue: orders, handleMessage, batchSize: 2 };
  const { events } = await until(t, options, 'response_processed', 2);
  assert.deepEqual(handled.sort(), ['a', 'b', 'c']);
  assert.deepEqual(
    events.map(([name]) => name),
    [
      'started',
      'message_received',
      'message_received',
      'message_processed',
      'message_processed',
      'response_processed',
      'message_received',
      'message_processed',
      'response_processed',
      'stopped',
    ],
  );
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('a batch handler says what it was done with', WATCHDOG, async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(['a', 'b', 'c']);
  const handleMessageBatch = async (messages) => messages.filter(({ text }) => text !== 'b');
  await until(t, { queue: orders, handleMessageBatch, batchSize: 3 }, 'response_processed');
  const left = await orders.peek();
  assert.deepEqual(left.map(({ body }) => body.toString()), ['b']);
  const all = { queue: orders, handleMessageBatch: () => undefined, batchSize: 3 };
  await orders.sendBatch(['d', 'e']);
  await until(t, all, 'message_processed', 2);
  assert.equal((await orders.peek()).length, 1);
});

test('a failed handler leaves its message to come back', WATCHDOG, async (t) => {
  const opened = await store(t, { clock: 'manual' });
  const orders = await opened.createQueue('q', { visibilityTimeout: 30 });
  await orders.send('x');
  const fails = (error) => ({ queue: orders, handleMessage: async () => Promise.reject(error) });
  const first = await until(t, fails(new Error('no')), 'response_processed');
  assert.deepEqual(first.named('processing_error')[0].slice(1).map(String)[0], 'Error: no');
  assert.deepEqual(await orders.receive(), []);
  await opened.advance(30_000);
  await until(t, fails(new Retry(5)), 'response_processed');
  await opened.advance(4999);
  assert.deepEqual(await orders.receive(), []);
  await opened.advance(1);
  await until(t, { ...fails('text'), terminateVisibilityTimeout: true }, 'response_processed');
  const after = { ...fails(new Error('no')), terminateVisibilityTimeout: () => 3 };
  await until(t, after, 'response_processed');
  await opened.advance(3000);
  assert.equal((await orders.receive())[0].receiveCount, 5);
});

test('a handler that takes too long has failed, and is told', WATCHDOG, async (t) => {
  const orders = await queue(t);
  await orders.send('x');
  let told;
  const handleMessage = (_, { signal }) => {
    told = once(signal, 'abort');
    return new Promise(() => {});
  };
  const options = { queue: orders, handleMessage, handleMessageTimeout: 20 };
  const { named } = await until(t, options, 'timeout_error');
  assert.ok(named('timeout_error')[0][1] instanceof HandlerTimeout);
  await told;
});

test('heartbeats keep a message hidden while it is handled', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 1 });
  await orders.send('x');
  let seen;
  const handleMessage = async () => {
    await setTimeout(2500);
    seen = await orders.receive({ wait: 0 });
  };
  await until(t, { queue: orders, handleMessage, heartbeatInterval: 0.3 }, 'message_processed');
  assert.deepEqual(seen, []);
  assert.deepEqual(await orders.peek(), []);
});

test('a handler whose message went to somebody else is aborted', WATCHDOG, async (t) => {
  const orders = await queue(t, { fifo: true, contentDedup: true, visibilityTimeout: 60 });
  await orders.send('x', { group: 'g' });
  const handleMessage = async (message, { signal }) => {
    await orders.delete(message.receipt);
    await once(signal, 'abort');
    throw signal.reason;
  };
  const options = { queue: orders, handleMessage, heartbeatInterval: 0.05 };
  const { named } = await until(t, options, 'response_processed');
  assert.equal(named('processing_error').length, 1);
  assert.ok(named('error').length > 0);
});

test('a group of a FIFO queue is handled in order, also after a failure', WATCHDOG, async (t) => {
  const orders = await queue(t, { fifo: true, contentDedup: true, visibilityTimeout: 60 });
  const groups = ['a1', 'b1', 'a2', 'b2', 'a3'];
  for (const body of groups) await orders.send(body, { group: body[0] });
  const handled = [];
  let fails = true;
  const handleMessage = async (message) => {
    await setTimeout(Math.random() * 5);
    if (message.text === 'a2' && fails) {
      fails = false;
      throw new Retry(0);
    }
    handled.push(message.text);
  };
  await until(t, { queue: orders, handleMessage, batchSize: 10 }, 'message_processed', 5);
  const line = (group) => handled.filter((text) => text[0] === group);
  assert.deepEqual([line('a'), line('b')], [['a1', 'a2', 'a3'], ['b1', 'b2']]);
});

test('a stop ends the wait at once and lets handlers finish', WATCHDOG, async (t) => {
  const orders = await queue(t);
  let isDone = false;
  const handleMessage = async (_, { signal }) => {
    await setTimeout(100);
    isDone = !signal.aborted;
  };
  const consumer = Consumer.create({ queue: orders, handleMessage });
  assert.deepEqual(consumer.status, { isRunning: false, isPolling: false, inFlight: 0 });
  consumer.start();
  consumer.start();
  await setTimeout(10);
  assert.deepEqual(consumer.status, { isRunning: true, isPolling: true, inFlight: 0 });
  await consumer.stop();
  await orders.send('x');
  await setTimeout(10);
  assert.equal((await orders.counts()).visible, 1);
  consumer.start();
  await once(consumer, 'message_received');
  assert.equal(consumer.status.inFlight, 1);
  await consumer.stop();
  assert.equal(isDone, true);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('a stop with abort tells the handlers', WATCHDOG, async (t) => {
  const orders = await queue(t);
  await orders.send('x');
  const handleMessage = async (_, { signal }) => {
    await once(signal, 'abort');
    throw signal.reason;
  };
  const options = { queue: orders, handleMessage, terminateVisibilityTimeout: true };
  const consumer = new Consumer(options);
  consumer.start();
  await once(consumer, 'message_received');
  const aborted = once(consumer, 'aborted');
  await consumer.stop({ abort: true });
  await aborted;
  assert.deepEqual(texts(await orders.receive()), ['x']);
});

test('failures are events, and a closed store stops the consumer', WATCHDOG, async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  const empty = { queue: orders, handleMessage: () => {}, waitTimeSeconds: 0 };
  await until(t, { ...empty, pollingWaitTimeMs: 1 }, 'empty', 2);
  const consumer = Consumer.create({ queue: orders, handleMessage: () => {} });
  const failed = new Promise((resolve) => consumer.once('error', resolve));
  const stopped = new Promise((resolve) => consumer.once('stopped', resolve));
  consumer.start();
  await setTimeout(10);
  await opened.close();
  assert.equal((await failed).name, 'Closed');
  await stopped;
  assert.equal(consumer.status.isRunning, false);
});

test('options are checked, changed and called back', WATCHDOG, async (t) => {
  const orders = await queue(t);
  assert.throws(() => Consumer.create({ queue: orders }), InvalidArgument);
  const calls = [];
  const consumer = Consumer.create({
    queue: orders,
    handleMessageBatch: (messages) => void calls.push(messages.length),
    preReceiveMessageCallback: () => calls.push('pre'),
    postReceiveMessageCallback: () => calls.push('post'),
    shouldDeleteMessages: false,
  });
  const updated = once(consumer, 'option_updated');
  consumer.updateOption('batchSize', 2);
  assert.deepEqual(await updated, ['batchSize', 2]);
  await orders.sendBatch(['a', 'b']);
  consumer.start();
  await once(consumer, 'response_processed');
  await consumer.stop();
  assert.deepEqual(calls.slice(0, 3), ['pre', 'post', 2]);
  assert.equal((await orders.counts()).inFlight, 2);
});
