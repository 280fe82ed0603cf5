// A program outside the tree that installed the npm package: as CommonJS.

const assert = require('node:assert/strict');
const { ForebayError, open } = require('forebay');

open('mem:').then(async (store) => {
  await assert.rejects(store.getQueue('absent'), ForebayError);
  assert.equal((await import('forebay')).ForebayError, ForebayError);
  assert.equal(typeof require('forebay/testing').createTestStore, 'function');
  for (const name of ['forebay', `@forebay/linux-${process.arch}-gnu`]) {
    assert.equal(require(`${name}/package.json`).scripts, undefined);
  }
  await store.close();
  console.log('1 passed, 0 failed, 0 skipped');
});
