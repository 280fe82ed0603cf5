// Processes that share a directory, and how they end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { open } from 'forebay';
import { directory, store } from './tools/places.mjs';

const WATCHDOG = { timeout: 90_000 };
const program = fileURLToPath(new URL('./programs/act.mjs', import.meta.url));

/** Starts a program; `lines` grows, `ended` resolves with the exit code or the signal. */
function act(role, ...args) {
  const child = spawn(process.execPath, [program, role, ...args.map(String)], {
    stdio: ['ignore', 'pipe', role === 'fail' ? 'ignore' : 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => (text += part));
  return {
    child,
    lines: () => text.split('\n').filter((line) => line !== ''),
    ended: once(child, 'close').then(([code, signal]) => signal ?? code),
  };
}

test('an idle store does not keep the process alive', WATCHDOG, async (t) => {
  const { ended, lines } = act('idle', await directory(t));
  assert.equal(await ended, 0);
  assert.deepEqual(lines(), ['idle']);
});

test('a wait does, and another process ends it', WATCHDOG, async (t) => {
  const path = await directory(t);
  const opened = await store(t, {}, path);
  const queue = await opened.createQueue('q', { visibilityTimeout: 1 });
  const { child, ended, lines } = act('wait', path);
  await once(child.stdout, 'data');
  await setTimeout(300);
  assert.equal(child.exitCode, null);
  await queue.send('for the child');
  assert.equal(await ended, 0);
  assert.deepEqual(lines(), ['waiting', 'for the child']);
});

for (const [role, sent] of [['exit', 0], ['rush', 50]]) {
  test(`process.exit with open waits is clean (${role})`, WATCHDOG, async (t) => {
    const path = await directory(t);
    assert.equal(await act(role, path).ended, 7);
    const queue = await (await store(t, {}, path)).getQueue('q');
    await queue.send('last');
    // What was given back is there at once; what the exit overtook comes back in a second.
    const found = new Set();
    while (!found.has('last')) {
      for (const message of await queue.receive({ max: 100, wait: 20 })) {
        found.add(message.text);
        await message.delete();
      }
    }
    await setTimeout(1100);
    for (const message of await queue.receive({ max: 100 })) found.add(message.text);
    found.delete('last');
    assert.ok(found.size === 0 || found.size === sent, `${found.size} of ${sent}`);
  });
}

test('a message whose handler crashed comes back', WATCHDOG, async (t) => {
  const path = await directory(t);
  const queue = await (await store(t, {}, path)).createQueue('q', { visibilityTimeout: 1 });
  await queue.send('task');
  const crashed = act('crash', path);
  assert.equal(await crashed.ended, 'SIGKILL');
  assert.deepEqual(crashed.lines(), ['task']);
  const [message] = await queue.receive({ wait: 20 });
  assert.deepEqual([message.text, message.receiveCount], ['task', 2]);
  await message.delete();
});

test('an error that nobody catches ends the process, and the message comes back', WATCHDOG,
  async (t) => {
    const path = await directory(t);
    const queue = await (await store(t, {}, path)).createQueue('q', { visibilityTimeout: 1 });
    await queue.send('task');
    assert.equal(await act('fail', path).ended, 1);
    const [message] = await queue.receive({ wait: 20 });
    assert.deepEqual([message.text, message.receiveCount], ['task', 2]);
  });

test('producers and consumers of several processes share a directory', WATCHDOG, async (t) => {
  const path = await directory(t);
  const queue = await (await store(t, {}, path)).createQueue('q', { visibilityTimeout: 1 });
  await queue.setAttributes({ VisibilityTimeout: 60 });
  const consumers = [act('consume', path), act('consume', path)];
  const producers = [act('produce', path, 200), act('produce', path, 200)];
  for (const { ended } of producers) assert.equal(await ended, 0);
  while ((await queue.counts()).visible > 0) await setTimeout(20);
  await queue.sendBatch(['end', 'end']);
  for (const { ended } of consumers) assert.equal(await ended, 0);
  const lines = consumers.flatMap(({ lines }) => lines());
  assert.equal(new Set(lines).size, 400);
  assert.equal(lines.length, 400);
});

test('a store that nobody holds any more is closed', WATCHDOG, async (t) => {
  if (process.platform !== 'linux' || globalThis.gc === undefined) {
    return t.skip('needs --expose-gc and /proc');
  }
  const path = await directory(t);
  const threads = () =>
    readdirSync('/proc/self/task')
      .map((task) => readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim())
      .filter((name) => name.startsWith('forebay')).length;
  const before = threads();
  await (async () => {
    for (let number = 0; number < 20; number += 1) {
      const opened = await open(`${path}/${number}`);
      const queue = await opened.createQueue('q');
      await queue.send('x');
      await queue.receive({ wait: 1 });
    }
  })();
  assert.ok(threads() > before);
  while (threads() > before) {
    globalThis.gc();
    await setTimeout(10);
  }
  const again = await store(t, { create: false }, `${path}/0`);
  assert.deepEqual(await again.listQueues(), ['q']);
});
