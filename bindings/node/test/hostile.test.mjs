// Values that change, lie or fail while they cross the border: what arrives is what was there when
// it was looked at, or the call is refused whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import {
  Closed,
  InvalidArgument,
  InvalidBatchEntryId,
  InvalidParameterValue,
  MissingParameter,
} from 'forebay';
import { queue, store, texts } from './tools/places.mjs';

/** Longer bodies are not packed, they cross on their own. */
const LARGE = 20_000;

const WATCHDOG = { timeout: 60_000 };

async function refused(promise, pattern) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof InvalidArgument, inspect(error));
    assert.match(error.message, pattern);
    return true;
  });
}

async function bodies(orders, max = 100) {
  return (await orders.receive({ max })).map(({ body }) => body);
}

test('an iterator may use the memory of a body again', async (t) => {
  for (const length of [10, LARGE]) {
    const orders = await queue(t);
    function* numbered() {
      const memory = Buffer.alloc(length);
      for (let number = 1; number <= 3; number += 1) yield memory.fill(number);
      memory.fill(0);
    }
    await orders.sendBatch(numbered());
    assert.deepEqual((await bodies(orders)).map((body) => [body.length, body[0]]), [
      [length, 1],
      [length, 2],
      [length, 3],
    ]);
  }
});

test('a program may write to a body as soon as the call has returned', async (t) => {
  for (const durability of ['os', 'full']) {
    const orders = await queue(t, {}, { durability });
    for (const length of [10, LARGE]) {
      const memory = Buffer.alloc(length, 'a');
      const sends = [orders.send(memory), orders.sendBatch([memory])];
      memory.fill('b');
      await Promise.all(sends);
    }
    assert.ok((await bodies(orders)).every((body) => body.every((byte) => byte === 97)));
  }
});

test('a getter of one entry does not change the entry before it', async (t) => {
  const orders = await queue(t);
  const memory = new Uint8Array(LARGE).fill(1);
  const entries = [
    memory,
    {
      get body() {
        structuredClone(memory.buffer, { transfer: [memory.buffer] });
        return 'next';
      },
    },
  ];
  const results = await orders.sendBatch(entries);
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'fulfilled']);
  const [first, second] = await bodies(orders);
  assert.deepEqual([first.length, first[0], second.toString()], [LARGE, 1, 'next']);
});

test('a list of attributes may change while it is read', async (t) => {
  const orders = await queue(t);
  const attribute = (name, more = () => {}) => ({
    name,
    type: 'String',
    get value() {
      more();
      return name;
    },
  });
  const growing = [attribute('a', () => growing.length < 3 && growing.push(attribute('b')))];
  const shrinking = [attribute('a', () => (shrinking.length = 1)), attribute('b'), attribute('c')];
  const other = Object.assign([attribute('a'), attribute('b')], {
    *[Symbol.iterator]() {
      yield attribute('c');
    },
  });
  const entries = [growing, shrinking, other].map((attributes) => ({ body: 'x', attributes }));
  const results = await orders.sendBatch([...entries, 'last']);
  assert.deepEqual(results.map(({ status }) => status), Array(4).fill('fulfilled'));
  const received = await orders.receive({ max: 10 });
  assert.deepEqual(received.map(({ typedAttributes }) => typedAttributes.map((it) => it.name)), [
    ['a', 'b'],
    ['a'],
    ['c'],
    [],
  ]);
});

test('bytes are as many as they are, whatever they say', async (t) => {
  const orders = await queue(t);
  class Liar extends Uint8Array {
    get length() {
      return 7;
    }
    get byteLength() {
      return 7;
    }
  }
  let asked = 0;
  const own = Object.defineProperty(new Uint8Array([4, 5]), 'length', {
    get: () => (asked += 1),
  });
  const long = new Liar(LARGE).fill(3);
  for (const body of [new Liar([1, 2, 3]), own, long]) {
    await orders.sendBatch([{ body, attributes: { raw: new Liar([9]) } }, 'after']);
    await orders.send(body);
    const received = await orders.receive({ max: 3 });
    assert.deepEqual(received[0].body, Buffer.from([...Buffer.from(body.buffer)]));
    assert.deepEqual(received[2].body, received[0].body);
    assert.deepEqual(received[0].attributes.raw, Buffer.from([9]));
    assert.equal(received[1].text, 'after');
  }
});

test('only bytes are bytes, of any realm', async (t) => {
  const orders = await queue(t);
  const foreign = runInNewContext('new Uint8Array([1, 2, 3])');
  await orders.send(foreign, { attributes: { raw: foreign } });
  await orders.sendBatch([foreign, { body: foreign }]);
  for (const message of await orders.receive({ max: 3 })) {
    assert.deepEqual([...message.body], [1, 2, 3]);
  }
  const fakes = [
    Object.create(Uint8Array.prototype),
    new Proxy(new Uint8Array(3), {}),
    new Float32Array(3),
    new DataView(new ArrayBuffer(3)),
    new ArrayBuffer(3),
    [1, 2, 3],
    new String('text'),
    null,
    undefined,
  ];
  for (const body of fakes) {
    await refused(orders.send(body), /must be text or a Uint8Array/);
    await refused(orders.sendBatch(['x', { body }]), /must be text or a Uint8Array/);
    await refused(orders.sendBatch(['x', body]), /must be/);
    if (body === undefined || body === null) continue;
    const attributes = [{ name: 'a', type: 'Binary', value: body }];
    await refused(orders.send('x', { attributes }), /must be text or a Uint8Array/);
  }
  assert.deepEqual(await orders.receive({ max: 10 }), []);
});

test('memory that is gone is empty', async (t) => {
  const orders = await queue(t);
  for (const length of [5, LARGE]) {
    const gone = new Uint8Array(length).fill(1);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    await assert.rejects(orders.send(gone), MissingParameter);
    const results = await orders.sendBatch([gone, 'x', { body: gone }]);
    assert.deepEqual(results.map(({ status }) => status), ['rejected', 'fulfilled', 'rejected']);
    assert.ok(results[0].reason instanceof MissingParameter);
  }
  assert.deepEqual(texts(await orders.receive({ max: 10 })), ['x', 'x']);
});

test('memory that is shared, can grow, or is a part of other memory', async (t) => {
  const orders = await queue(t);
  for (const length of [6, LARGE]) {
    const shared = new Uint8Array(new SharedArrayBuffer(length + 8), 4, length).fill(1);
    const memory = new ArrayBuffer(length, { maxByteLength: 2 * length });
    const growing = new Uint8Array(memory);
    memory.resize(length + 1);
    growing.fill(2);
    const pooled = Buffer.allocUnsafe(length).fill(3);
    const raw = { raw: new Uint8Array(new SharedArrayBuffer(2)).fill(7) };
    await orders.sendBatch([shared, growing, pooled, { body: growing, attributes: raw }]);
    for (const body of [shared, growing, pooled]) await orders.send(body);
    const received = await orders.receive({ max: 7 });
    const expected = [shared, growing, pooled, growing, shared, growing, pooled];
    for (const [at, { body }] of received.entries()) {
      assert.deepEqual([body.length, body[0]], [expected[at].length, expected[at][0]]);
      assert.ok(body.every((byte) => byte === body[0]));
    }
    assert.deepEqual([...received[3].attributes.raw], [7, 7]);
  }
});

test('half a pair of surrogates is U+FFFD wherever it stands', async (t) => {
  const orders = await queue(t);
  const half = 'a\ud83e';
  const long = half.repeat(LARGE);
  await orders.sendBatch([half, long, { body: half, group: 'g', traceHeader: half, sender: half }]);
  await orders.send(long);
  const received = await orders.receive({ max: 10 });
  const whole = 'a\ufffd';
  const wholes = [whole, whole.repeat(LARGE), whole, whole.repeat(LARGE)];
  assert.deepEqual(texts(received), wholes);
  assert.deepEqual([received[2].traceHeader, received[2].sender], [whole, whole]);
  const [{ reason }] = await orders.deleteBatch([half]);
  assert.ok(reason.message.includes(whole));
  await assert.rejects(orders.sendBatch([{ body: 'x', id: half }]), InvalidBatchEntryId);
});

test('an entry may have all that an entry can have', async (t) => {
  const orders = await queue(t, { fifo: true });
  const parts = {
    id: 'the-id',
    attributes: { text: 'a', bytes: Buffer.from('b') },
    group: 'the-group',
    dedup: 'the-dedup',
    traceHeader: 'the header',
    sender: 'the sender',
  };
  for (const body of ['text', Buffer.from('bytes'), 'long'.repeat(LARGE)]) {
    const dedup = String(body.length);
    const [{ status }] = await orders.sendBatch([{ ...parts, body, dedup }]);
    assert.equal(status, 'fulfilled');
    const [message] = await orders.receive({ max: 10 });
    const { text, group, traceHeader, sender } = message;
    assert.deepEqual([text, message.dedup], [String(body), dedup]);
    assert.deepEqual({ ...parts, group, traceHeader, sender }, parts);
    const attributes = message.typedAttributes.map(({ value }) => String(value));
    assert.deepEqual(attributes, ['a', 'b']);
    const change = { message: message.receipt, seconds: 60, id: 'the-id' };
    const [changed] = await orders.changeVisibilityBatch([change]);
    assert.equal(changed.status, 'fulfilled');
    await orders.deleteBatch([{ receipt: message.receipt, id: 'the-id' }]);
  }
  const standard = await queue(t);
  await standard.sendBatch([{ ...parts, body: 'x', delay: 900, dedup: undefined }]);
  const [peeked] = await standard.peek();
  const { state, group, sender } = peeked;
  assert.deepEqual([state, group, sender], ['delayed', 'the-group', 'the sender']);
});

test('what is far too long is refused', async (t) => {
  const orders = await queue(t);
  const long = Buffer.alloc(70 << 20, 'x');
  await assert.rejects(orders.send(long), InvalidParameterValue);
  await assert.rejects(orders.send(long.toString('latin1')), InvalidParameterValue);
  const parts = [
    { attributes: { a: long } },
    { attributes: { a: 'x'.repeat(5 << 20) } },
    { group: 'x'.repeat(5 << 20) },
  ];
  for (const part of parts) await assert.rejects(orders.send('x', part), InvalidParameterValue);
  await orders.send('after');
  assert.deepEqual(texts(await orders.receive({ max: 10 })), ['after']);
});

test('names that objects have anyway are names like others', async (t) => {
  const orders = await queue(t);
  const odd = ['__proto__', 'constructor', 'toString', 'failure', 'text', 'length', 'then'];
  const values = Object.fromEntries(odd.map((name) => [name, `the ${name}`]));
  const attributes = Object.fromEntries(odd.map((name) => [name, `the ${name}`]));
  await orders.sendBatch([{ body: 'x', attributes }]);
  const [message] = await orders.receive();
  assert.deepEqual(Object.entries(message.attributes), Object.entries(values));
  assert.equal(({}).then, undefined);
  await orders.tag(values);
  const tags = await orders.tags();
  assert.deepEqual(Object.keys(tags).sort(), [...odd].sort());
  for (const name of odd) {
    assert.equal(Object.getOwnPropertyDescriptor(tags, name).value, `the ${name}`);
  }
});

test('an attribute has the name under which it stands', async (t) => {
  const orders = await queue(t);
  await orders.send('x', { attributes: { a: 1, b: Buffer.from([1]) } });
  const [message] = await orders.receive();
  const renamed = message.typedAttributes.map((attribute) => [`my.${attribute.name}`, attribute]);
  await orders.send('y', { attributes: Object.fromEntries(renamed) });
  const [other] = await orders.receive();
  assert.deepEqual(other.typedAttributes.map(({ name }) => name), ['my.a', 'my.b']);
});

test('what fails while a batch is made leaves nothing behind', async (t) => {
  const orders = await queue(t);
  const failure = new Error('mine');
  const fails = () => {
    throw failure;
  };
  const getter = (name) => Object.defineProperty({ body: 'b' }, name, { get: fails });
  let closed = 0;
  function* broken() {
    try {
      yield 'a';
      yield getter('body');
    } finally {
      closed += 1;
    }
  }
  const batches = [
    broken(),
    ['a', getter('delay')],
    ['a', { body: 'b', attributes: [getter('value')] }],
    ['a', { body: Buffer.alloc(LARGE), attributes: Object.defineProperty({}, 'n', {
      get: fails,
      enumerable: true,
    }) }],
    { [Symbol.iterator]: fails },
    { [Symbol.iterator]: () => ({ next: fails }) },
  ];
  for (const batch of batches) {
    await assert.rejects(orders.sendBatch(batch), (error) => error === failure);
  }
  assert.equal(closed, 1);
  const change = Object.defineProperty({ message: 'm' }, 'seconds', { get: fails });
  await assert.rejects(orders.changeVisibilityBatch([change]), (error) => error === failure);
  const deletion = Object.defineProperty({ id: 'i' }, 'receipt', { get: fails });
  await assert.rejects(orders.deleteBatch([deletion]), (error) => error === failure);
  await orders.send('after');
  assert.deepEqual(texts(await orders.receive({ max: 10 })), ['after']);
});

test('getters may use the queue, and close the store', WATCHDOG, async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  const inner = [];
  const entry = (number) => ({
    get body() {
      inner.push(orders.sendBatch([`inner ${number}`, Buffer.alloc(LARGE)]));
      return `outer ${number}`;
    },
    get delay() {
      inner.push(orders.receive({ max: 1 }), orders.deleteBatch(['r']).catch(() => {}));
      return 0;
    },
  });
  await orders.sendBatch([entry(0), entry(1), entry(2)]);
  await Promise.all(inner);
  const states = await orders.peek({ max: 100 });
  const told = states.map(({ body }) => body.toString('latin1')).filter((text) => text[0] !== '\0');
  assert.deepEqual(told.sort(), [0, 1, 2].flatMap((n) => [`inner ${n}`, `outer ${n}`]).sort());
  let closing;
  const last = {
    get body() {
      closing = opened.close();
      return 'last';
    },
  };
  await orders.sendBatch([last]).catch((error) => assert.ok(error instanceof Closed));
  await closing;
});

test('frozen values are taken', async (t) => {
  const orders = await queue(t);
  const attributes = Object.freeze({ a: Object.freeze({ type: 'String', value: 'v' }) });
  const entry = Object.freeze({ body: 'x', attributes, delay: 0 });
  const list = Object.freeze([Object.freeze({ name: 'a', type: 'String', value: 'w' })]);
  await orders.sendBatch(Object.freeze([entry, Object.freeze({ body: 'y', attributes: list })]));
  const received = await orders.receive(Object.freeze({ max: 10 }));
  assert.deepEqual(received.map((it) => it.attributes.a), ['v', 'w']);
  for (const message of received) Object.freeze(message);
  assert.deepEqual(received.map(({ body }) => body.toString()), ['x', 'y']);
  const deleted = await orders.deleteBatch(Object.freeze(received));
  assert.deepEqual(deleted.map(({ status }) => status), ['fulfilled', 'fulfilled']);
});

test('absent options are absent, also as null', async (t) => {
  const orders = await queue(t);
  await orders.send('x', null);
  const nothing = { attributes: null, delay: null, group: null, sender: null, id: null };
  await orders.send('x', nothing);
  await orders.sendBatch([{ body: 'x', ...nothing }]);
  assert.equal((await orders.receive({ max: 10, wait: null, signal: undefined })).length, 3);
});

test('a signal that is none takes no message', async (t) => {
  const orders = await queue(t);
  await orders.send('x');
  for (const signal of [{}, 7, 'abort', { aborted: false }]) {
    await assert.rejects(orders.receive({ signal, wait: 1 }));
    assert.deepEqual(await orders.counts(), { visible: 1, inFlight: 0, delayed: 0 });
  }
});

test('messages are read after their store is closed', async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  await orders.sendBatch([{ body: 'a', attributes: { n: 1 } }, Buffer.alloc(LARGE, 'b')]);
  const received = await orders.receive({ max: 10 });
  await opened.close();
  globalThis.gc();
  assert.deepEqual(texts(received), ['a', 'b'.repeat(LARGE)]);
  assert.deepEqual({ ...received[0].attributes }, { n: 1 });
  assert.match(received[0].receipt, /./);
  assert.equal(received[0].systemAttributes().ApproximateReceiveCount, '1');
  await assert.rejects(received[0].delete(), Closed);
  await assert.rejects(orders.deleteBatch(received), Closed);
});

test('a worker gets what a message tells, not the message', WATCHDOG, async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(['first', 'second']);
  const [first, second] = await orders.receive({ max: 2 });
  const code = `const { parentPort: port } = require('node:worker_threads');
    port.on('message', (values) => { port.postMessage(values); port.close(); });`;
  const worker = new Worker(code, { eval: true });
  const answer = new Promise((resolve) => worker.once('message', resolve));
  worker.postMessage([first, { ...first.toJSON() }, first.body, second.receipt]);
  const [message, told, body, receipt] = await answer;
  assert.deepEqual([message, told.text, Buffer.from(body).toString()], [{}, 'first', 'first']);
  const whole = new Uint8Array(first.body);
  structuredClone(whole.buffer, { transfer: [whole.buffer] });
  assert.deepEqual([first.body.toString(), second.text], ['first', 'second']);
  await orders.delete(receipt);
  await first.delete();
  assert.deepEqual(await orders.peek(), []);
});

test('messages outlive their receive under a collector that runs all the time', async (t) => {
  const orders = await queue(t);
  const kept = [];
  for (let round = 0; round < 60; round += 1) {
    const sizes = Array.from({ length: 10 }, (_, at) => (at === 7 ? LARGE : 50 + at * round));
    const byte = (at) => 1 + ((round * 10 + at) % 250);
    await orders.sendBatch(sizes.map((size, at) => Buffer.alloc(size, byte(at))));
    const [waited, all] = await Promise.all([
      orders.receive({ max: 5, wait: 1 }),
      orders.receive({ max: 5, wait: 1 }),
    ]);
    kept.push(...waited, ...all);
    if (round % 3 === 0) globalThis.gc();
  }
  globalThis.gc();
  assert.equal(kept.length, 600);
  for (const { body } of kept) assert.ok(body.every((byte) => byte === body[0]));
});
