// The AWS SDK for JavaScript and a server in its own process, which it finds by the environment.

import assert from 'node:assert/strict'
import {
  CreateQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient
} from '@aws-sdk/client-sqs'
import { createTestServer } from 'forebay/testing'
import { conclude, test } from './cases.js'

test('the environment leads to the server', async () => {
  const server = await createTestServer()
  const sqs = new SQSClient()
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'orders' }))
  const later = { QueueUrl, MessageBody: 'later', DelaySeconds: 900 }
  await sqs.send(new SendMessageCommand(later))
  const receive = async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages
  assert.equal(await receive(), undefined)
  await server.advance('15m')
  assert.equal((await receive())[0].Body, 'later')
  assert.equal((await (await server.store.getQueue('orders')).counts()).inFlight, 1)
  await server.reset()
  assert.equal((await sqs.send(new ListQueuesCommand())).QueueUrls, undefined)
  sqs.destroy()
  await server.close()
})

await conclude()
