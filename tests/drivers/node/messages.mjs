// Verbs about messages: send, receive, wait, delete, hide, peek.

import { Answer } from './wire.mjs';

function sendInput(request, prefix = '') {
  const key = (name) => `${prefix}${name}`;
  const attributes = request.list(key('attributes'), (entry) => {
    const type = request.text(`${entry}.type`);
    const value = request.bytes(`${entry}.value`);
    const name = request.text(`${entry}.name`);
    return { name, type, value: type.startsWith('Binary') ? value : value.toString() };
  });
  return {
    body: request.bytes(key('body')),
    id: request.text(key('id')),
    delay: request.number(key('delay')),
    attributes,
    traceHeader: request.text(key('trace_header')),
    group: request.text(key('group')),
    dedup: request.text(key('dedup')),
    sender: request.text(key('sender')),
  };
}

function putSent(answer, prefix, sent) {
  answer
    .put(`${prefix}id`, sent.id)
    .flag(`${prefix}duplicate`, sent.duplicate)
    .put(`${prefix}sequence`, sent.sequenceNumber)
    .put(`${prefix}md5_body`, sent.md5OfBody)
    .put(`${prefix}md5_attributes`, sent.md5OfAttributes)
    .put(`${prefix}md5_system`, sent.md5OfSystemAttributes);
  return answer;
}

export async function send(session, request) {
  const { body, ...options } = sendInput(request);
  const queue = await session.queue(request);
  return putSent(new Answer(), '', await queue.send(body, { ...options, digests: true }));
}

/** The results of a batch; `put` adds what a success has. */
function entries(results, put = () => {}) {
  const answer = new Answer();
  return answer.list('entries', results, (result, entry) => {
    if (result.status === 'rejected') {
      answer.put(`${entry}.code`, result.reason.code).put(`${entry}.text`, result.reason.message);
    } else {
      answer.put(`${entry}.code`, 'OK');
      put(answer, `${entry}.`, result.value);
    }
  });
}

export async function send_batch(session, request) {
  const batch = request.list('entries', (entry) => sendInput(request, `${entry}.`));
  const queue = await session.queue(request);
  return entries(await queue.sendBatch(batch, { digests: true }), putSent);
}

function receiveOptions(request) {
  return {
    max: request.number('max'),
    wait: request.number('wait'),
    visibilityTimeout: request.number('visibility'),
    attempt: request.text('attempt'),
  };
}

function putAttributes(answer, key, attributes) {
  answer.list(key, attributes, ({ name, type, value }, entry) => {
    answer.put(`${entry}.name`, name).put(`${entry}.type`, type).put(`${entry}.value`, value);
  });
}

function received(messages, attributeNames = ['All'], systemNames = []) {
  const answer = new Answer();
  return answer.list('messages', messages, (message, entry) => {
    answer
      .put(`${entry}.id`, message.id)
      .put(`${entry}.body`, message.body)
      .put(`${entry}.receipt`, message.receipt)
      .put(`${entry}.receive_count`, message.receiveCount)
      .put(`${entry}.sent_ms`, message.sentAt.getTime())
      .put(`${entry}.first_receive_ms`, message.firstReceivedAt.getTime())
      .put(`${entry}.visible_ms`, message.visibleAt.getTime())
      .put(`${entry}.sender`, message.sender)
      .put(`${entry}.sequence`, message.sequenceNumber)
      .put(`${entry}.group`, message.group)
      .put(`${entry}.dedup`, message.dedup)
      .put(`${entry}.trace_header`, message.traceHeader)
      .put(`${entry}.dead_letter_source`, message.deadLetterSource)
      .put(`${entry}.md5_body`, message.md5OfBody())
      .put(`${entry}.md5_attributes`, message.md5OfAttributes(attributeNames))
      .map(`${entry}.system`, message.systemAttributes(systemNames));
    putAttributes(answer, `${entry}.attributes`, message.selectAttributes(attributeNames));
  });
}

export async function receive(session, request) {
  const queue = await session.queue(request);
  const messages = await queue.receive(receiveOptions(request));
  const isNamed = request.bytes('attribute_names.count') !== undefined;
  const names = isNamed ? request.texts('attribute_names') : ['All'];
  return received(messages, names, request.texts('system_names'));
}

export async function receive_start(session, request) {
  const queue = await session.queue(request);
  const abort = new AbortController();
  const wait = { abort, done: false };
  const options = { ...receiveOptions(request), signal: abort.signal };
  wait.answer = queue.receive(options).finally(() => (wait.done = true));
  // Whoever awaits it sees its failure; nobody else must.
  wait.answer.catch(() => {});
  session.waits.set(request.text('ticket'), wait);
}

function takeWait(session, request) {
  const name = request.text('ticket');
  const wait = session.waits.get(name);
  if (wait === undefined) throw new Error(`no ticket ${name}`);
  return wait;
}

export async function ticket_state(session, request) {
  return new Answer().flag('done', takeWait(session, request).done);
}

async function awaitTicket(session, request) {
  const messages = await takeWait(session, request).answer;
  session.waits.delete(request.text('ticket'));
  return received(messages);
}
export { awaitTicket as await };

/** Must leave an answer, if only that it was aborted. */
export async function cancel(session, request) {
  const wait = takeWait(session, request);
  session.waits.delete(request.text('ticket'));
  wait.abort.abort();
  const outcome = await wait.answer.catch((reason) => reason);
  if (outcome?.name !== 'AbortError') throw outcome;
}

async function remove(session, request) {
  await (await session.queue(request)).delete(request.text('receipt'));
}
export { remove as delete };

function receipts(request) {
  return request.list('entries', (entry) => ({
    id: request.text(`${entry}.id`),
    receipt: request.text(`${entry}.receipt`),
    seconds: request.number(`${entry}.seconds`),
  }));
}

export async function delete_batch(session, request) {
  return entries(await (await session.queue(request)).deleteBatch(receipts(request)));
}

export async function change_visibility(session, request) {
  const queue = await session.queue(request);
  await queue.changeVisibility(request.text('receipt'), request.number('seconds'));
}

export async function change_visibility_batch(session, request) {
  const changes = receipts(request).map(({ receipt, ...rest }) => ({ message: receipt, ...rest }));
  return entries(await (await session.queue(request)).changeVisibilityBatch(changes));
}

const STATES = { delayed: 'delayed', visible: 'visible', in_flight: 'inFlight' };
const WORDS = { delayed: 'delayed', visible: 'visible', inFlight: 'in_flight' };

export async function peek(session, request) {
  const queue = await session.queue(request);
  const messages = await queue.peek({
    states: request.texts('states').map((state) => STATES[state]),
    group: request.text('group'),
    after: request.number('after'),
    max: request.number('max'),
  });
  const answer = new Answer();
  return answer.list('messages', messages, (message, entry) => {
    answer
      .put(`${entry}.state`, WORDS[message.state])
      .put(`${entry}.id`, message.id)
      .put(`${entry}.body`, message.body)
      .put(`${entry}.sequence`, message.sequence)
      .put(`${entry}.receive_count`, message.receiveCount)
      .put(`${entry}.sent_ms`, message.sentMs)
      .put(`${entry}.first_receive_ms`, message.firstReceiveMs)
      .put(`${entry}.visible_ms`, message.visibleMs)
      .put(`${entry}.sender`, message.sender)
      .put(`${entry}.group`, message.group)
      .put(`${entry}.dedup`, message.dedup)
      .put(`${entry}.trace_header`, message.traceHeader)
      .put(`${entry}.dead_letter_source`, message.deadLetterSource)
      .put(`${entry}.md5_body`, message.md5OfBody);
    putAttributes(answer, `${entry}.attributes`, message.attributes);
  });
}
