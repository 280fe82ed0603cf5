// A program outside the tree that installed the npm package: in TypeScript, strict, with the
// package's declarations checked too.

import { Consumer, type Message, open, serve } from 'forebay';
import { awaitMessage, createTestServer, createTestStore } from 'forebay/testing';

await using store = await open('mem:', { clock: 'manual' });
const queue = await store.createQueue('q', { visibilityTimeout: 30 });
const consumer = Consumer.create({ queue, handleMessage: (message: Message) => message.text });
consumer.on('error', (error) => console.error(error.message));
await using kit = await createTestStore();
const message: Message = await awaitMessage(await kit.queue());
await using server = await serve({ store, test: true, queues: [{ name: 'served' }] });
await using endpoint = await createTestServer();
console.log(message.id, server.url, await endpoint.advance('5m'));
