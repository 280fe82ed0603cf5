/** Tests of vitest that get a store and a queue of their own. */

import { test as base } from 'vitest';
import type { Queue } from '../queue.js';
import type { Store } from '../store.js';
import { createTestServer, createTestStore, type TestServer, type TestStore } from './index.js';

/** What a test gets. */
export interface Fixtures {
  /** The test kit's store, with `queue` and `advance`. */
  forebay: TestStore;
  store: Store;
  /** A standard queue with SQS's defaults. */
  queue: Queue;
  /** A server; while the test runs, the environment leads every AWS SDK to it. */
  endpoint: TestServer;
}

/** As `test` of vitest, with a store on virtual time that is closed afterwards. */
export const test = base.extend<Fixtures>({
  // vitest reads from the pattern which fixtures are asked for.
  forebay: async ({}, use) => {
    const forebay = await createTestStore();
    await use(forebay);
    await forebay.close();
  },
  store: ({ forebay }, use) => use(forebay.store),
  queue: async ({ forebay }, use) => use(await forebay.queue()),
  endpoint: async ({}, use) => {
    const endpoint = await createTestServer();
    await use(endpoint);
    await endpoint.close();
  },
});
