// Batches: what crosses in one piece is what was sent, piece by piece.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import {
  BatchEntryIdsNotDistinct,
  EmptyBatchRequest,
  InvalidArgument,
  InvalidParameterValue,
  MissingParameter,
  ReceiptHandleIsInvalid,
} from 'forebay';
import { queue, store, texts } from './tools/places.mjs';

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');

const EMPTY = { visible: 0, inFlight: 0, delayed: 0 };

/** Messages of every form that a body and its attributes can have. */
const FORMS = [
  { body: 'plain' },
  { body: 'gr\u00fc\u00df dich \u{1f980}\u0000' },
  { body: '\ufeffmark' },
  { body: 'half \ud83e of a pair' },
  { body: Buffer.from([0, 255, 254, 0xc3, 0x28, 0xe2, 0x82]) },
  { body: new Uint8Array(Buffer.from('abcdef').subarray(1, 3)) },
  { body: 'x', attributes: {} },
  { body: 'x', attributes: { '\u00e4': '\u00f6', n: -0.5, raw: Buffer.from([0, 255]), big: 2n } },
  { body: 'x', attributes: [{ name: 'a', type: 'Number.int', value: '007' }], group: 'tenant' },
  { body: 'x', traceHeader: 'Root=1', sender: '\u00e9' },
  { body: '\u{1f980}'.repeat(20_000) },
  { body: randomBytes(9000), attributes: { of: 'a large one' } },
  { body: 'z'.repeat(8192) },
];

function bytesOf({ body }) {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body);
}

/** Everything a message tells, that does not change from one receive to the next. */
function told(message) {
  const { body, text, id, sender, group, traceHeader, typedAttributes } = message;
  const digests = [message.md5OfBody(), message.md5OfAttributes(), message.md5OfAttributes(['n'])];
  const times = [message.sentAt, message.firstReceivedAt, message.visibleAt].map(Number);
  const { SenderId, SentTimestamp } = message.systemAttributes();
  const texts = { text, id, sender, group, traceHeader, SenderId, SentTimestamp };
  return { ...texts, body, typedAttributes, digests, times };
}

test('each message of a batch is what one message alone is', async (t) => {
  const options = { clock: 'manual', clockStart: 1_700_000_000_000 };
  const opened = await store(t, options);
  const [alone, together] = [await opened.createQueue('a'), await opened.createQueue('b')];
  for (const form of FORMS) {
    const { body, ...rest } = form;
    await alone.send(body, rest);
  }
  const sent = await together.sendBatch(FORMS);
  assert.deepEqual(sent.map(({ status }) => status), FORMS.map(() => 'fulfilled'));
  const received = await together.receive({ max: FORMS.length });
  assert.deepEqual(received.map(({ id }) => id), sent.map(({ value }) => value.id));
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for (const [index, message] of received.entries()) {
    const [single] = await alone.receive();
    const bytes = bytesOf(FORMS[index]);
    assert.deepEqual(message.body, bytes);
    assert.equal(message.text, decoder.decode(bytes));
    assert.equal(message.md5OfBody(), md5(bytes));
    assert.deepEqual({ ...told(message), id: 0 }, { ...told(single), id: 0 });
    assert.equal(message.receiveCount, 1);
    assert.deepEqual(
      [message.dedup, message.sequenceNumber, message.deadLetterSource],
      [undefined, undefined, undefined],
    );
  }
  const peeked = await together.peek({ max: FORMS.length });
  for (const [index, { body, attributes, id, sender, md5OfBody }] of peeked.entries()) {
    const message = received[index];
    assert.deepEqual(body, message.body);
    assert.deepEqual(attributes, message.typedAttributes);
    assert.deepEqual([id, sender, md5OfBody], [message.id, message.sender, message.md5OfBody()]);
  }
});

test('messages stay as they were while thousands of others come', async (t) => {
  const orders = await queue(t);
  const kept = [];
  for (let round = 0; round < 300; round += 1) {
    await orders.sendBatch(Array.from({ length: 10 }, (_, at) => `${round}-${at}`.padEnd(300)));
    kept.push(...(await orders.receive({ max: 10 })));
  }
  kept.forEach((message, at) => {
    assert.equal(message.text.trim(), `${Math.floor(at / 10)}-${at % 10}`);
    assert.equal(message.body.toString(), message.text);
  });
  for (let at = 0; at < kept.length; at += 1000) {
    const results = await orders.deleteBatch(kept.slice(at, at + 1000));
    assert.ok(results.every(({ status }) => status === 'fulfilled'));
  }
  assert.deepEqual(await orders.counts(), EMPTY);
});

test('what a program does with a body changes nothing else', async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(['first', 'second']);
  const [first, second] = await orders.receive({ max: 2 });
  assert.equal(first.body, first.body);
  first.body.fill(0);
  assert.deepEqual([first.text, first.md5OfBody()], ['first', md5('first')]);
  assert.deepEqual([second.text, second.body.toString()], ['second', 'second']);
});

test('a message that is kept keeps little else', async (t) => {
  const orders = await queue(t);
  const large = Buffer.alloc(20_000, 'x');
  const kept = [];
  const held = () => {
    globalThis.gc();
    return process.memoryUsage().arrayBuffers;
  };
  const before = held();
  for (let round = 0; round < 20; round += 1) {
    await orders.sendBatch(Array.from({ length: 100 }, () => large));
    const messages = await orders.receive({ max: 100 });
    kept.push(messages[round]);
    await orders.deleteBatch(messages);
  }
  const each = (held() - before) / kept.length;
  assert.ok(each < 64 * 1024, `${each} bytes a message`);
  assert.ok(kept.every(({ body }) => body.equals(large)));
});

test('messages and receipts show what they always showed', async (t) => {
  const orders = await queue(t);
  const [{ status, value }] = await orders.sendBatch([{ body: 'a' }]);
  assert.deepEqual([status, Object.keys(value)], ['fulfilled', ['id', 'duplicate']]);
  assert.match(value.id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.deepEqual(structuredClone(value), { ...value });
  assert.equal(inspect(value), `{ id: '${value.id}', duplicate: false }`);
  const [message] = await orders.receive();
  const shown = { id: value.id, text: 'a', receiveCount: 1, group: undefined };
  assert.deepEqual(message.toJSON(), { ...shown, sequenceNumber: undefined });
  assert.equal(JSON.stringify(message), JSON.stringify(shown));
  assert.equal(inspect(message), `Message ${inspect({ ...shown, sequenceNumber: undefined })}`);
  assert.deepEqual([Object.keys(message), structuredClone(message)], [[], {}]);
  const deleted = await orders.deleteBatch([message]);
  assert.deepEqual(deleted, [{ status: 'fulfilled', value: undefined }]);
});

test('a FIFO batch tells sequence numbers, duplicates and digests', async (t) => {
  const orders = await queue(t, { fifo: true });
  const entry = (number) => ({ body: `${number}`, group: 'g', dedup: `${number % 30}` });
  const entries = Array.from({ length: 40 }, (_, number) => entry(number));
  entries[3] = { ...entries[3], attributes: { n: 1 }, traceHeader: 'Root=1' };
  const results = await orders.sendBatch(entries, { digests: true });
  const receipts = results.map(({ value }) => value);
  assert.deepEqual(receipts.map(({ duplicate }) => duplicate), entries.map((_, at) => at >= 30));
  assert.deepEqual(
    Object.keys(receipts[3]),
    ['id', 'sequenceNumber', 'duplicate', 'md5OfBody', 'md5OfAttributes', 'md5OfSystemAttributes'],
  );
  assert.deepEqual(Object.keys(receipts[0]), ['id', 'sequenceNumber', 'duplicate', 'md5OfBody']);
  const received = await orders.receive({ max: 30 });
  for (const [at, message] of received.entries()) {
    assert.equal(message.text, `${at}`);
    for (const same of at < 10 ? [at, at + 30] : [at]) {
      assert.equal(message.id, receipts[same].id);
      assert.equal(message.sequenceNumber, receipts[same].sequenceNumber);
      assert.equal(receipts[same].md5OfBody, md5(`${same}`));
    }
    assert.equal(message.md5OfAttributes(), receipts[at].md5OfAttributes);
    assert.deepEqual([message.group, message.dedup], ['g', `${at}`]);
  }
});

test('failures stand where their entries stood', async (t) => {
  for (const durability of ['os', 'full']) {
    const orders = await queue(t, {}, { durability });
    const isBad = (at) => at % 23 === 5 || at === 6;
    const bodies = Array.from({ length: 100 }, (_, at) => (isBad(at) ? '' : `${at}`));
    const results = await orders.sendBatch(bodies);
    for (const [at, { status, reason }] of results.entries()) {
      assert.equal(status, isBad(at) ? 'rejected' : 'fulfilled', `${at}`);
      if (isBad(at)) assert.ok(reason instanceof MissingParameter);
    }
    const received = await orders.receive({ max: 100 });
    assert.deepEqual(texts(received), bodies.filter((body) => body !== ''));
    const sent = results.filter(({ status }) => status === 'fulfilled');
    assert.deepEqual(received.map(({ id }) => id), sent.map(({ value }) => value.id));
    const deletions = [...received, 'nonsense', received[0].receipt];
    const deleted = await orders.deleteBatch(deletions);
    const failed = deleted.flatMap(({ status }, at) => (status === 'rejected' ? [at] : []));
    assert.deepEqual(failed, [received.length]);
    assert.ok(deleted[received.length].reason instanceof ReceiptHandleIsInvalid);
    assert.deepEqual(await orders.counts(), EMPTY);
  }
});

test('a batch with a value that cannot be taken does nothing', async (t) => {
  const orders = await queue(t);
  const refused = (promise, pattern) =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof InvalidArgument, String(error));
      assert.match(error.message, pattern);
      return true;
    });
  const bad = [
    [{ body: 'b', id: 7 }, /id is 7/],
    [{ body: 'b', delay: '1' }, /delay is '1'.*number/],
    [{ body: 'b', group: {} }, /group is {}.*text/],
    [{ body: 'b', dedup: Symbol('d') }, /dedup is Symbol\(d\)/],
    [{ body: 'b', traceHeader: 1n }, /traceHeader is 1n/],
    [{ body: 'b', sender: [] }, /sender is \[\]/],
    [{ body: 'b', attributes: [{ name: 'n', type: 'String', value: 7 }] }, /value .* is 7/],
    [{ body: 'b', attributes: [{ type: 'String', value: 'v' }] }, /name .* is undefined/],
    [{ body: 'b', attributes: { n: { value: 'v' } } }, /type .* is undefined/],
    [{ body: 7 }, /body is 7/],
  ];
  for (const [entry, pattern] of bad) {
    await refused(orders.sendBatch(['a', entry, 'c']), pattern);
    const { body, id, ...options } = entry;
    if (id === undefined) await refused(orders.send(body, options), pattern);
  }
  await orders.send('x');
  const [message] = await orders.receive();
  await refused(orders.deleteBatch([message, { receipt: 7 }]), /receipt is 7/);
  await refused(orders.deleteBatch([{ receipt: 'r', id: 7 }]), /id is 7/);
  const changes = [{ message, seconds: 0 }, { message, seconds: 'soon' }];
  await refused(orders.changeVisibilityBatch(changes), /seconds is 'soon'/);
  await refused(orders.receive({ max: '10' }), /./);
  await assert.rejects(orders.sendBatch([]), EmptyBatchRequest);
  await assert.rejects(orders.deleteBatch([]), EmptyBatchRequest);
  const same = [{ body: 'a', id: 'i' }, { body: 'b', id: 'i' }];
  await assert.rejects(orders.sendBatch(same), BatchEntryIdsNotDistinct);
  const twice = [message.receipt, message.receipt].map((receipt) => ({ receipt, id: 'i' }));
  await assert.rejects(orders.deleteBatch(twice), BatchEntryIdsNotDistinct);
  const far = [{ body: 'a' }, { body: 'b', delay: 1.5 }];
  await assert.rejects(orders.sendBatch(far), InvalidParameterValue);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 1, delayed: 0 });
  const ids = changes.map((_, at) => ({ message, seconds: 60, id: `i${at}` }));
  const changed = await orders.changeVisibilityBatch(ids);
  assert.deepEqual(changed.map(({ status }) => status), ['fulfilled', 'fulfilled']);
});

test('a message of another queue is not deleted', async (t) => {
  const opened = await store(t);
  const [one, two] = [await opened.createQueue('one'), await opened.createQueue('two')];
  await one.send('x');
  const [message] = await one.receive();
  const [{ reason }] = await two.deleteBatch([message]);
  assert.ok(reason instanceof ReceiptHandleIsInvalid);
  assert.ok(reason.message.includes(message.receipt));
  await two.delete(message);
  assert.deepEqual(await one.counts(), EMPTY);
});

test('an iterator may send while its batch is made', async (t) => {
  const orders = await queue(t);
  const inner = [];
  function* bodies() {
    for (let number = 0; number < 5; number += 1) {
      inner.push(orders.sendBatch([`inner ${number}`, 'more']), orders.send('single'));
      yield { body: `outer ${number}`, attributes: { n: number } };
    }
  }
  await orders.sendBatch(bodies());
  await Promise.all(inner);
  const received = await orders.receive({ max: 100 });
  const outer = received.filter(({ text }) => text.startsWith('outer'));
  assert.deepEqual(outer.map(({ text, attributes }) => [text, attributes.n]), [
    ['outer 0', 0],
    ['outer 1', 1],
    ['outer 2', 2],
    ['outer 3', 3],
    ['outer 4', 4],
  ]);
  assert.equal(received.length, 20);
});

test('a batch of ten thousand crosses', async (t) => {
  const orders = await queue(t);
  const bodies = Array.from({ length: 10_000 }, (_, number) => `${number}`.padEnd(number % 900));
  const results = await orders.sendBatch(bodies);
  assert.equal(new Set(results.map(({ value }) => value.id)).size, 10_000);
  const received = await orders.receive({ max: 10_000 });
  assert.deepEqual(texts(received), bodies);
  const deleted = await orders.deleteBatch(received);
  assert.deepEqual(new Set(deleted.map(({ status }) => status)), new Set(['fulfilled']));
  assert.deepEqual(await orders.counts(), EMPTY);
});
