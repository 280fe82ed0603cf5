// A program outside the tree that installed the npm package: in TypeScript, strict, with the
// package's declarations checked too.

import { Consumer, type Message, open } from 'forebay';
import { awaitMessage, createTestStore } from 'forebay/testing';

await using store = await open('mem:', { clock: 'manual' });
const queue = await store.createQueue('q', { visibilityTimeout: 30 });
const consumer = Consumer.create({ queue, handleMessage: (message: Message) => message.text });
consumer.on('error', (error) => console.error(error.message));
await using kit = await createTestStore();
const message: Message = await awaitMessage(await kit.queue());
console.log(message.id);
