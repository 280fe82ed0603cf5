// A peer for `cargo xtask bench --peers`; ../README.md has the protocol.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const BODY = 'x'.repeat(256)

const commands = {
  async cycle(subject, milliseconds) {
    const until = performance.now() + milliseconds
    let count = 0
    while (performance.now() < until) {
      await subject.send(BODY)
      await subject.done(await subject.take(false))
      count++
    }
    return count
  },

  async produce(subject, count) {
    for (let sent = 0; sent < count; sent++) await subject.send(BODY)
    return count
  },

  async consume(subject, count) {
    let done = 0
    while (done < count) {
      const taken = await subject.take(true)
      if (taken) {
        await subject.done(taken)
        done++
      } else {
        await sleep(1)
      }
    }
    return done
  },
}

const [name, durability, folder] = process.argv.slice(2)
const { open } = await import(`./subjects/${name}.js`)
const subject = await open(folder, durability)
console.log(`ready ${subject.about}`)
for await (const line of createInterface({ input: process.stdin })) {
  const [command, number] = line.split(' ')
  const start = process.hrtime.bigint()
  const count = await commands[command](subject, Number(number))
  console.log(`done ${count} ${process.hrtime.bigint() - start}`)
}
await subject.close()
