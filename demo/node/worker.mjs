// worker.mjs STORE STOP-FILE: receives paths, counts the files, sends the counts on. The twin of
// ../src/worker.rs.
import { existsSync } from 'node:fs';
import { open } from '../../bindings/node/dist/index.mjs';
import { countFile, deduplicationOf, kindOf } from './count.mjs';

const [location, stop] = process.argv.slice(2);
const store = await open(location);
const tasks = await store.getQueue('tasks');
const results = await store.getQueue('results.fifo');

let done = 0; // the result is stored, the task deleted
let again = 0; // of these, tasks that had been received before
let twice = 0; // of these, tasks whose result was there already
let failed = 0; // receives of tasks that could not be carried out

/** The result of a task, as a message; none for a task that is given back. */
async function resultOf(message) {
  const path = message.body;
  try {
    const { words, lines, bytes } = await countFile(path);
    const body = Buffer.concat([Buffer.from(`${words} ${lines} ${bytes} `), path]);
    return { body, group: kindOf(path), dedup: deduplicationOf(path) };
  } catch {
    failed++;
    await message.changeVisibility(0);
    return undefined;
  }
}

/** The values of a batch whose entries must all have succeeded. */
function valuesOf(settled) {
  return settled.map(({ value, reason }) => {
    if (reason !== undefined) throw reason;
    return value;
  });
}

// Sends the results before it deletes the tasks: whoever dies in between leaves a task that comes
// back, never a file without a result.
async function handle(messages) {
  const counted = [];
  const batch = [];
  for (const message of messages) {
    const result = await resultOf(message);
    if (result === undefined) continue;
    counted.push(message);
    batch.push(result);
  }
  if (batch.length === 0) return;
  twice += valuesOf(await results.sendBatch(batch)).filter((sent) => sent.duplicate).length;
  done += valuesOf(await tasks.deleteBatch(counted)).length;
  again += counted.filter((message) => message.receiveCount > 1).length;
}

for (;;) {
  const messages = await tasks.receive({ max: 10, wait: 1 });
  if (messages.length === 0 && existsSync(stop)) break;
  await handle(messages);
}
const { syncs } = await store.statistics();
console.log(`done ${done} again ${again} twice ${twice} failed ${failed} syncs ${syncs}`);
await store.close();
