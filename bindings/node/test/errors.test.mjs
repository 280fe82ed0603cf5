// One class for each kind of error; and what no caller should pass.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as forebay from 'forebay';
import { open } from 'forebay';
import { queue } from './tools/places.mjs';

const require = createRequire(import.meta.url);
const { native } = require('../dist/native.js');

test('every kind has a class with its number, code and retryable', () => {
  for (const { name, number, code, retryable } of native.kinds()) {
    const error = new forebay[name]('text');
    assert.ok(error instanceof forebay.ForebayError && error instanceof Error, name);
    assert.deepEqual(
      [error.name, error.number, error.code, error.retryable, error.message],
      [name, number, code, retryable, 'text'],
    );
  }
  const classes = Object.values(forebay).filter(
    (value) => value?.prototype instanceof forebay.ForebayError,
  );
  assert.equal(classes.length, native.kinds().length);
});

test('both module systems have the same classes', () => {
  const common = require('forebay');
  assert.equal(common.ForebayError, forebay.ForebayError);
  const names = (module) => Object.keys(module).filter((name) => name !== '__esModule');
  const added = ['default', 'module.exports'];
  const own = names(forebay).filter((name) => !added.includes(name));
  assert.deepEqual(own.sort(), names(common).sort());
});

test('an error names what was wrong', async (t) => {
  const orders = await queue(t);
  const error = await orders.changeVisibility('nonsense', 1).catch((reason) => reason);
  assert.ok(error instanceof forebay.ReceiptHandleIsInvalid);
  assert.equal(error.code, 'ReceiptHandleIsInvalid');
  assert.match(error.stack, /ReceiptHandleIsInvalid/);
  await assert.rejects(orders.send('x', { delay: 901 }), /901.*900/);
});

test('numbers out of range are refused by value and range', async (t) => {
  const orders = await queue(t);
  const store = await open('mem:');
  t.after(() => store.close());
  const calls = [
    [(delay) => orders.send('x', { delay }), '<= 900'],
    [(delay) => orders.sendBatch([{ body: 'x', delay }]), '<= 900'],
    [(wait) => orders.receive({ wait }), '<= 20'],
    [(visibilityTimeout) => orders.receive({ visibilityTimeout }), '<= 43200'],
    [(max) => orders.receive({ max }), 'between 1 and 10000'],
    [(seconds) => orders.changeVisibility('r', seconds), '<= 43200'],
    [(maxReceives) => store.createQueue('q', { deadLetter: 'd', maxReceives }), '1 to 1000'],
    [(rate) => store.startMoveTask('d', { rate }), 'between 1 and 500'],
  ];
  for (const [call, range] of calls) {
    for (const bad of [-1, 1.5, NaN, Infinity, -Infinity, 2 ** 40, 2 ** 60]) {
      await assert.rejects(call(bad), (error) => {
        assert.ok(error instanceof forebay.InvalidParameterValue, String(error));
        assert.ok(error.message.includes(String(bad)), `${bad}: ${error.message}`);
        assert.ok(error.message.includes(range), `${range}: ${error.message}`);
        return true;
      });
    }
  }
  for (const bad of [-1, 1.5, NaN]) {
    await assert.rejects(orders.peek({ after: bad }), /after is .* from 0 to 9007199254740991/);
    await assert.rejects(open('mem:', { lockTimeout: bad }), /lockTimeout is/);
  }
  assert.deepEqual(await store.listQueues(), []);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});

test('what no caller should pass is refused without harm', async (t) => {
  const orders = await queue(t);
  const refused = (promise, pattern) =>
    assert.rejects(promise, (error) => {
      assert.ok(error instanceof forebay.InvalidArgument, String(error));
      assert.match(error.message, pattern);
      return true;
    });
  for (const body of [42, null, undefined, {}, [1], new Uint16Array(2)]) {
    await refused(orders.send(body), /body/);
    await refused(orders.sendBatch([{ body }]), /body/);
  }
  for (const delay of ['1', {}]) await refused(orders.send('x', { delay }), /./);
  await refused(orders.delete(3), /./);
  await refused(orders.deleteBatch([{}]), /./);
  await refused(orders.peek({ states: ['lost'] }), /"lost"/);
  await refused(open(7), /./);
  await refused(open('mem:', { durability: 'none' }), /"none"/);
  await refused(open('', {}), /location/);
  await refused(open('ftp://x'), /location/);
  assert.deepEqual(await orders.counts(), { visible: 0, inFlight: 0, delayed: 0 });
});
