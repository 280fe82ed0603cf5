// aggregator.mjs STORE STOP-FILE: receives the results and prints each as a line of hexadecimal
// digits, for the conductor, which sums up and compares.
import { existsSync } from 'node:fs';
import { open } from '../../bindings/node/dist/index.mjs';

const [location, stop] = process.argv.slice(2);
const store = await open(location);
const results = await store.getQueue('results.fifo');

let done = 0;
let again = 0;
for (;;) {
  const messages = await results.receive({ max: 10, wait: 1 });
  if (messages.length === 0 && existsSync(stop)) break;
  for (const message of messages) {
    console.log(message.body.toString('hex'));
    if (message.receiveCount > 1) again++;
  }
  if (messages.length === 0) continue;
  for (const { reason } of await results.deleteBatch(messages)) {
    if (reason !== undefined) throw reason;
  }
  done += messages.length;
}
const { syncs } = await store.statistics();
console.log(`done ${done} again ${again} twice 0 failed 0 syncs ${syncs}`);
await store.close();
