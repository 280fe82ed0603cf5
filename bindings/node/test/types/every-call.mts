// Uses every public call as a TypeScript program does. It is compiled and never run;
// types.test.mjs demands that nothing public is missing here.

import {
  type BatchMessage,
  type CheckReport,
  Consumer,
  type ConsumerOptions,
  type Counts,
  type Credential,
  ForebayError,
  type HandlerContext,
  HandlerTimeout,
  Message,
  type MoveTask,
  type NamedAttribute,
  type NamePage,
  open,
  type OpenOptions,
  type PeekedMessage,
  Queue,
  QueueDoesNotExist,
  type Recovery,
  Retry,
  type SendReceipt,
  serve,
  type ServedQueue,
  type ServeLimits,
  type ServeOptions,
  Server,
  type Statistics,
  Store,
  type TestModeOptions,
} from 'forebay';

const options: OpenOptions = {
  durability: 'strict',
  clock: 'manual',
  clockStart: new Date(),
  account: '000000000000',
  region: 'us-east-1',
  sqsLimits: true,
  sixtySecondRules: false,
  create: true,
  allowNetworkFileSystem: false,
  lockTimeout: 30_000,
  segmentBytes: 1 << 24,
  reserveBytes: 0,
};

const key: Credential = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret',
  account: '111122223333',
  sessionToken: 'token',
  user: 'alice',
  principalId: 'AIDA',
  expiresAt: 1,
  enabled: true,
};
const served: ServedQueue = {
  name: 'q',
  account: '111122223333',
  region: 'eu-central-1',
  attributes: { VisibilityTimeout: 60, SqsManagedSseEnabled: false, Policy: '{}' },
  tags: { a: 'b' },
  deadLetter: 'dead',
  maxReceives: 5,
};
const limits: ServeLimits = {
  connections: 1,
  headerBytes: 65_536,
  bodyBytes: 4_194_304,
  bodiesBytes: 268_435_456,
  headerTimeoutS: 60,
  bodyTimeoutS: 60,
  http2Streams: 1000,
  shutdownS: 20,
  threads: 64,
  metricsQueues: 100,
};
const testMode: TestModeOptions = { frozen: true, startMs: 0, seed: 1 };
const serving: ServeOptions = {
  store: './queues',
  host: '127.0.0.1',
  port: 9324,
  insecure: true,
  test: testMode,
  durability: 'full',
  account: '000000000000',
  region: 'us-east-1',
  baseUrl: 'https://q.example',
  trustProxy: true,
  acceptedHosts: ['q.example'],
  sixtySecondRules: true,
  limits,
  credentials: [key],
  queues: [served],
  tls: { certificate: 'cert.pem', key: 'key.pem' },
};

export async function servers(): Promise<void> {
  await using server: Server = await serve(serving);
  const store: Store = server.store;
  const now: number = await server.advance(60_000);
  await server.reset();
  const faults: unknown[] = await server.control<unknown[]>('GET', 'faults');
  const waits: unknown = await server.control('POST', 'wait', { queue: 'q', visible: 1 });
  console.log(server.toString(), server.url, server.port, now, faults, waits);
  await server.close();
  await using shared: Server = await serve({ store, test: true });
  console.log(shared.url);
}

export async function stores(): Promise<void> {
  await using store: Store = await open('./queues', options);
  const scoped: Store = store.scope(store.account, store.region);
  const queue: Queue = await scoped.createQueue('q.fifo', {
    fifo: true,
    contentDedup: true,
    visibilityTimeout: 30,
    delay: 0,
    retention: 60,
    wait: 20,
    maxBytes: 1024,
    deadLetter: 'dead.fifo',
    maxReceives: 3,
    attributes: { FifoThroughputLimit: 'perQueue' },
    tags: { a: 'b' },
  });
  await store.getQueue(queue.name);
  await store.deleteQueue('q');
  const names: string[] = await store.listQueues('q');
  const page: NamePage = await store.listQueuesPage({ prefix: 'q', max: 10 });
  await store.listQueuesPage({ nextToken: page.nextToken });
  const handle: string = await store.startMoveTask(names[0] ?? '', { destination: 'd', rate: 1 });
  const moved: number = await store.cancelMoveTask(handle);
  const tasks: MoveTask[] = await store.listMoveTasks('dead', { max: moved });
  const now: number = (await store.now()) + (await store.advance(tasks.length));
  const report: CheckReport = await store.check();
  const statistics: Statistics = await store.statistics();
  const recovery: Recovery | undefined = await store.recovery();
  await store.backup(`./copy-${now}-${statistics.syncs}-${recovery?.reason}-${report.queues}`);
  await store.close();
}

export async function queues(queue: Queue): Promise<void> {
  const fifo: boolean = queue.fifo;
  const receipt: SendReceipt = await queue.send(new Uint8Array(), {
    delay: 1,
    attributes: { a: 'text', b: 1, c: 2n, d: Buffer.from(''), e: { type: 'Number.x', value: '1' } },
    group: queue.arn,
    dedup: 'd',
    traceHeader: 'Root=1',
    sender: 'me',
    digests: fifo,
  });
  const message: BatchMessage = { body: receipt.id, id: '1', delay: 3 };
  for (const result of await queue.sendBatch(['a', message], { digests: true })) {
    if (result.status === 'fulfilled') console.log(result.value.sequenceNumber);
    else console.log(result.reason);
  }
  await queue.deleteBatch(['receipt', { receipt: 'receipt', id: '1' }]);
  await queue.changeVisibilityBatch([{ message: 'receipt', seconds: 0, id: '1' }]);
  await queue.delete('receipt');
  await queue.changeVisibility('receipt', 3);
  await queue.purge();
  const attributes: Record<string, string> = await queue.attributes(['All']);
  await queue.setAttributes({ ...attributes, DelaySeconds: 1, FifoQueue: true });
  const counts: Counts = await queue.counts();
  const tags: Record<string, string> = await queue.tags();
  await queue.tag(tags);
  await queue.untag([String(counts.inFlight)]);
  const peeked: PeekedMessage[] = await queue.peek({
    states: ['delayed', 'visible', 'inFlight'],
    group: 'g',
    after: 0,
    max: 1,
  });
  const sources: string[] = await queue.deadLetterSources();
  const page: NamePage = await queue.deadLetterSourcesPage({ max: 1 });
  console.log(peeked, sources, page);
}

export async function messages(queue: Queue, signal: AbortSignal): Promise<void> {
  const found: Message[] = await queue.receive({
    max: 10,
    wait: 20,
    visibilityTimeout: 30,
    attempt: 'a',
    signal,
  });
  await queue.deleteBatch(found);
  for await (const message of queue.messages({ max: 2, signal })) {
    const body: Buffer = message.body;
    const typed: NamedAttribute[] = message.typedAttributes;
    const values: Record<string, string | number | Buffer> = message.attributes;
    const order: { n: number } = message.json<{ n: number }>();
    const times: Date[] = [message.sentAt, message.firstReceivedAt, message.visibleAt];
    const texts: (string | undefined)[] = [
      message.id,
      message.text,
      message.receipt,
      message.group,
      message.dedup,
      message.sequenceNumber,
      message.sender,
      message.traceHeader,
      message.deadLetterSource,
      message.md5OfBody(),
      message.md5OfAttributes(['All']),
      message.systemAttributes()['SenderId'],
    ];
    console.log(body, typed, values, order, times, texts, message.toJSON());
    console.log(message.selectAttributes(['a.*']), message.receiveCount + 1);
    await message.changeVisibility(60);
    await message.delete();
    await queue.delete(message);
    await queue.changeVisibility(message, 0);
    await queue.changeVisibilityBatch([{ message, seconds: 0 }]);
  }
}

export async function consumers(queue: Queue): Promise<void> {
  const options: ConsumerOptions = {
    queue,
    handleMessage: async (message: Message, { signal }: HandlerContext) => {
      if (signal.aborted) throw new Retry(30, { cause: signal.reason });
      console.log(message.text);
    },
    batchSize: 10,
    visibilityTimeout: 30,
    waitTimeSeconds: 20,
    heartbeatInterval: 10,
    handleMessageTimeout: 60_000,
    terminateVisibilityTimeout: (messages: Message[]) => messages.length,
    shouldDeleteMessages: true,
    pollingWaitTimeMs: 0,
    preReceiveMessageCallback: () => undefined,
    postReceiveMessageCallback: async () => undefined,
  };
  const consumer: Consumer = Consumer.create(options);
  consumer.on('message_processed', (message: Message) => console.log(message.id));
  consumer.on('timeout_error', (error: Error, message: Message) => {
    if (error instanceof HandlerTimeout) console.log(message.id);
  });
  consumer.on('error', (error, about) => console.log(error.message, about));
  consumer.updateOption('batchSize', 5);
  consumer.start();
  const { isRunning, isPolling, inFlight } = consumer.status;
  console.log(isRunning, isPolling, inFlight);
  await consumer.stop({ abort: true });
  new Consumer({ queue, handleMessageBatch: async (messages) => messages });
}

export function errors(error: unknown): boolean {
  if (error instanceof QueueDoesNotExist) return false;
  if (error instanceof ForebayError) {
    const known: [string, number, string] = [error.code, error.number, error.name];
    console.log(known, error.message);
    return error.retryable;
  }
  return false;
}

export async function mistakes(queue: Queue): Promise<void> {
  // @ts-expect-error a number is no body
  await queue.send(1);
  // @ts-expect-error no such option
  await queue.send('x', { delaySeconds: 1 });
  // @ts-expect-error no such durability
  await open('mem:', { durability: 'none' });
}
