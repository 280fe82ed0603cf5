// The test kit, through node:test and through vitest.

import assert, { AssertionError } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test as plain } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  awaitMessage,
  createTestServer,
  createTestStore,
  disordered,
  environment,
  expectNoMessage,
  milliseconds,
} from 'forebay/testing';
import { endpoint, test } from 'forebay/testing/node';
import { ask } from './tools/client.mjs';

test('a test has a store, a queue and virtual time', async ({ t, forebay, store, queue }) => {
  assert.equal(t.name, 'a test has a store, a queue and virtual time');
  await queue.send('later', { delay: 900 });
  await expectNoMessage(queue);
  await forebay.advance('14m59s');
  await expectNoMessage(queue, { within: 5 });
  await forebay.advance(1000);
  assert.equal((await awaitMessage(queue)).text, 'later');
  assert.deepEqual(await store.listQueues(), [queue.name]);
  const fifo = await forebay.queue({ fifo: true });
  assert.ok(fifo.fifo && fifo.name !== queue.name);
  await queue.purge();
  await queue.purge();
});

test('a message is awaited, by what it is', async ({ queue }) => {
  setTimeout(() => queue.sendBatch(['a', 'b', 'c']), 10);
  const message = await awaitMessage(queue, { where: ({ text }) => text === 'c' });
  assert.equal(message.text, 'c');
  assert.deepEqual(await queue.counts(), { visible: 2, inFlight: 1, delayed: 0 });
});

test('what is not as expected is said', async ({ queue }) => {
  await queue.send('hidden', { delay: 1 });
  await assert.rejects(awaitMessage(queue, { timeout: 20 }), (error) => {
    assert.ok(error instanceof AssertionError);
    assert.match(error.message, /queue-1 within 20 ms; it has 0 visible, .* 1 delayed/);
    return true;
  });
  await queue.send('there');
  await assert.rejects(expectNoMessage(queue), /expected to be empty.*"there"/);
  await assert.rejects(expectNoMessage(queue, { within: 1000 }), /"there"/);
  assert.equal((await queue.counts()).visible, 1);
});

test('disorder is the same for the same seed, and loses nothing', async ({ forebay }) => {
  const run = async (seed) => {
    const queue = await forebay.queue();
    await queue.sendBatch(Array.from({ length: 50 }, (_, number) => `${number}`));
    const wild = disordered(queue, { seed, duplicates: 0.3 });
    assert.equal(wild.name, queue.name);
    const seen = [];
    for (let idle = 0; idle < 10; ) {
      const messages = await wild.receive({ max: 4, wait: 0 });
      idle = messages.length === 0 ? idle + 1 : 0;
      for (const message of messages) {
        seen.push(message.text);
        await wild.delete(message);
      }
    }
    return seen;
  };
  const [one, same, other] = [await run(1), await run(1), await run(2)];
  assert.deepEqual(one, same);
  assert.notDeepEqual(one, other);
  assert.equal(new Set(one).size, 50);
  assert.ok(one.length > 50, 'some came twice');
  assert.notDeepEqual([...new Set(one)], Array.from({ length: 50 }, (_, number) => `${number}`));
  const fifo = await forebay.queue({ fifo: true });
  assert.throws(() => disordered(fifo, { seed: 1 }), /FIFO/);
});

test('a disordered queue can be iterated', async ({ queue }) => {
  await queue.sendBatch(['a', 'b', 'c']);
  const seen = new Set();
  for await (const message of disordered(queue, { seed: 7 }).messages()) {
    seen.add(message.text);
    if (seen.size === 3) break;
  }
});

plain('a test store closes, and may run on real time', async () => {
  const real = await createTestStore({ clock: 'system' });
  await assert.rejects(real.advance(1));
  await real[Symbol.asyncDispose]();
  await assert.rejects(real.queue());
  assert.equal(milliseconds('1h30m5s7ms'), 5_405_007);
  assert.throws(() => milliseconds('soon'), RangeError);
});

plain('a test has a server, and the environment leads to it', async (t) => {
  process.env.AWS_PROFILE = 'work';
  delete process.env.AWS_ENDPOINT_URL_SQS;
  await t.test('inside', async (inner) => {
    const server = await endpoint(inner);
    const { url, store } = server;
    assert.deepEqual({ ...process.env, ...environment(url) }, { ...process.env });
    assert.equal(process.env.AWS_PROFILE, undefined);
    const name = { QueueName: 'orders' };
    const { QueueUrl } = await ask(process.env.AWS_ENDPOINT_URL_SQS, 'CreateQueue', name);
    await ask(url, 'SendMessage', { QueueUrl, MessageBody: 'later', DelaySeconds: 900 });
    const orders = await store.getQueue('orders');
    await expectNoMessage(orders);
    await server.advance('15m');
    assert.equal((await awaitMessage(orders)).text, 'later');
    await server.reset();
    assert.deepEqual(await store.listQueues(), []);
  });
  assert.equal(process.env.AWS_PROFILE, 'work');
  assert.equal(process.env.AWS_ENDPOINT_URL_SQS, undefined);
  delete process.env.AWS_PROFILE;
  const frozen = await createTestServer({ test: { frozen: true, startMs: 5 } });
  assert.equal(await frozen.advance(5), 10);
  await frozen[Symbol.asyncDispose]();
});

plain('vitest has the same', { timeout: 120_000 }, (t) => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--root', 'test/vitest'],
    { cwd: root, encoding: 'utf8', env: { ...process.env, CI: '1', NO_COLOR: '1' } },
  );
  t.diagnostic(stdout);
  assert.equal(status, 0, stderr + stdout);
  assert.match(stdout, /Tests +4 passed/);
});
