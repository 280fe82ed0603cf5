// A program outside the tree that installed the npm package: as a module.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { open, serve } from 'forebay';
import { createTestServer, createTestStore } from 'forebay/testing';

// Of the packages for all platforms npm installed only this one's.
assert.deepEqual(readdirSync('node_modules/@forebay'), [`linux-${process.arch}-gnu`]);

const folder = mkdtempSync(join(tmpdir(), 'forebay-npm-'));
const store = await open(join(folder, 'queues'));
const orders = await store.createQueue('orders');
await orders.send('any bytes', { attributes: { kind: 'new' } });
for (const message of await orders.receive({ max: 10, wait: 20 })) {
  assert.equal(message.text, 'any bytes');
  assert.equal(message.attributes.kind, 'new');
  await message.delete();
}
await store.close();
rmSync(folder, { recursive: true });
await (await createTestStore()).close();
await (await createTestServer()).close();

async function create(url, QueueName) {
  const headers = { 'x-amz-target': 'AmazonSQS.CreateQueue' };
  const body = JSON.stringify({ QueueName });
  const answer = await fetch(url, { method: 'POST', headers, body });
  return (await answer.json()).QueueUrl;
}

// PostgreSQL is in the package: a database that is away is away, and no foreign location.
const away = open('postgres://nobody@127.0.0.1:1/none', { lockTimeout: 100 });
await assert.rejects(away, { name: 'Unavailable' });

const server = await serve();
assert.equal(await create(server.url, 'orders'), `${server.url}/000000000000/orders`);
await server.close();

// As npx starts it, but with this Node.
const emulator = JSON.parse(process.env.FOREBAY_EMULATOR ?? '[]');
const [first, ...rest] = [...emulator, process.execPath, 'node_modules/.bin/forebay'];
const version = spawnSync(first, [...rest, '--version'], { encoding: 'utf8' });
assert.match(version.stdout, /^forebay \d+\.\d+\.\d+\n$/, version.stderr);
const words = ['serve', '--store', 'mem:', '--listen', '127.0.0.1:0', '--log', 'error'];
const child = spawn(first, [...rest, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
const exit = once(child, 'exit');
const [url] = await once(createInterface(child.stdout), 'line');
assert.equal(await create(url, 'orders'), `${url}/000000000000/orders`);
child.kill('SIGTERM');
assert.deepEqual(await exit, [0, null]);
console.log('1 passed, 0 failed, 0 skipped');
