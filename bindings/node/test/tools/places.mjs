// Stores to test on.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'forebay';

const endings = new WeakMap();

/** Runs after the test, the latest first: a store is closed before its directory is removed. */
export function atEnd(t, end) {
  if (!endings.has(t)) {
    const ends = [];
    endings.set(t, ends);
    t.after(async () => {
      for (const last of ends.reverse()) await last();
    });
  }
  endings.get(t).push(end);
}

/** An empty directory that is removed after the test. */
export async function directory(t) {
  const path = await mkdtemp(join(tmpdir(), 'forebay-node-'));
  atEnd(t, () => rm(path, { recursive: true, force: true }));
  return path;
}

/** An open store, closed after the test. */
export async function store(t, options, location = 'mem:') {
  const opened = await open(location, options);
  atEnd(t, () => opened.close());
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
