// A peer for `cargo xtask bench --postgres`; ../README.md has the protocol.
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { PgBoss } from 'pg-boss'

const CLIENTS_MAX = 64
const version = createRequire(import.meta.url)('pg-boss/package.json').version

const boss = new PgBoss({
  connectionString: process.argv[2],
  max: CLIENTS_MAX,
  supervise: false,
  schedule: false,
})
boss.on('error', (error) => console.error(error))
await boss.start()
await boss.createQueue('bench', { deleteAfterSeconds: 1 })

async function cycle(batch, data) {
  if (batch === 1) await boss.send('bench', data)
  else await boss.insert('bench', Array.from({ length: batch }, () => ({ data })))
  const jobs = await boss.fetch('bench', { batchSize: batch })
  if (jobs.length) {
    await boss.complete(
      'bench',
      jobs.map((job) => job.id),
    )
  }
  return jobs.length
}

console.log(`ready ${version}; send or insert, fetch, complete; ${CLIENTS_MAX} connections`)
for await (const line of createInterface({ input: process.stdin })) {
  const [clients, batch, size, milliseconds] = line.split(' ').slice(1).map(Number)
  const data = { body: 'x'.repeat(size) }
  const start = process.hrtime.bigint()
  const until = performance.now() + milliseconds
  const client = async () => {
    let count = 0
    while (performance.now() < until) count += await cycle(batch, data)
    return count
  }
  const counts = await Promise.all(Array.from({ length: clients }, client))
  const count = counts.reduce((sum, one) => sum + one, 0)
  console.log(`done ${count} ${process.hrtime.bigint() - start}`)
}
await boss.stop({ graceful: false })
