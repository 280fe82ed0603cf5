// The command line, as `npx forebay`.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { open } from 'forebay';
import { ask, page } from './tools/client.mjs';
import { directory } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };
const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const program = fileURLToPath(new URL(`../${manifest.bin.forebay}`, import.meta.url));

function run(cwd, words, input = '') {
  const options = { cwd, input, encoding: 'utf8', timeout: 60_000 };
  return spawnSync(process.execPath, [program, ...words], options);
}

function start(t, cwd, words) {
  const child = spawn(process.execPath, [program, ...words], { cwd });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { child, line: async () => (await lines.next()).value, exit: once(child, 'exit') };
}

test('what it writes it reads', WATCHDOG, async (t) => {
  const folder = await directory(t);
  assert.equal(run(folder, ['create', 'orders']).status, 0);
  assert.equal(run(folder, ['send', 'orders', 'any text']).status, 0);
  const line = JSON.stringify({ body: 'a line', attributes: { kind: 'new' } });
  assert.equal(run(folder, ['send', 'orders'], line).status, 0);
  const { stdout } = run(folder, ['receive', 'orders', '--max', '10', '--delete']);
  const bodies = stdout.trim().split('\n').map((text) => JSON.parse(text).body);
  assert.deepEqual(bodies.sort(), ['a line', 'any text']);
});

test('exit statuses are those of the program', WATCHDOG, async (t) => {
  const folder = await directory(t);
  const version = run(folder, ['--version']);
  assert.deepEqual([version.status, version.stdout], [0, `forebay ${manifest.version}\n`]);
  const wrong = run(folder, ['nonsense']);
  assert.deepEqual([wrong.status, wrong.stdout], [64, '']);
  assert.match(wrong.stderr, /nonsense/);
  const failed = run(folder, ['ls']);
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /^forebay: .\/queues does not exist/);
  assert.equal(run(folder, ['create', 'orders']).status, 0);
  assert.equal(run(folder, ['receive', 'orders']).status, 2);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`${signal} stops the server gracefully`, WATCHDOG, async (t) => {
    const folder = await directory(t);
    const words = ['serve', '--listen', '127.0.0.1:0', '--log', 'error'];
    const { child, line, exit } = start(t, folder, words);
    const url = await line();
    const { QueueUrl } = await ask(url, 'CreateQueue', { QueueName: 'orders' });
    await ask(url, 'SendMessage', { QueueUrl, MessageBody: 'x' });
    const store = await open(join(folder, 'queues'));
    const [message] = await (await store.getQueue('orders')).receive();
    assert.equal(message.text, 'x');
    await store.close();
    const poll = ask(url, 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20 });
    const waiting = '\nforebay_waiting_receives 1\n';
    while (!(await page(url, '/metrics')).includes(waiting)) await setTimeout(10);
    child.kill(signal);
    assert.deepEqual(await poll, {});
    assert.deepEqual(await exit, [0, null]);
  });
}

test('Ctrl-C ends a command', WATCHDOG, async (t) => {
  const folder = await directory(t);
  assert.equal(run(folder, ['create', 'orders']).status, 0);
  const { child, line, exit } = start(t, folder, ['top', '--every', '1000']);
  assert.equal(JSON.parse(await line())[0].name, 'orders');
  child.kill('SIGINT');
  assert.deepEqual(await exit, [null, 'SIGINT']);
});
