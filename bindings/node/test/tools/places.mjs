// Stores to test on.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'forebay';

/** An empty directory that is removed after the test. */
export async function directory(t) {
  const path = await mkdtemp(join(tmpdir(), 'forebay-node-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** An open store, closed after the test. */
export async function store(t, options, location = 'mem:') {
  const opened = await open(location, options);
  t.after(() => opened.close());
  return opened;
}

/** A queue in a store of its own. */
export async function queue(t, options, storeOptions) {
  const opened = await store(t, storeOptions);
  return opened.createQueue(options?.fifo ? 'q.fifo' : 'q', options);
}

/** Bodies as text. */
export function texts(messages) {
  return messages.map((message) => message.text);
}
