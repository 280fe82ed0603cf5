// plainjob: jobs in SQLite through better-sqlite3. Done jobs stay in the table for a day.
import { createRequire } from 'node:module'
import Database from 'better-sqlite3'
import { better, defineQueue } from 'plainjob'

const { version } = createRequire(import.meta.url)('plainjob/package.json')
const quiet = { error() {}, warn() {}, info() {}, debug() {} }

export function open(folder) {
  const database = new Database(`${folder}/plainjob.db`)
  const queue = defineQueue({ connection: better(database), logger: quiet })
  return {
    about: `${version}; WAL, synchronous=${database.pragma('synchronous', { simple: true })}`,
    send: (body) => queue.add('bench', body),
    take: () => queue.getAndMarkJobAsProcessing('bench'),
    done: (job) => queue.markJobAsDone(job.id),
    close: () => queue.close(),
  }
}
