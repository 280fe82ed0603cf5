// Receives that wait: they wake, they can be aborted, and they take nothing they do not deliver.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Closed, QueueDoesNotExist } from 'forebay';
import { queue, store, texts } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };
const isLinux = process.platform === 'linux';

test('a send wakes the waits in the order they came', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const waits = Array.from({ length: 3 }, () => orders.receive({ wait: 20 }));
  for (const body of ['a', 'b', 'c']) await orders.send(body);
  assert.deepEqual((await Promise.all(waits)).map(texts), [['a'], ['b'], ['c']]);
});

test('a wait ends empty, on the clock of the store', WATCHDOG, async (t) => {
  const opened = await store(t, { clock: 'manual' });
  const orders = await opened.createQueue('q', { wait: 5 });
  const waits = [orders.receive(), orders.receive({ wait: 6 })];
  await opened.advance(5000);
  assert.deepEqual(await waits[0], []);
  await opened.advance(1000);
  assert.deepEqual(await waits[1], []);
});

test('an aborted wait rejects with the reason and takes nothing', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const reason = new Error('enough');
  const gone = AbortSignal.abort(reason);
  await assert.rejects(orders.receive({ wait: 20, signal: gone }), reason);
  const abort = new AbortController();
  const wait = orders.receive({ wait: 20, signal: abort.signal });
  await setTimeout(20);
  abort.abort(reason);
  await assert.rejects(wait, reason);
  await assert.rejects(
    orders.receive({ wait: 20, signal: AbortSignal.timeout(10) }),
    { name: 'TimeoutError' },
  );
  await orders.send('kept');
  const [message] = await orders.receive();
  assert.deepEqual([message.text, message.receiveCount], ['kept', 1]);
});

test('a signal that is never aborted changes nothing', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const { signal } = new AbortController();
  await orders.send('x');
  assert.deepEqual(texts(await orders.receive({ signal })), ['x']);
  assert.deepEqual(await orders.receive({ signal }), []);
  const wait = orders.receive({ wait: 20, signal });
  await orders.send('y');
  assert.deepEqual(texts(await wait), ['y']);
});

test('a message that meets an abort on the way is given back', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  let met = 0;
  for (let round = 0; round < 200; round += 1) {
    const abort = new AbortController();
    const wait = orders.receive({ wait: 20, signal: abort.signal });
    const sent = orders.send('x');
    // No turn of the event loop lies between the arrival of the answer and the abort.
    const end = performance.now() + (round % 20) / 10;
    while (performance.now() < end);
    abort.abort();
    await assert.rejects(wait, { name: 'AbortError' });
    await sent;
    const [message] = await orders.receive({ wait: 20 });
    met += message.receiveCount > 1 ? 1 : 0;
    await message.delete();
  }
  t.diagnostic(`${met} of 200 aborts met a message`);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('10,000 aborted waits beside a producer lose nothing', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  const total = 2000;
  const seen = new Set();
  let isSending = true;
  const producer = (async () => {
    for (let number = 0; number < total; number += 10) {
      await orders.sendBatch(Array.from({ length: 10 }, (_, index) => `${number + index}`));
      await setImmediate();
    }
    isSending = false;
  })();
  let aborted = 0;
  const keep = async (messages) => {
    for (const message of messages) {
      assert.ok(!seen.has(message.text), `${message.text} came twice`);
      seen.add(message.text);
    }
    if (messages.length > 0) await orders.deleteBatch(messages);
  };
  const round = async () => {
    const abort = new AbortController();
    const waits = Array.from({ length: 50 }, () =>
      orders.receive({ max: 3, wait: 20, signal: abort.signal }).then(keep, (reason) => {
        assert.equal(reason.name, 'AbortError');
        aborted += 1;
      }),
    );
    await setTimeout(Math.random() * 3);
    abort.abort();
    await Promise.all(waits);
  };
  while (aborted < 10_000) await round();
  await producer;
  assert.equal(isSending, false);
  while (seen.size < total) {
    const rest = await orders.receive({ max: 100, wait: 1 });
    assert.ok(rest.length > 0, `${total - seen.size} messages are lost`);
    await keep(rest);
  }
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('a thousand waits use no thread and leave libuv free', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const threads = () => readdirSync('/proc/self/task').length;
  await orders.receive({ wait: 1, signal: AbortSignal.timeout(1) }).catch(() => {});
  await readFile(new URL(import.meta.url));
  const before = isLinux ? threads() : 0;
  const waits = Array.from({ length: 1000 }, () => orders.receive({ wait: 20 }));
  await setTimeout(50);
  if (isLinux) assert.ok(threads() <= before, `${threads()} threads, ${before} before`);
  await readFile(new URL(import.meta.url));
  await orders.sendBatch(Array.from({ length: 1000 }, (_, number) => `${number}`));
  const bodies = (await Promise.all(waits)).flatMap(texts);
  assert.equal(new Set(bodies).size, 1000);
});

test('closing the store and deleting the queue end waits', WATCHDOG, async (t) => {
  const opened = await store(t);
  const [one, two] = [await opened.createQueue('one'), await opened.createQueue('two')];
  const ends = [
    assert.rejects(one.receive({ wait: 20 }), QueueDoesNotExist),
    assert.rejects(two.receive({ wait: 20 }), Closed),
  ];
  await setTimeout(10);
  await opened.deleteQueue('one');
  await ends[0];
  await opened.close();
  await ends[1];
});

test('an iteration goes on until its signal is aborted', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  const abort = new AbortController();
  const seen = [];
  setTimeout(20).then(() => orders.sendBatch(['a', 'b', 'c']));
  for await (const message of orders.messages({ signal: abort.signal })) {
    seen.push(message.text);
    await message.delete();
    if (seen.length === 3) setTimeout(20).then(() => abort.abort());
  }
  assert.deepEqual(seen, ['a', 'b', 'c']);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('leaving an iteration gives back what was fetched and not looked at', WATCHDOG, async (t) => {
  const orders = await queue(t, { visibilityTimeout: 43_200 });
  await orders.sendBatch(['a', 'b', 'c', 'd']);
  for await (const message of orders.messages({ max: 4 })) {
    if (message.text === 'b') break;
  }
  assert.deepEqual(await orders.counts(), { visible: 2, inFlight: 2, delayed: 0 });
  await assert.rejects(async () => {
    for await (const message of orders.messages({ max: 4 })) throw new Error(message.text);
  }, /c/);
  assert.deepEqual(await orders.counts(), { visible: 1, inFlight: 3, delayed: 0 });
});

test('an iteration ends when the store is closed, and fails where it must', WATCHDOG, async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  await opened.createQueue('other');
  const other = await opened.getQueue('other');
  const all = async (source) => {
    const found = [];
    for await (const message of source.messages({ wait: 20 })) found.push(message.text);
    return found;
  };
  const ends = all(orders);
  const fails = assert.rejects(all(other), QueueDoesNotExist);
  await orders.send('x');
  await opened.deleteQueue('other');
  await fails;
  await setTimeout(20);
  await opened.close();
  assert.deepEqual(await ends, ['x']);
});
