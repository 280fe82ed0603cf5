// Uses the whole test kit as a TypeScript program does. It is compiled and never run.

import { type Message, type Queue, type Server, Store } from 'forebay';
import {
  awaitMessage,
  type AwaitOptions,
  createTestServer,
  createTestStore,
  disordered,
  type DisorderOptions,
  environment,
  expectNoMessage,
  milliseconds,
  TestServer,
  TestStore,
} from 'forebay/testing';
import { endpoint as nodeEndpoint, test as nodeTest } from 'forebay/testing/node';
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

export async function servers(): Promise<Record<string, string>> {
  await using endpoint: TestServer = await createTestServer({ queues: [{ name: 'q' }] });
  const server: Server = endpoint.server;
  const store: Store = endpoint.store;
  const now: number = (await endpoint.advance('5m')) + (await endpoint.advance(5));
  await endpoint.reset();
  console.log(now, server.port, store.region);
  await endpoint.close();
  return environment(endpoint.url);
}

nodeTest(
  'node',
  async ({ t, forebay, store, queue }) => {
    t.diagnostic(queue.name + store.account);
    await forebay.advance('1s');
    const endpoint: TestServer = await nodeEndpoint(t, { account: '111122223333' });
    t.diagnostic(endpoint.url);
  },
  { timeout: 1 },
);

vitestTest('vitest', async ({ endpoint, forebay, store, queue }) => {
  await endpoint.advance('1s');
  await queue.send(store.region);
  await forebay.advance('1s');
});
