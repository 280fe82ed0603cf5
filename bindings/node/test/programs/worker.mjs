// A worker thread of the tests in workers.test.mjs.

import { parentPort, workerData } from 'node:worker_threads';
import { open } from 'forebay';

const { role, location, count } = workerData;
const store = await open(location);
const queue = await store.getQueue('q');

const roles = {
  async produce() {
    const sends = Array.from({ length: count }, (_, number) => queue.send(`${number}`));
    await Promise.all(sends);
  },
  async consume() {
    for await (const message of queue.messages({ max: 5 })) {
      await message.delete();
      if (message.text === 'end') break;
      parentPort.postMessage(message.text);
    }
  },
  async wait() {
    const waits = Array.from({ length: count }, () => queue.receive({ wait: 20 }));
    parentPort.postMessage('waiting');
    await Promise.all(waits);
  },
  // Never lets its event loop see the answers.
  async spin() {
    for (let number = 0; number < count; number += 1) queue.receive({ wait: 20 });
    parentPort.postMessage('waiting');
    for (;;);
  },
  // The same from within a callback of its event loop, which has others to come.
  async stall() {
    parentPort.on('message', () => {
      parentPort.postMessage('stalled');
      for (;;);
    });
    for (let number = 0; number < count; number += 1) queue.receive({ wait: 20 });
    parentPort.postMessage('waiting');
  },
  // Is stuck where its answers are read, before anybody has them.
  async choke() {
    for (let number = 0; number < count; number += 1) queue.receive({ wait: 20 });
    parentPort.postMessage('waiting');
    Buffer.prototype.readUInt32LE = () => {
      for (;;);
    };
  },
};

await roles[role]();
