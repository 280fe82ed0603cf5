// The AWS SDK for JavaScript and sqs-consumer against a server: `clients.js ENDPOINT`.

import assert from 'node:assert/strict'
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  PurgeQueueInProgress,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  UntagQueueCommand
} from '@aws-sdk/client-sqs'
import { Consumer } from 'sqs-consumer'
import { conclude, test } from './cases.js'

const endpoint = process.argv[2]
const options = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }
}
const sqs = new SQSClient({ ...options, endpoint })
let queues = 0

async function newQueue(Attributes = {}, suffix = '') {
  const QueueName = `js-${process.pid}-${(queues += 1)}${suffix}`
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))
  return QueueUrl
}

test('a message with attributes, its digests verified by the SDK', async () => {
  const QueueUrl = await newQueue()
  const MessageAttributes = {
    Text: { DataType: 'String', StringValue: 'a \u20ac <&>' },
    Number: { DataType: 'Number.float', StringValue: '1.5' },
    Raw: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255, 10]) }
  }
  const MessageBody = 'line\r\nnext \u{1f600}'
  const sent = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageAttributes }))
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      WaitTimeSeconds: 5,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All']
    })
  )
  assert.equal(Messages.length, 1)
  assert.equal(Messages[0].Body, MessageBody)
  assert.equal(Messages[0].MessageId, sent.MessageId)
  assert.deepEqual([...Messages[0].MessageAttributes.Raw.BinaryValue], [0, 255, 10])
  assert.equal(Messages[0].Attributes.ApproximateReceiveCount, '1')
})

test('batches', async () => {
  const QueueUrl = await newQueue()
  const Entries = Array.from({ length: 10 }, (_, n) => ({ Id: `e${n}`, MessageBody: `b${n}` }))
  Entries[3].DelaySeconds = 901
  const sent = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  assert.equal(sent.Successful.length, 9)
  assert.equal(sent.Failed[0].Code, 'InvalidParameterValue')
  const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 })
  const { Messages } = await sqs.send(receive)
  assert.equal(Messages.length, 9)
  const handles = Messages.map(({ ReceiptHandle }, n) => ({ Id: `${n}`, ReceiptHandle }))
  const changes = handles.map((entry) => ({ ...entry, VisibilityTimeout: 60 }))
  await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: changes }))
  const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }))
  assert.equal(deleted.Successful.length, 9)
  assert.equal(deleted.Failed, undefined)
  assert.equal((await sqs.send(receive)).Messages, undefined)
})

test('errors are typed', async () => {
  const missing = new GetQueueUrlCommand({ QueueName: 'missing' })
  await assert.rejects(sqs.send(missing), (error) => {
    assert.ok(error instanceof QueueDoesNotExist)
    assert.equal(error.Code ?? error.Error?.Code, 'AWS.SimpleQueueService.NonExistentQueue')
    return true
  })
  const QueueUrl = await newQueue()
  await sqs.send(new PurgeQueueCommand({ QueueUrl }))
  await assert.rejects(sqs.send(new PurgeQueueCommand({ QueueUrl })), PurgeQueueInProgress)
})

test('a FIFO queue keeps its order', async () => {
  const attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true' }
  const QueueUrl = await newQueue(attributes, '.fifo')
  for (const MessageBody of ['a', 'b', 'a']) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'g' }))
  }
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 })
  )
  assert.deepEqual(Messages.map((message) => message.Body), ['a', 'b'])
})

test('attributes, tags and lists', async () => {
  const QueueUrl = await newQueue({ VisibilityTimeout: '31' })
  const change = { QueueUrl, Attributes: { DelaySeconds: '1' } }
  await sqs.send(new SetQueueAttributesCommand(change))
  const wanted = { QueueUrl, AttributeNames: ['All'] }
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand(wanted))
  assert.equal(Attributes.VisibilityTimeout, '31')
  assert.equal(Attributes.DelaySeconds, '1')
  const tags = async () => (await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags
  assert.equal(await tags(), undefined)
  await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { a: '1', b: '\u20ac' } }))
  await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['a'] }))
  assert.deepEqual(await tags(), { b: '\u20ac' })
  const { QueueUrls } = await sqs.send(new ListQueuesCommand({}))
  assert.ok(QueueUrls.includes(QueueUrl))
})

test('a message that is hidden, shown again and deleted', async () => {
  const QueueUrl = await newQueue()
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again' }))
  const wanted = { QueueUrl, MessageSystemAttributeNames: ['ApproximateReceiveCount'] }
  const receive = async () => (await sqs.send(new ReceiveMessageCommand(wanted))).Messages
  const [{ ReceiptHandle }] = await receive()
  assert.equal(await receive(), undefined)
  const change = { QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }
  await sqs.send(new ChangeMessageVisibilityCommand(change))
  const [again] = await receive()
  assert.equal(again.Attributes.ApproximateReceiveCount, '2')
  const handle = { QueueUrl, ReceiptHandle: again.ReceiptHandle }
  await sqs.send(new DeleteMessageCommand(handle))
  const nonsense = { ...handle, ReceiptHandle: 'nonsense' }
  await assert.rejects(sqs.send(new DeleteMessageCommand(nonsense)), ReceiptHandleIsInvalid)
})

test('dead letters and their redrive', async () => {
  const dead = await newQueue()
  const arn = { QueueUrl: dead, AttributeNames: ['QueueArn'] }
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand(arn))
  const SourceArn = Attributes.QueueArn
  const policy = { deadLetterTargetArn: SourceArn, maxReceiveCount: '1' }
  const QueueUrl = await newQueue({ RedrivePolicy: JSON.stringify(policy) })
  const list = new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead })
  assert.deepEqual((await sqs.send(list)).queueUrls, [QueueUrl])
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'twice' }))
  const receive = async (options) => (await sqs.send(new ReceiveMessageCommand(options))).Messages
  assert.equal((await receive({ QueueUrl, VisibilityTimeout: 0 })).length, 1)
  assert.equal(await receive({ QueueUrl }), undefined)
  const [letter] = await receive({ QueueUrl: dead, VisibilityTimeout: 0 })
  assert.equal(letter.Body, 'twice')
  const task = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }))
  assert.ok(task.TaskHandle)
  const [moved] = await receive({ QueueUrl, WaitTimeSeconds: 20 })
  assert.equal(moved.Body, 'twice')
})

test('the queue URL as endpoint', async () => {
  const QueueUrl = await newQueue()
  // An endpoint from the environment does not switch this off, as one given here does.
  process.env.AWS_ENDPOINT_URL_SQS = endpoint
  const direct = new SQSClient(options)
  await direct.send(new SendMessageCommand({ QueueUrl, MessageBody: 'direct' }))
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }))
  assert.equal(Messages[0].Body, 'direct')
  direct.destroy()
})

test('a wait that is aborted takes no message', async () => {
  const QueueUrl = await newQueue()
  const wait = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 })
  const abort = new AbortController()
  const waiting = sqs.send(wait, { abortSignal: abort.signal })
  setTimeout(() => abort.abort(), 200)
  await assert.rejects(waiting, { name: 'AbortError' })
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'kept' }))
  const { Messages } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 })
  )
  assert.equal(Messages[0].Body, 'kept')
})

test('sqs-consumer handles every message once', async () => {
  const queueUrl = await newQueue()
  const total = 100
  for (let start = 0; start < total; start += 10) {
    const Entries = Array.from({ length: 10 }, (_, n) => ({
      Id: `${n}`,
      MessageBody: `${start + n}`
    }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }))
  }
  const seen = new Map()
  await new Promise((resolve, reject) => {
    const consumer = Consumer.create({
      queueUrl,
      sqs,
      batchSize: 10,
      waitTimeSeconds: 5,
      handleMessage: async (message) => {
        seen.set(message.Body, (seen.get(message.Body) ?? 0) + 1)
        return message
      }
    })
    consumer.on('error', reject)
    consumer.on('processing_error', reject)
    consumer.on('response_processed', () => {
      if (seen.size === total) consumer.stop()
    })
    consumer.on('stopped', resolve)
    consumer.start()
  })
  assert.equal(seen.size, total)
  assert.ok([...seen.values()].every((times) => times === 1))
  const counts = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
    })
  )
  assert.deepEqual(Object.values(counts.Attributes), ['0', '0'])
})

await conclude()
