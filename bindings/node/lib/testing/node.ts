/** Tests of node:test that get a store and a queue of their own. */

import * as runner from 'node:test';
import type { Queue } from '../queue.js';
import type { Store } from '../store.js';
import type { ServeOptions } from '../serve.js';
import { createTestServer, createTestStore, type TestServer, type TestStore } from './index.js';

/** What a test gets. */
export interface Fixtures {
  /** The test's context of node:test. */
  t: runner.TestContext;
  /** The test kit's store, with `queue` and `advance`. */
  forebay: TestStore;
  store: Store;
  /** A standard queue with SQS's defaults. */
  queue: Queue;
}

/** As `test` of node:test, with a store on virtual time that is closed afterwards. */
export function test(
  name: string,
  work: (fixtures: Fixtures) => unknown,
  options: runner.TestOptions = {},
): Promise<void> {
  return runner.test(name, options, async (t) => {
    const forebay = await createTestStore();
    try {
      await work({ t, forebay, store: forebay.store, queue: await forebay.queue() });
    } finally {
      await forebay.close();
    }
  });
}

/**
 * Starts a server that ends with the test. Until then the environment leads every AWS SDK to it:
 * `const { url, store } = await endpoint(t)`.
 */
export async function endpoint(
  t: runner.TestContext,
  options: ServeOptions = {},
): Promise<TestServer> {
  const server = await createTestServer(options);
  t.after(() => server.close());
  return server;
}
