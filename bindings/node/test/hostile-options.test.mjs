// Options, classes and prototypes that a program has changed or mistyped.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { buildSync } from 'esbuild';
import * as forebay from 'forebay';
import { InvalidArgument, open, serve } from 'forebay';
import { createTestServer, createTestStore } from 'forebay/testing';
import { atEnd, queue, store } from './tools/places.mjs';

const WATCHDOG = { timeout: 60_000 };

async function refused(promise, pattern) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof InvalidArgument, String(error));
    assert.match(error.message, pattern);
    return true;
  });
}

for (const added of ['text', () => {}, 7]) {
  test(`what all objects inherit is nobody's option (${typeof added})`, WATCHDOG, async (t) => {
    const opened = await store(t);
    const orders = await opened.createQueue('q');
    const attributes = { VisibilityTimeout: 7 };
    const calls = [
      () => opened.createQueue('plain'),
      () => opened.createQueue('named', { attributes, tags: { a: '1' } }),
      () => orders.setAttributes(attributes),
      () => orders.tag({ a: '1' }),
      () => orders.send('x', { attributes: { b: 2 } }),
    ];
    Object.prototype.extend = added;
    try {
      for (const call of calls) await call();
    } finally {
      delete Object.prototype.extend;
    }
    for (const one of [orders, await opened.getQueue('named')]) {
      assert.deepEqual(await one.tags(), { a: '1' });
      assert.equal((await one.attributes()).VisibilityTimeout, '7');
    }
    const [message] = await orders.receive();
    assert.deepEqual(message.typedAttributes.map(({ name }) => name), ['b']);
  });
}

test('a clock is one of two, and starts at a time', async (t) => {
  for (const clock of ['Manual', 'virtual', '', true, 1, {}]) {
    await refused(open('mem:', { clock }), /clock/);
  }
  for (const clockStart of ['2026-01-01', 5n, true, new Date(NaN), NaN, -1, {}]) {
    await refused(open('mem:', { clock: 'manual', clockStart }), /clockStart/);
  }
  for (const clockStart of [1000, new Date(1000)]) {
    const opened = await store(t, { clock: 'manual', clockStart });
    assert.equal(await opened.now(), 1000);
  }
  for (const clockStart of [null, undefined]) {
    const before = Date.now();
    const opened = await store(t, { clock: 'manual', clockStart });
    assert.ok((await opened.now()) >= before);
  }
  const opened = await store(t, { clock: null });
  await assert.rejects(opened.advance(1), { name: 'UnsupportedOperation' });
});

test('test kits are on virtual time unless they are told otherwise', async (t) => {
  const forebay = await createTestStore({ clock: undefined, sixtySecondRules: undefined });
  atEnd(t, () => forebay.close());
  await forebay.advance(1);
  const orders = await forebay.queue();
  await orders.purge();
  await orders.purge();
  const server = await createTestServer({ test: undefined });
  atEnd(t, () => server.close());
  await server.advance(1);
});

test('a server listens where it is told to, or nowhere', WATCHDOG, async () => {
  for (const port of [-1, NaN, 1.5, Infinity, 65_536, 1e21, '80', 80n, {}, true]) {
    await refused(serve({ port }), /port/);
  }
  for (const store of [{}, 7, null, Promise.resolve()]) await refused(serve({ store }), /store/);
});

test('calls that return promises do not throw', async (t) => {
  const opened = await store(t);
  const orders = await opened.createQueue('q');
  const calls = [
    () => orders.setAttributes(undefined),
    () => orders.tag(undefined),
    () => orders.untag('text'),
    () => orders.attributes('All'),
    () => orders.peek(null),
    () => orders.receive(null),
    () => orders.delete(undefined),
    () => orders.changeVisibility(undefined, 1),
    () => opened.advance('1s'),
    () => opened.backup(undefined),
    () => opened.listQueues(7),
    () => opened.createQueue('q', null),
    () => serve(null),
    () => open(undefined),
    () => open('mem:', null),
  ];
  for (const call of calls) {
    const promise = call();
    assert.ok(promise instanceof Promise);
    await assert.rejects(promise, Error, `${call}`);
  }
});

test('classes of a program\'s own are of their kind', () => {
  class Mine extends forebay.QueueDoesNotExist {}
  class Yours extends Mine {}
  for (const own of [Mine, Yours, class extends forebay.QueueDoesNotExist {}]) {
    const error = new own('text');
    const { code, number } = new forebay.QueueDoesNotExist('text');
    assert.deepEqual([error.code, error.number], [code, number]);
  }
  assert.equal(new Mine('text').name, 'Mine');
});

test('errors are of their kind in a program that a bundler made shorter', WATCHDOG, async (t) => {
  const require = createRequire(import.meta.url);
  const { outputFiles } = buildSync({
    entryPoints: [require.resolve('forebay')],
    bundle: true,
    minify: true,
    platform: 'node',
    write: false,
  });
  const module = { exports: {} };
  runInThisContext(`(module, exports, require) => {${outputFiles[0].text}\n}`)(
    module,
    module.exports,
    require,
  );
  const bundled = module.exports;
  const opened = await bundled.open('mem:');
  t.after(() => opened.close());
  const error = await opened.getQueue('absent').catch((reason) => reason);
  assert.ok(error instanceof bundled.QueueDoesNotExist);
  const { name, code, number, retryable } = new forebay.QueueDoesNotExist('text');
  assert.deepEqual(
    [error.name, error.code, error.number, error.retryable],
    [name, code, number, retryable],
  );
  assert.equal(new bundled.Unavailable('text').retryable, true);
});

test('loading looks up no names in the network', WATCHDOG, (t) => {
  if (!('excludeNetwork' in process.report) || process.platform !== 'linux') {
    return t.skip('this Node cannot tell');
  }
  const code = `
    const { report } = process;
    const { getReport } = report;
    report.getReport = () => {
      console.log(report.excludeNetwork);
      return getReport.call(report);
    };
    try { require('forebay'); } catch (error) { console.log(error.message.slice(0, 32)); }
    console.log(report.excludeNetwork);
  `;
  const { FOREBAY_NATIVE: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    env,
  });
  const told = ['true', 'forebay has no native library he', 'false', ''];
  assert.deepEqual(stdout.split('\n'), told, stderr);
});

test('an iteration, a store and a server may be closed twice', WATCHDOG, async (t) => {
  const orders = await queue(t);
  const messages = orders.messages();
  await Promise.all([messages.return(), messages.return()]);
  const opened = await open('mem:');
  const wait = (await opened.createQueue('q')).receive({ wait: 20 });
  const ended = assert.rejects(wait, { name: 'Closed' });
  const dispose = Symbol.asyncDispose;
  await Promise.all([opened[dispose](), opened[dispose](), opened.close()]);
  await ended;
  await opened[dispose]();
  const server = await serve();
  await Promise.all([server[dispose](), server.close()]);
  await server.close();
});
