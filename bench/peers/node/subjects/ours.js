// Forebay itself, from the folder of its package.
const { open: openStore } = await import(process.env.FOREBAY_PACKAGE)

export async function open(folder, durability) {
  const store = await openStore(`${folder}/queues`, { durability })
  const queue = await store.createQueue('bench')
  return {
    about: `${process.env.FOREBAY_VERSION}; durability=${durability}`,
    send: (body) => queue.send(body),
    take: async (wait) => (await queue.receive({ wait: wait ? 1 : 0 }))[0],
    done: (message) => message.delete(),
    close: () => store.close(),
  }
}
