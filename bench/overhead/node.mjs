// What the package adds to the core: the same work here and in a Rust program, in turns, each on
// its own queues on the same file system. `overhead.mjs CORE FOLDER`, by
// `cargo xtask bench --node`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { open } from '../../bindings/node/dist/index.mjs';

const BODY = Buffer.alloc(256, 'x');
// Many short rounds: what else the machine does then falls out of the medians.
const ROUNDS = 101;
const TURNS = { pair: 20, ten: 10 };
const [core, folder] = process.argv.slice(2);

/** The Rust program; it speaks the protocol of bench/peers. */
async function reference(durability, path) {
  const child = spawn(core, ['member', 'peer', durability, path]);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = (await lines.next()).value;
  if (!ready?.startsWith('ready')) throw new Error(`the core's program said ${ready}`);
  return {
    async run(command, count) {
      child.stdin.write(`${command} ${count}\n`);
      const [, , nanoseconds] = (await lines.next()).value.split(' ');
      return Number(nanoseconds) / 1000 / count;
    },
    async end() {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

/** The same work; microseconds a turn. */
const work = {
  async pair(queue) {
    const start = performance.now();
    await queue.send(BODY);
    const [message] = await queue.receive();
    if (message.body.length !== BODY.length) throw new Error('another body');
    const time = performance.now() - start;
    await message.delete();
    return time * 1000;
  },
  async ten(queue) {
    const start = performance.now();
    await queue.sendBatch(Array(10).fill(BODY));
    const messages = await queue.receive({ max: 10 });
    for (const { body } of messages) if (body.length !== BODY.length) throw new Error('another');
    const time = performance.now() - start;
    await queue.deleteBatch(messages);
    return time * 1000;
  },
};

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function compare(durability) {
  const path = join(folder, durability);
  mkdirSync(join(path, 'node'), { recursive: true });
  mkdirSync(join(path, 'core'));
  const other = await reference(durability, join(path, 'core'));
  const store = await open(join(path, 'node'), { durability });
  const queue = await store.createQueue('bench');
  for (const [name, turns] of Object.entries(TURNS)) {
    const [own, reference] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      reference.push(await other.run(name, turns));
      let sum = 0;
      for (let turn = 0; turn < turns; turn += 1) sum += await work[name](queue);
      own.push(sum / turns);
    }
    const [ours, theirs] = [median(own), median(reference)];
    const columns = [theirs, ours, ours - theirs].map((time) => time.toFixed(1).padStart(9));
    const percent = `${((ours / theirs - 1) * 100).toFixed(0)} %`;
    console.log(durability.padEnd(10) + name.padEnd(8) + columns.join('') + percent.padStart(9));
  }
  await store.close();
  await other.end();
}

function threads() {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').length : NaN;
}

/** Threads and memory of receives that wait. */
async function waits(count) {
  const store = await open(join(folder, `waits-${count}`));
  const queue = await store.createQueue('bench');
  const abort = new AbortController();
  const { signal } = abort;
  const ends = [queue.receive({ wait: 20, signal })];
  await setTimeout(20);
  globalThis.gc();
  const [memory, before] = [process.memoryUsage.rss(), threads()];
  for (let at = 0; at < count; at += 1) ends.push(queue.receive({ wait: 20, signal }));
  await setTimeout(200);
  globalThis.gc();
  const bytes = (process.memoryUsage.rss() - memory) / count;
  const more = threads() - before;
  console.log(`${count} waits: ${more} more threads, ${(bytes / 1024).toFixed(1)} KiB a wait`);
  abort.abort();
  await Promise.allSettled(ends);
  await store.close();
}

console.log(`Node ${process.version}; a turn in us, medians of ${ROUNDS} rounds`);
console.log('durability work       core     node    added   percent');
console.log('pair: a send and a receive; ten: the same of a batch of ten messages');
// The quick class first: it warms the compiler up.
for (const durability of ['os', 'full']) await compare(durability);
for (const count of [1000, 10_000]) await waits(count);
