// A program of its own, for tests that end processes: `act.mjs <role> <directory>`.

import { open } from 'forebay';

const [role, directory, argument] = process.argv.slice(2);
const store = await open(directory);
const make = () => store.createQueue('q', { visibilityTimeout: 1 });
const queue = await store.getQueue('q').catch(make);
const say = (text) => process.stdout.write(`${text}\n`);

const roles = {
  // Leaves the store open and a queue at hand, and has nothing more to do.
  idle: async () => say('idle'),
  // Waits; the process must live until the message is there.
  async wait() {
    say('waiting');
    const [message] = await queue.receive({ wait: 20 });
    say(message.text);
    await message.delete();
  },
  // Ends while many waits are open.
  async exit() {
    for (let number = 0; number < 100; number += 1) queue.receive({ wait: 20 });
    setTimeout(() => process.exit(7), 20);
  },
  // Ends while answers are on their way.
  async rush() {
    for (let number = 0; number < 100; number += 1) queue.receive({ wait: 20 });
    queue.sendBatch(Array.from({ length: 50 }, (_, number) => `${number}`));
    setImmediate(() => process.exit(7));
  },
  // Crashes while it handles a message.
  async crash() {
    for await (const message of queue.messages()) {
      say(message.text);
      process.kill(process.pid, 'SIGKILL');
    }
  },
  // Fails while it handles a message, and nobody catches it.
  async fail() {
    const [message] = await queue.receive({ wait: 20 });
    queueMicrotask(() => {
      throw new Error(`cannot handle ${message.text}`);
    });
  },
  async produce() {
    const count = Number(argument);
    for (let number = 0; number < count; number += 1) await queue.send(`${process.pid} ${number}`);
  },
  // Takes messages until it sees one that says so.
  async consume() {
    for await (const message of queue.messages({ max: 10 })) {
      await message.delete();
      if (message.text === 'end') break;
      say(message.text);
    }
  },
};

await roles[role]();
