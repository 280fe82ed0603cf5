// Run by testing.test.mjs with vitest.

import { describe, expect } from 'vitest';
import { awaitMessage, expectNoMessage } from 'forebay/testing';
import { test } from 'forebay/testing/vitest';

describe('the fixtures', () => {
  test('a queue', async ({ queue }) => {
    await queue.send('x');
    expect((await awaitMessage(queue)).text).toBe('x');
  });

  test('virtual time', async ({ forebay, queue }) => {
    await queue.send('x', { delay: 60 });
    await expectNoMessage(queue);
    await forebay.advance('1m');
    expect((await queue.receive())[0].text).toBe('x');
  });

  test('a server that the environment leads to', async ({ endpoint }) => {
    expect(process.env.AWS_ENDPOINT_URL_SQS).toBe(endpoint.url);
    expect(await (await fetch(`${endpoint.url}/version`)).text()).toMatch(/^\S+\s*$/);
    await endpoint.advance('1m');
  });

  test('a store of its own for each test', async ({ store }) => {
    expect(await store.listQueues()).toEqual([]);
  });
});
