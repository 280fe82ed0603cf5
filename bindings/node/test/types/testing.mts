// Uses the whole test kit as a TypeScript program does. It is compiled and never run.

import { type Message, type Queue, Store } from 'forebay';
import {
  awaitMessage,
  type AwaitOptions,
  createTestStore,
  disordered,
  type DisorderOptions,
  expectNoMessage,
  milliseconds,
  TestStore,
} from 'forebay/testing';
import { test as nodeTest } from 'forebay/testing/node';
import { test as vitestTest } from 'forebay/testing/vitest';

export async function kit(): Promise<void> {
  await using forebay: TestStore = await createTestStore({ durability: 'os' });
  const store: Store = forebay.store;
  const queue: Queue = await forebay.queue({ delay: 1 });
  const now: number = (await forebay.advance('5m')) + (await forebay.advance(5));
  const options: AwaitOptions = { where: (message) => message.text === 'x', timeout: now };
  const message: Message = await awaitMessage(queue, options);
  await expectNoMessage(queue, { within: milliseconds('1s') });
  const disorder: DisorderOptions = { seed: 1, duplicates: 0.5 };
  const wild: Queue = disordered(queue, disorder);
  console.log(message.id, wild.name, store.region);
  await forebay.close();
}

nodeTest(
  'node',
  async ({ t, forebay, store, queue }) => {
    t.diagnostic(queue.name + store.account);
    await forebay.advance('1s');
  },
  { timeout: 1 },
);

vitestTest('vitest', async ({ forebay, store, queue }) => {
  await queue.send(store.region);
  await forebay.advance('1s');
});
