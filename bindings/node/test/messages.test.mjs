// Sending, receiving, deleting, hiding.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { InvalidParameterValue, Message, MissingParameter } from 'forebay';
import { directory, queue, store, texts } from './tools/places.mjs';

const MANUAL = { clock: 'manual', clockStart: 1_700_000_000_000 };

test('what is sent is received, byte for byte', async (t) => {
  const orders = await queue(t);
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const middle = new Uint8Array(bytes.buffer, bytes.byteOffset + 1, 3);
  await orders.send(bytes);
  await orders.send(middle);
  await orders.send('gr\u00fc\u00df dich \u{1f980}');
  const received = await orders.receive({ max: 10 });
  assert.deepEqual(received[0].body, bytes);
  assert.deepEqual([...received[1].body], [1, 2, 3]);
  assert.equal(received[2].text, 'gr\u00fc\u00df dich \u{1f980}');
  assert.equal(received[2].body.toString(), received[2].text);
  for (const message of received) await message.delete();
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('attributes keep their types', async (t) => {
  const orders = await queue(t);
  const attributes = {
    kind: 'new',
    count: 3,
    huge: 12345678901234567890n,
    raw: new Uint8Array([1, 2]),
    label: { type: 'Number.int', value: '007' },
  };
  await orders.send('x', { attributes });
  const [message] = await orders.receive();
  assert.deepEqual(
    { ...message.attributes },
    { ...attributes, huge: '12345678901234567890', raw: Buffer.from([1, 2]), label: '007' },
  );
  assert.deepEqual(message.typedAttributes[1], { name: 'count', type: 'Number', value: '3' });
  assert.deepEqual(message.selectAttributes(['ra.*']).map(({ name }) => name), ['raw']);
  assert.match(message.md5OfAttributes(['kind']), /^[0-9a-f]{32}$/);
  assert.equal(message.md5OfAttributes(['absent']), undefined);
  await orders.send('forwarded', { attributes: message.typedAttributes });
  const [forwarded] = await orders.receive();
  assert.deepEqual(forwarded.typedAttributes, message.typedAttributes);
});

test('a message tells everything about itself', async (t) => {
  const opened = await store(t, { ...MANUAL, account: '123456789012', region: 'eu-north-1' });
  const orders = await opened.createQueue('q.fifo', { fifo: true, contentDedup: true });
  assert.equal(orders.arn, 'arn:aws:sqs:eu-north-1:123456789012:q.fifo');
  const receipt = await orders.send('{"n":1}', {
    group: 'g',
    traceHeader: 'Root=1',
    sender: 'me',
    digests: true,
  });
  const again = await orders.send('{"n":1}', { group: 'g' });
  assert.deepEqual([again.id, again.duplicate], [receipt.id, true]);
  await opened.advance(5000);
  const [message] = await orders.receive({ visibilityTimeout: 60 });
  assert.equal(message.id, receipt.id);
  assert.equal(message.sequenceNumber, receipt.sequenceNumber);
  assert.equal(message.md5OfBody(), receipt.md5OfBody);
  assert.match(receipt.md5OfSystemAttributes, /^[0-9a-f]{32}$/);
  assert.equal(message.receiveCount, 1);
  assert.equal(message.sentAt.getTime(), MANUAL.clockStart);
  assert.equal(message.firstReceivedAt.getTime(), MANUAL.clockStart + 5000);
  assert.equal(message.visibleAt.getTime(), MANUAL.clockStart + 65_000);
  assert.deepEqual([message.group, message.sender, message.traceHeader], ['g', 'me', 'Root=1']);
  assert.match(message.dedup, /^[0-9a-f]{64}$/);
  assert.equal(message.deadLetterSource, undefined);
  assert.deepEqual(message.json(), { n: 1 });
  assert.equal(message.systemAttributes().SenderId, 'me');
  assert.equal(JSON.parse(JSON.stringify(message)).id, receipt.id);
  assert.match(inspect(message), /Message \{.*n/s);
});

test('a batch succeeds and fails entry by entry', async (t) => {
  const orders = await queue(t);
  const results = await orders.sendBatch([
    'a',
    Buffer.from('b'),
    { body: 'c', delay: 901 },
    { body: '' },
    { body: 'd', attributes: { n: 1 } },
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'],
  );
  assert.ok(results[2].reason instanceof InvalidParameterValue);
  assert.ok(results[3].reason instanceof MissingParameter);
  const received = await orders.receive({ max: 10 });
  assert.deepEqual(texts(received), ['a', 'b', 'd']);
  const changed = await orders.changeVisibilityBatch([
    { message: received[0], seconds: 0 },
    { message: received[1].receipt, seconds: 50_000 },
  ]);
  assert.deepEqual(changed.map(({ status }) => status), ['fulfilled', 'rejected']);
  const [again] = await orders.receive();
  assert.equal(again.text, 'a');
  assert.equal(again.receiveCount, 2);
  const deleted = await orders.deleteBatch([
    again,
    received[1].receipt,
    { receipt: 'nonsense' },
  ]);
  assert.deepEqual(deleted.map(({ status }) => status), ['fulfilled', 'fulfilled', 'rejected']);
  await orders.delete(received[2].receipt);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('messages are hidden, given back and deleted by message or receipt', async (t) => {
  const opened = await store(t, MANUAL);
  const orders = await opened.createQueue('q', { visibilityTimeout: 30, delay: 2 });
  await orders.send('x');
  assert.deepEqual(await orders.receive(), []);
  await opened.advance(2000);
  const [first] = await orders.receive();
  await orders.changeVisibility(first, 100);
  await opened.advance(99_999);
  assert.deepEqual(await orders.receive(), []);
  await opened.advance(1);
  const [second] = await orders.receive();
  await orders.changeVisibility(second.receipt, 0);
  const [third] = await orders.receive();
  assert.equal(third.receiveCount, 3);
  await third.changeVisibility(0);
  const [fourth] = await orders.receive();
  await orders.delete(fourth);
  await orders.delete(fourth.receipt);
  assert.equal(await opened.now(), MANUAL.clockStart + 102_000);
});

test('a peek shows messages and changes nothing', async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(['a', { body: 'b', delay: 60 }, { body: 'c', group: 'g' }]);
  const [a] = await orders.receive();
  const peeked = await orders.peek();
  assert.deepEqual(
    peeked.map(({ body, state }) => [body.toString(), state]),
    [['a', 'inFlight'], ['b', 'delayed'], ['c', 'visible']],
  );
  assert.equal(peeked[0].visibleMs, a.visibleAt.getTime());
  assert.deepEqual((await orders.peek({ group: 'g' })).map(({ id }) => id), [peeked[2].id]);
  const after = await orders.peek({ after: 1, max: 1, states: ['delayed', 'visible'] });
  assert.deepEqual(after.map(({ sequence }) => sequence), [2]);
});

test('a receipt deletes in another handle of the store', async (t) => {
  const orders = await queue(t);
  await orders.send('x');
  const [message] = await orders.receive();
  assert.ok(message instanceof Message);
  await orders.delete(message.receipt);
  assert.deepEqual(await orders.peek(), []);
});

test('calls that are not awaited one by one keep their order', async (t) => {
  for (const durability of ['full', 'os']) {
    const opened = await store(t, { durability }, await directory(t));
    const orders = await opened.createQueue('q.fifo', { fifo: true, contentDedup: true });
    const bodies = Array.from({ length: 300 }, (_, number) => `${number}`);
    await Promise.all(bodies.map((body) => orders.send(body, { group: 'g' })));
    assert.deepEqual(texts(await orders.receive({ max: 300 })), bodies, durability);
  }
});

test('a loop over a full queue leaves the event loop its turns', async (t) => {
  const orders = await queue(t);
  await orders.sendBatch(Array.from({ length: 5000 }, () => 'x'));
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  for (let count = 0; count < 5000; count += 1) {
    const [message] = await orders.receive();
    await message.delete();
  }
  clearInterval(timer);
  assert.ok(turns > 3, `${turns} turns`);
});

test('messages keep their queue when nothing else does', async (t) => {
  const opened = await store(t);
  const names = Array.from({ length: 20 }, (_, number) => `q${number}`);
  const held = [];
  for (const name of names) {
    const orders = await opened.createQueue(name);
    await orders.sendBatch([name, name]);
    held.push(...(await orders.receive({ max: 2 })));
    for (let round = 0; round < 20; round += 1) await opened.getQueue(names[0]);
    globalThis.gc();
    await new Promise(setImmediate);
  }
  for (const message of held) assert.match(message.text, /^q\d+$/);
  await Promise.all(held.map((message) => message.delete()));
  for (const name of names) {
    const orders = await opened.getQueue(name);
    assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
  }
});
