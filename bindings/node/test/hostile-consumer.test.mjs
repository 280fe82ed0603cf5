// Consumers whose handlers, callbacks and listeners fail, and stops at bad moments: no message is
// hidden for longer than it must be, none is handled by halves, and the consumer goes on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { Consumer, InvalidArgument, Retry } from 'forebay';
import { atEnd, queue, store, texts } from './tools/places.mjs';

const WATCHDOG = { timeout: 60_000 };

/** A consumer that is stopped after the test. */
function consumer(t, options) {
  const made = Consumer.create(options);
  atEnd(t, () => made.stop());
  return made;
}

/** Collects what a consumer tells. */
function heard(source, ...events) {
  const list = [];
  for (const event of events) source.on(event, (...values) => list.push([event, ...values]));
  return list;
}

/** Waits for an event; unlike `once` of node:events it takes errors as they come. */
function told(source, event) {
  return new Promise((resolve) => source.once(event, resolve));
}

/** Waits until something is so. */
async function until(isSo) {
  while (!(await isSo())) await setTimeout(2);
}

/** Lets calls of the queue fail or be counted. */
function wrapped(inner, overrides) {
  return new Proxy(inner, {
    get(target, key) {
      if (Object.hasOwn(overrides, key)) return overrides[key];
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const isGone = (orders) => async () => (await orders.peek()).length === 0;

test('a message is deleted whatever its handler resolves with', WATCHDOG, async (t) => {
  const orders = await queue(t);
  for (const value of [[], [1, 2], null, false, 0, 'text', new Error('no')]) {
    await orders.send('x');
    const made = consumer(t, { queue: orders, handleMessage: async () => value });
    made.start();
    await told(made, 'response_processed');
    await made.stop();
    assert.deepEqual(await orders.peek(), [], `resolved with ${value}`);
  }
});

test('a list of done messages may be odd', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  const other = await queue(t);
  await other.send('foreign');
  const [foreign] = await other.receive();
  const lists = [
    ([a, b]) => [b, b, a, foreign, undefined],
    () => [],
    (all) => [all[0].id],
    (all) => new Set(all),
  ];
  const left = [];
  for (const list of lists) {
    await orders.sendBatch(['a', 'b']);
    const made = consumer(t, { queue: orders, batchSize: 2, handleMessageBatch: list });
    const errors = heard(made, 'error', 'processing_error');
    made.start();
    await told(made, 'response_processed');
    await made.stop();
    assert.deepEqual(errors, []);
    left.push((await orders.counts()).inFlight);
  }
  assert.deepEqual(left, [0, 2, 4, 4]);
  assert.equal((await other.counts()).inFlight, 1);
});

test('whatever a handler throws is told as an error', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  const foreign = runInNewContext('Object.assign(new TypeError("foreign"), { code: "E" })');
  const bare = Object.create(null);
  const liar = { toString: () => assert.fail() };
  for (const thrown of [undefined, null, 0, 'text', Symbol('s'), bare, liar, foreign]) {
    for (const isAsync of [false, true]) {
      await orders.send('x');
      const made = consumer(t, {
        queue: orders,
        handleMessage: () => {
          if (isAsync) return Promise.reject(thrown);
          throw thrown;
        },
        terminateVisibilityTimeout: true,
      });
      const errors = heard(made, 'processing_error', 'error');
      made.once('processing_error', () => made.stop());
      made.start();
      await told(made, 'stopped');
      assert.deepEqual(errors.map(([event]) => event), ['processing_error']);
      const [[, error, message]] = errors;
      assert.ok(thrown === foreign ? error === foreign : error.cause === thrown);
      assert.equal(message.text, 'x');
      const [again] = await orders.receive();
      await again.delete();
    }
  }
});

test('a listener that throws changes nothing for the messages', WATCHDOG, async (t) => {
  const events = [
    'started',
    'message_received',
    'message_processed',
    'processing_error',
    'response_processed',
    'empty',
    'option_updated',
    'aborted',
    'stopped',
  ];
  for (const event of events) {
    const orders = await queue(t, { visibilityTimeout: 1 });
    await orders.sendBatch(['good', 'bad', 'good']);
    let isBad = true;
    const made = consumer(t, {
      queue: orders,
      batchSize: 3,
      waitTimeSeconds: 0,
      pollingWaitTimeMs: 1,
      terminateVisibilityTimeout: true,
      handleMessage: ({ text }) => {
        if (text !== 'bad' || !isBad) return;
        isBad = false;
        throw new Error('bad');
      },
    });
    const failure = new Error(`in ${event}`);
    made.on(event, () => {
      throw failure;
    });
    const errors = heard(made, 'error');
    made.start();
    made.updateOption('pollingWaitTimeMs', 2);
    await until(isGone(orders));
    if (event === 'empty') await told(made, 'error');
    await made.stop({ abort: true });
    assert.ok(errors.length > 0 && errors.every(([, error]) => error === failure), event);
    // It can be started again.
    await orders.send('later');
    made.start();
    await until(isGone(orders));
    await made.stop();
  }
});

test('what an error listener throws is nobody\'s but the process\'s', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const made = consumer(t, {
    queue: wrapped(orders, { deleteBatch: () => Promise.reject(new Error('no delete')) }),
    handleMessage: () => {},
  });
  const uncaught = [];
  const own = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error, origin) => uncaught.push([error.message, origin]));
  t.after(() => {
    process.removeAllListeners('uncaughtException');
    for (const listener of own) process.on('uncaughtException', listener);
  });
  made.on('error', (error) => {
    throw new Error(`listener: ${error.message}`);
  });
  made.start();
  for (let count = 1; count <= 2; count += 1) {
    await orders.send('x');
    await until(() => uncaught.length === count);
  }
  await made.stop();
  assert.deepEqual(uncaught, Array(2).fill(['listener: no delete', 'uncaughtException']));
});

test('errors without a listener are warnings, also where they are none', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const made = consumer(t, {
    queue: orders,
    handleMessage: () => {},
    preReceiveMessageCallback: () => Promise.reject(undefined),
  });
  const warned = once(process, 'warning');
  made.start();
  const [warning] = await warned;
  assert.ok(warning instanceof Error);
  assert.equal(made.status.isRunning, true);
  await made.stop();
});

test('messages whose callback failed are given back at once', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  await orders.send('x');
  const failure = new Error('callback');
  const made = consumer(t, {
    queue: orders,
    handleMessage: () => assert.fail('handled'),
    postReceiveMessageCallback: () => Promise.reject(failure),
  });
  made.start();
  const error = await told(made, 'error');
  await made.stop();
  assert.equal(error, failure);
  assert.deepEqual(texts(await orders.receive()), ['x']);
});

test('messages that meet a stop before their handler are given back at once', WATCHDOG,
  async (t) => {
    const orders = await queue(t, { visibilityTimeout: 43_200 });
    await orders.sendBatch(['a', 'b']);
    const made = consumer(t, {
      queue: orders,
      batchSize: 2,
      handleMessage: () => assert.fail('handled'),
      postReceiveMessageCallback: () => void made.stop(),
    });
    const received = heard(made, 'message_received', 'error', 'processing_error');
    made.start();
    await told(made, 'stopped');
    assert.deepEqual(received, []);
    assert.deepEqual(await orders.counts(), { visible: 2, inFlight: 0, delayed: 0 });
  });

for (const abort of [false, true]) {
  test(`a stop with abort ${abort} begins no message of a group anew`, WATCHDOG, async (t) => {
    const fifo = { fifo: true, contentDedup: true, visibilityTimeout: 43_200 };
    const orders = await queue(t, fifo);
    for (const body of ['1', '2', '3']) await orders.send(body, { group: 'g' });
    const begun = [];
    const made = consumer(t, {
      queue: orders,
      batchSize: 3,
      handleMessage: async ({ text }) => {
        begun.push(text);
        await setTimeout(20);
      },
    });
    made.start();
    await told(made, 'message_received');
    await setTimeout(2);
    await made.stop({ abort });
    assert.deepEqual(begun, ['1']);
    assert.deepEqual(await orders.counts(), { visible: 2, inFlight: 0, delayed: 0 });
    assert.deepEqual(texts(await orders.receive({ max: 10 })), ['2', '3']);
  });
}

test('a group stops where a message was not deleted', WATCHDOG, async (t) => {
  const orders = await queue(t, { fifo: true, contentDedup: true, visibilityTimeout: 1 });
  for (const body of ['1', '2']) await orders.send(body, { group: 'g' });
  let fails = true;
  const deleteBatch = async (messages) => {
    if (!fails) return orders.deleteBatch(messages);
    fails = false;
    throw new Error('no delete');
  };
  const handled = [];
  const made = consumer(t, {
    queue: wrapped(orders, { deleteBatch }),
    batchSize: 2,
    handleMessage: ({ text }) => void handled.push(text),
  });
  const errors = heard(made, 'error');
  made.start();
  await until(isGone(orders));
  await made.stop();
  assert.equal(errors.length, 1);
  assert.deepEqual(handled, ['1', '1', '2']);
});

test('limits without an end are none', WATCHDOG, async (t) => {
  const orders = await queue(t);
  for (const limit of [Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31, null, undefined]) {
    await orders.send('x');
    let beats = 0;
    const changeVisibilityBatch = (changes) => {
      beats += 1;
      return orders.changeVisibilityBatch(changes);
    };
    const made = consumer(t, {
      queue: wrapped(orders, { changeVisibilityBatch }),
      handleMessage: () => setTimeout(30),
      handleMessageTimeout: limit,
      heartbeatInterval: limit,
      visibilityTimeout: limit === null ? null : 30,
    });
    const errors = heard(made, 'timeout_error', 'error');
    made.start();
    await told(made, 'response_processed');
    await made.stop();
    assert.deepEqual([errors, beats], [[], 0], `${limit}`);
  }
});

test('numbers that are none are refused', async (t) => {
  const orders = await queue(t);
  const names = ['heartbeatInterval', 'handleMessageTimeout', 'pollingWaitTimeMs'];
  const options = { queue: orders, handleMessage: () => {} };
  for (const name of names) {
    for (const value of [NaN, -1, '10', 10n, new Date(), {}, true]) {
      const make = () => Consumer.create({ ...options, [name]: value });
      assert.throws(make, (error) => {
        assert.ok(error.message.includes(name), `${error}`);
        return error instanceof InvalidArgument;
      });
    }
  }
  for (const bad of [undefined, null, {}, 'q']) {
    assert.throws(() => Consumer.create({ ...options, queue: bad }), InvalidArgument);
  }
  for (const handle of [7, 'text', {}]) {
    assert.throws(() => Consumer.create({ queue: orders, handleMessage: handle }), InvalidArgument);
  }
  const both = { ...options, handleMessageBatch: () => {} };
  assert.throws(() => Consumer.create(both), InvalidArgument);
  assert.throws(() => Consumer.create({ queue: orders, handleMessage: null }), InvalidArgument);
  const made = Consumer.create({ ...options, handleMessageBatch: null });
  assert.throws(() => made.updateOption('pollingWaitTimeMs', NaN), InvalidArgument);
  assert.throws(() => made.updateOption('queue', orders), InvalidArgument);
  const given = { ...options, visibilityTimeout: 10, heartbeatInterval: 10 };
  assert.throws(() => Consumer.create(given), /heartbeatInterval/);
});

test('heartbeats never make a message visible', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  await orders.send('x');
  const changes = [];
  const made = consumer(t, {
    queue: wrapped(orders, {
      attributes: () => Promise.reject(new Error('no attributes')),
      changeVisibilityBatch: (list) => {
        changes.push(...list.map(({ seconds }) => seconds));
        return orders.changeVisibilityBatch(list);
      },
    }),
    heartbeatInterval: 0.01,
    handleMessage: () => setTimeout(100),
  });
  made.on('error', () => {});
  made.start();
  await told(made, 'response_processed');
  await made.stop();
  assert.ok(changes.every((seconds) => seconds > 0), `${changes}`);
});

test('a heartbeat does not undo what a failed handler asked for', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  await orders.send('x');
  const seconds = [];
  const made = consumer(t, {
    queue: wrapped(orders, {
      changeVisibilityBatch: async (list) => {
        seconds.push(...list.map((change) => change.seconds));
        const results = await orders.changeVisibilityBatch(list);
        // So long that heartbeats are due meanwhile.
        if (list.some((change) => change.seconds === 5)) await setTimeout(100);
        return results;
      },
    }),
    heartbeatInterval: 0.02,
    handleMessage: async () => {
      await setTimeout(50);
      throw new Retry(5);
    },
  });
  const errors = heard(made, 'error');
  made.start();
  await told(made, 'processing_error');
  await made.stop();
  assert.equal(seconds.indexOf(5), seconds.length - 1, `${seconds}`);
  assert.ok(seconds.length > 1);
  assert.deepEqual(errors, []);
});

test('a heartbeat beside a delete is no error', WATCHDOG, async (t) => {
  const orders = await queue(t, { fifo: true, contentDedup: true, visibilityTimeout: 60 });
  await orders.send('x', { group: 'g' });
  const made = consumer(t, {
    queue: wrapped(orders, {
      deleteBatch: async (list) => {
        const results = await orders.deleteBatch(list);
        await setTimeout(60);
        return results;
      },
    }),
    heartbeatInterval: 0.01,
    handleMessage: () => setTimeout(30),
  });
  const errors = heard(made, 'error');
  made.start();
  await told(made, 'response_processed');
  await made.stop();
  assert.deepEqual(errors, []);
});

test('a message that is lost is told once', WATCHDOG, async (t) => {
  const orders = await queue(t, { fifo: true, contentDedup: true, visibilityTimeout: 60 });
  for (const body of ['1', '2']) await orders.send(body, { group: 'g' });
  const begun = [];
  const made = consumer(t, {
    queue: orders,
    batchSize: 2,
    heartbeatInterval: 0.01,
    handleMessage: async (message, { signal }) => {
      begun.push(message.text);
      // The second one is lost before its handler began.
      const [, second] = received;
      await orders.delete(second.receipt);
      await setTimeout(150);
      assert.equal(signal.aborted, false);
    },
  });
  const received = [];
  made.on('message_received', (message) => received.push(message));
  const errors = heard(made, 'error', 'processing_error');
  made.start();
  await told(made, 'response_processed');
  await made.stop();
  assert.deepEqual(begun, ['1']);
  assert.deepEqual(errors.map(([event, , about]) => [event, about.text]), [['error', '2']]);
});

test('a function for the time to come back may fail, or take its time', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  const fails = () => {
    throw new Error('no time');
  };
  const times = [fails, async () => fails(), () => NaN, () => undefined, () => '5'];
  for (const terminateVisibilityTimeout of times) {
    await orders.send('x');
    const handleMessage = () => Promise.reject(new Error('no'));
    const made = consumer(t, { queue: orders, handleMessage, terminateVisibilityTimeout });
    const errors = heard(made, 'error');
    made.start();
    await told(made, 'response_processed');
    await made.stop();
    assert.equal(errors.length, 1, `${terminateVisibilityTimeout}`);
    await setTimeout(1);
  }
  assert.equal((await orders.counts()).inFlight, times.length);
  await orders.send('last');
  const handleMessage = () => Promise.reject(new Error('no'));
  const made = consumer(t, {
    queue: orders,
    handleMessage,
    terminateVisibilityTimeout: async () => 0,
  });
  made.once('processing_error', () => made.stop());
  made.start();
  await told(made, 'stopped');
  assert.deepEqual(texts(await orders.receive()), ['last']);
});

test('stops may come from anywhere, and often', WATCHDOG, async (t) => {
  const events = ['started', 'message_received', 'message_processed', 'empty'];
  for (const event of events) {
    for (const abort of [false, true]) {
      const orders = await queue(t, { visibilityTimeout: 43_200 });
      await orders.sendBatch(['a', 'b']);
      const made = consumer(t, { queue: orders, waitTimeSeconds: 0, handleMessage: () => {} });
      made.on(event, () => {
        made.stop({ abort });
        made.stop();
      });
      const [stops, errors] = [heard(made, 'stopped'), heard(made, 'error')];
      made.start();
      await told(made, 'stopped');
      await Promise.all([made.stop(), made.stop({ abort: true })]);
      assert.deepEqual([stops.length, errors], [1, []], event);
      assert.deepEqual(made.status, { isRunning: false, isPolling: false, inFlight: 0 });
      assert.equal((await orders.counts()).inFlight, 0);
    }
  }
  const orders = await queue(t);
  const made = consumer(t, { queue: orders, handleMessage: () => void made.stop() });
  await orders.send('x');
  made.start();
  made.stop();
  made.start();
  await told(made, 'message_processed');
  await made.stop();
  assert.deepEqual(await orders.peek(), []);
});

test('an empty queue is waited for where the wait is not given', WATCHDOG, async (t) => {
  const orders = await queue(t);
  for (const waitTimeSeconds of [null, undefined]) {
    const made = consumer(t, { queue: orders, handleMessage: () => {}, waitTimeSeconds });
    const empty = heard(made, 'empty');
    made.start();
    await setTimeout(50);
    await made.stop();
    assert.deepEqual(empty, []);
  }
});

test('a deleted queue is told, and found again', WATCHDOG, async (t) => {
  const opened = await store(t, { sixtySecondRules: false });
  const orders = await opened.createQueue('q');
  await orders.send('x');
  const handled = [];
  const made = consumer(t, {
    queue: orders,
    handleMessage: async ({ text }) => {
      handled.push(text);
      if (text === 'x') await opened.deleteQueue('q');
    },
  });
  const errors = heard(made, 'error');
  made.start();
  await told(made, 'response_processed');
  await until(() => errors.length > 0);
  await opened.createQueue('q');
  await orders.send('y');
  await told(made, 'message_processed');
  await made.stop();
  assert.deepEqual(handled, ['x', 'y']);
  assert.ok(errors.every(([, error]) => error.name === 'QueueDoesNotExist'));
});
