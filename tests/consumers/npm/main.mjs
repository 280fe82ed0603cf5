// A program outside the tree that installed the npm package: as a module.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'forebay';
import { createTestStore } from 'forebay/testing';

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
console.log('1 passed, 0 failed, 0 skipped');
