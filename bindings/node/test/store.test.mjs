// Stores and queues: opening, finding, describing, caring.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as forebay from 'forebay';
import { open } from 'forebay';
import { directory, store } from './tools/places.mjs';

test('queues are made, found, listed and deleted', async (t) => {
  const opened = await store(t);
  const names = Array.from({ length: 30 }, (_, number) => `q${String(number).padStart(2, '0')}`);
  await Promise.all(names.map((name) => opened.createQueue(name)));
  await opened.createQueue('other', { tags: { team: 'a' } });
  assert.deepEqual(await opened.listQueues('q'), names);
  const page = await opened.listQueuesPage({ prefix: 'q', max: 20 });
  assert.deepEqual(page.names, names.slice(0, 20));
  const rest = await opened.listQueuesPage({ prefix: 'q', max: 20, nextToken: page.nextToken });
  assert.deepEqual(rest, { names: names.slice(20) });
  await opened.deleteQueue('q00');
  assert.equal((await opened.listQueues()).length, 30);
  const other = await opened.getQueue('other');
  assert.deepEqual([other.name, other.fifo, await other.tags()], ['other', false, { team: 'a' }]);
});

test('attributes and tags are read and written', async (t) => {
  const opened = await store(t);
  const queue = await opened.createQueue('q', {
    visibilityTimeout: 7,
    wait: 1,
    retention: 600,
    maxBytes: 2048,
    attributes: { DelaySeconds: 3 },
  });
  await queue.setAttributes({ VisibilityTimeout: 8 });
  assert.deepEqual(await queue.attributes(['VisibilityTimeout', 'DelaySeconds']), {
    VisibilityTimeout: '8',
    DelaySeconds: '3',
  });
  assert.equal((await queue.attributes()).MaximumMessageSize, '2048');
  await queue.tag({ a: '1', b: '2' });
  await queue.untag(['a', 'absent']);
  assert.deepEqual(await queue.tags(), { b: '2' });
  await assert.rejects(opened.createQueue('q', { delay: 4 }), forebay.QueueNameExists);
  await assert.rejects(queue.attributes(['Nonsense']), forebay.InvalidAttributeName);
  await assert.rejects(queue.setAttributes({ DelaySeconds: -1 }), forebay.InvalidAttributeValue);
  await queue.purge();
  await assert.rejects(queue.purge(), forebay.PurgeQueueInProgress);
});

test('dead letters move on and come back', async (t) => {
  const opened = await store(t, { clock: 'manual' });
  const dead = await opened.createQueue('dead');
  const queue = await opened.createQueue('q', { deadLetter: 'dead', maxReceives: 1 });
  assert.deepEqual(await dead.deadLetterSources(), ['q']);
  assert.deepEqual(await dead.deadLetterSourcesPage({ max: 1 }), { names: ['q'] });
  await queue.send('x');
  const [message] = await queue.receive({ visibilityTimeout: 0 });
  assert.equal(message.text, 'x');
  assert.deepEqual(await queue.receive(), []);
  assert.equal((await dead.peek())[0].deadLetterSource, queue.arn);
  const handle = await opened.startMoveTask('dead', { rate: 1 });
  const [task] = await opened.listMoveTasks('dead');
  assert.deepEqual([task.handle, task.status, task.toMove], [handle, 'RUNNING', 1]);
  await opened.advance(2000);
  assert.deepEqual((await queue.receive()).map((back) => back.text), ['x']);
  await assert.rejects(opened.cancelMoveTask(handle), forebay.ForebayError);
  await assert.rejects(opened.createQueue('half', { deadLetter: 'dead' }), /maxReceives/);
});

test('a directory keeps its queues, and two handles share it', async (t) => {
  const path = join(await directory(t), 'queues');
  const first = await open(path);
  const queue = await first.createQueue('q');
  await queue.send('kept');
  const second = await store(t, {}, path);
  assert.deepEqual(await second.listQueues(), ['q']);
  await first.close();
  await assert.rejects(queue.send('late'), forebay.Closed);
  await first.close();
  const [message] = await (await second.getQueue('q')).receive();
  assert.equal(message.text, 'kept');
  await assert.rejects(open(join(path, 'absent'), { create: false }), forebay.ForebayError);
});

test('the store is checked, counted and copied while it is in use', async (t) => {
  const path = await directory(t);
  const opened = await store(t, {}, join(path, 'queues'));
  const queue = await opened.createQueue('q');
  await queue.sendBatch(['a', 'b']);
  assert.deepEqual((await opened.check()).problems, []);
  assert.equal((await opened.check()).messages, 2);
  assert.ok((await opened.statistics()).syncs > 0);
  assert.equal(await opened.recovery(), undefined);
  await opened.backup(join(path, 'copy'));
  const copy = await store(t, {}, join(path, 'copy'));
  assert.deepEqual(await (await copy.getQueue('q')).counts(), await queue.counts());
});

test('names of another account are other queues', async (t) => {
  const opened = await store(t);
  const scoped = opened.scope('111122223333', 'eu-west-1');
  await scoped.createQueue('q');
  assert.deepEqual([scoped.account, scoped.region], ['111122223333', 'eu-west-1']);
  assert.deepEqual([opened.account, opened.region], ['000000000000', 'us-east-1']);
  assert.deepEqual(await opened.listQueues(), []);
});

test('`await using` closes a store', async (t) => {
  const path = join(await directory(t), 'queues');
  const opened = await open(path);
  await opened[Symbol.asyncDispose]();
  assert.ok(existsSync(path));
  await assert.rejects(opened.listQueues(), forebay.Closed);
});

test('a manual clock is moved by hand only, and real time not at all', async (t) => {
  const start = new Date('2026-01-01T00:00:00Z');
  const manual = await store(t, { clock: 'manual', clockStart: start });
  assert.equal(await manual.now(), start.getTime());
  assert.equal(await manual.advance(1500), start.getTime() + 1500);
  const real = await store(t);
  await assert.rejects(real.advance(1), forebay.UnsupportedOperation);
});
