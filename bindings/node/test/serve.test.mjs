// A server in this process.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import {
  Closed,
  ForeignDirectory,
  InvalidArgument,
  Io,
  open,
  serve,
  Server,
  UnsupportedOperation,
} from 'forebay';
import { ask } from './tools/client.mjs';
import { atEnd, directory, store } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };

async function server(t, options) {
  const started = await serve(options);
  atEnd(t, () => started.close());
  return started;
}

test('it answers when the promise resolves', WATCHDOG, async (t) => {
  const started = await server(t);
  assert.ok(started instanceof Server);
  assert.equal(`${started}`, `http://127.0.0.1:${started.port}`);
  const { QueueUrl } = await ask(started.url, 'CreateQueue', { QueueName: 'orders' });
  assert.equal(QueueUrl, `${started.url}/000000000000/orders`);
  await ask(started.url, 'SendMessage', { QueueUrl, MessageBody: 'over the wire' });
  const [message] = await (await started.store.getQueue('orders')).receive();
  assert.equal(message.text, 'over the wire');
  await Promise.all([started.close(), started.close()]);
  await assert.rejects(ask(started.url, 'ListQueues'), TypeError);
  await assert.rejects(started.store.listQueues(), Closed);
});

test('a store that is open is shared and stays open', WATCHDOG, async (t) => {
  const opened = await store(t);
  const queue = await opened.createQueue('orders');
  await queue.send('from the library');
  const started = await server(t, { store: opened });
  assert.equal(started.store, opened);
  const { QueueUrl } = await ask(started.url, 'GetQueueUrl', { QueueName: 'orders' });
  const { Messages } = await ask(started.url, 'ReceiveMessage', { QueueUrl });
  assert.equal(Messages[0].Body, 'from the library');
  const Entries = Array.from({ length: 11 }, (_, id) => ({ Id: `${id}`, MessageBody: 'x' }));
  const batch = ask(started.url, 'SendMessageBatch', { QueueUrl, Entries });
  await assert.rejects(batch, /TooManyEntriesInBatchRequest/);
  await started[Symbol.asyncDispose]();
  assert.equal((await queue.sendBatch(Array(11).fill('x'))).length, 11);
});

test('closing answers the polls that wait', WATCHDOG, async (t) => {
  const started = await server(t, { test: true });
  const { QueueUrl } = await ask(started.url, 'CreateQueue', { QueueName: 'orders' });
  const poll = { QueueUrl, WaitTimeSeconds: 20 };
  const polls = Array.from({ length: 8 }, () => ask(started.url, 'ReceiveMessage', poll));
  while ((await started.control('GET', 'waits')).waiting < 8) await setTimeout(5);
  await started.close();
  assert.deepEqual(await Promise.all(polls), Array(8).fill({}));
});

test('time and faults are those of the test', WATCHDOG, async (t) => {
  const started = await server(t, { test: { frozen: true, startMs: 1000 } });
  const { QueueUrl } = await ask(started.url, 'CreateQueue', { QueueName: 'orders' });
  const message = { QueueUrl, MessageBody: 'x' };
  await ask(started.url, 'SendMessage', { ...message, DelaySeconds: 900 });
  assert.deepEqual(await ask(started.url, 'ReceiveMessage', { QueueUrl }), {});
  assert.equal(await started.advance(900_500), 901_500);
  assert.equal((await ask(started.url, 'ReceiveMessage', { QueueUrl })).Messages.length, 1);
  const fault = { action: 'SendMessage', effect: 'throttle' };
  await started.control('POST', 'faults', fault);
  await assert.rejects(ask(started.url, 'SendMessage', message), /Throttled/);
  await ask(started.url, 'SendMessage', message);
  await started.reset();
  assert.deepEqual(await started.store.listQueues(), []);
  const nonsense = started.control('POST', 'faults', { ...fault, effect: 'nonsense' });
  await assert.rejects(nonsense, InvalidArgument);
  const plain = await server(t);
  await assert.rejects(plain.reset(), UnsupportedOperation);
});

test('options are those of the configuration', WATCHDOG, async (t) => {
  const started = await server(t, {
    store: join(await directory(t), 'queues'),
    durability: 'os',
    region: 'eu-central-1',
    credentials: [{ accessKeyId: 'AKID', secretAccessKey: 's', account: '111122223333' }],
    queues: [
      { name: 'dead' },
      {
        name: 'orders',
        attributes: { VisibilityTimeout: 7 },
        tags: { someTeam: 'a' },
        deadLetter: 'dead',
        maxReceives: 3,
      },
    ],
    limits: { bodyBytes: 2048 },
  });
  await assert.rejects(ask(started.url, 'ListQueues'), /^Error: 403/);
  const queue = await started.store.getQueue('orders');
  const { VisibilityTimeout, QueueArn } = await queue.attributes();
  assert.equal(VisibilityTimeout, '7');
  assert.equal(QueueArn, 'arn:aws:sqs:eu-central-1:000000000000:orders');
  assert.deepEqual(await queue.tags(), { someTeam: 'a' });
});

test('what cannot be served says why', WATCHDOG, async (t) => {
  const opened = await store(t);
  const says = (text) => (error) => error instanceof InvalidArgument && text.test(error.message);
  await assert.rejects(serve({ colour: 'red' }), says(/colour/));
  await assert.rejects(serve({ store: opened, test: true }), says(/manual/));
  await assert.rejects(serve({ host: '0.0.0.0' }), says(/reached from elsewhere/));
  await assert.rejects(serve({ store: opened, durability: 'os' }), says(/durability/));
  const foreign = await directory(t);
  writeFileSync(join(foreign, 'file'), '');
  await assert.rejects(serve({ store: foreign }), ForeignDirectory);
  const { port } = await server(t);
  await assert.rejects(serve({ port }), Io);
});

function run(program) {
  const script = `import { open, serve } from 'forebay';\n${program}`;
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: new URL('.', import.meta.url),
    encoding: 'utf8',
    timeout: 60_000,
    env,
  });
}

test('a server keeps the process alive until it is closed', WATCHDOG, () => {
  const kept = run(`
    const { url } = await serve();
    setTimeout(async () => {
      globalThis.gc?.();
      console.log((await fetch(url + '/livez')).status);
      process.exit(7);
    }, 50).unref();
  `);
  assert.deepEqual([kept.status, kept.stdout, kept.stderr], [7, '200\n', '']);
  const closed = run('await (await serve()).close();');
  assert.deepEqual([closed.status, closed.stderr], [0, '']);
});

test('a worker that ends takes its server with it', WATCHDOG, async (t) => {
  const program = `
    const { parentPort } = require('node:worker_threads');
    import('forebay').then(async ({ serve }) => parentPort.postMessage((await serve()).url));
  `;
  const worker = new Worker(program, { eval: true });
  const url = await new Promise((resolve) => worker.once('message', resolve));
  assert.deepEqual(await ask(url, 'ListQueues'), {});
  await worker.terminate();
  // A TypeError: there is nobody to connect to.
  const asked = () => ask(url, 'ListQueues').catch((error) => error);
  while (!((await asked()) instanceof TypeError)) await setTimeout(5);
});

test('the event loop goes on while a server starts and stops', WATCHDOG, async (t) => {
  const location = join(await directory(t), 'queues');
  let turns = 0;
  const ticking = setInterval(() => (turns += 1), 0);
  t.after(() => clearInterval(ticking));
  const held = await open(location);
  const started = await serve({ store: location });
  await started.close();
  await held.close();
  assert.ok(turns > 0);
});
