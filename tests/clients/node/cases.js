// Runs cases one after the other; the last line printed is the sum.

const cases = []

export function test(name, run) {
  cases.push({ name, run })
}

export async function conclude() {
  let failed = 0
  for (const { name, run } of cases) {
    try {
      await run()
    } catch (error) {
      failed += 1
      console.log(`FAILED ${name}`)
      console.log(error)
    }
  }
  console.log(`${cases.length - failed} passed, ${failed} failed, 0 skipped`)
  process.exit(failed === 0 ? 0 : 1)
}
