// BullMQ on a Redis of its own, reached by a socket in the folder. The first process starts it.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'

const { version } = createRequire(import.meta.url)('bullmq/package.json')
const FSYNC = { full: 'always', os: 'everysec' }

async function startRedis(folder, socket, fsync) {
  const settings = ['--port', '0', '--unixsocket', socket, '--dir', folder, '--save', '']
  const log = ['--appendonly', 'yes', '--appendfsync', fsync, '--loglevel', 'warning']
  const redis = spawn('redis-server', [...settings, ...log], { stdio: 'ignore' })
  process.on('exit', () => redis.kill())
  for (let tries = 0; !existsSync(socket); tries++) {
    if (tries > 500) throw new Error('redis-server did not start')
    await sleep(10)
  }
}

export async function open(folder, durability) {
  const socket = `${folder}/redis.sock`
  const fsync = FSYNC[durability]
  if (!existsSync(socket)) await startRedis(folder, socket, fsync)
  const connection = { path: socket, maxRetriesPerRequest: null }
  const queue = new Queue('bench', { connection })
  const worker = new Worker('bench', null, { connection, removeOnComplete: { count: 0 } })
  const server = execFileSync('redis-server', ['--version']).toString().match(/v=(\S+)/)[1]
  return {
    about: `${version}; Redis ${server}, appendfsync=${fsync}`,
    send: (body) => queue.add('job', body),
    take: (wait) => worker.getNextJob('bench', { block: wait }),
    done: (job) => job.moveToCompleted(null, 'bench', false),
    async close() {
      await worker.close()
      await queue.close()
    },
  }
}
