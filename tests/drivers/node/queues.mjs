// Verbs about queues, lists of them, and move tasks.

import { Answer } from './wire.mjs';

function found(session, queue) {
  session.keep(queue);
  return new Answer().put('name', queue.name).put('arn', queue.arn).flag('fifo', queue.fifo);
}

export async function create_queue(session, request) {
  const options = {
    attributes: request.map('attributes'),
    tags: request.map('tags'),
    deadLetter: request.text('dead_letter'),
    maxReceives: request.number('max_receives'),
  };
  return found(session, await session.store.createQueue(request.text('name'), options));
}

export async function get_queue(session, request) {
  return found(session, await session.store.getQueue(request.text('name')));
}

export async function delete_queue(session, request) {
  await session.store.deleteQueue(request.text('name'));
}

function page(request) {
  const max = request.number('max') ?? 1000;
  return { max, nextToken: request.text('token') };
}

function names(found) {
  const answer = new Answer().put('token', found.nextToken);
  return answer.list('queues', found.names, (name, entry) => answer.put(`${entry}.name`, name));
}

export async function list_queues(session, request) {
  const prefix = request.text('prefix') ?? '';
  return names(await session.store.listQueuesPage({ prefix, ...page(request) }));
}

export async function dead_letter_sources(session, request) {
  const queue = await session.queue(request);
  return names(await queue.deadLetterSourcesPage(page(request)));
}

export async function get_attributes(session, request) {
  const queue = await session.queue(request);
  return new Answer().map('attributes', await queue.attributes(request.texts('names')));
}

export async function set_attributes(session, request) {
  await (await session.queue(request)).setAttributes(request.map('attributes'));
}

export async function tag(session, request) {
  await (await session.queue(request)).tag(request.map('tags'));
}

export async function untag(session, request) {
  await (await session.queue(request)).untag(request.texts('keys'));
}

export async function list_tags(session, request) {
  return new Answer().map('tags', await (await session.queue(request)).tags());
}

export async function purge(session, request) {
  await (await session.queue(request)).purge();
}

export async function start_move_task(session, request) {
  const options = { destination: request.text('destination'), rate: request.number('rate') };
  const handle = await session.store.startMoveTask(request.text('source'), options);
  return new Answer().put('handle', handle);
}

export async function cancel_move_task(session, request) {
  return new Answer().put('moved', await session.store.cancelMoveTask(request.text('handle')));
}

/** Without `max` one task, as in SQS. */
export async function list_move_tasks(session, request) {
  const max = request.number('max') ?? 1;
  const tasks = await session.store.listMoveTasks(request.text('source'), { max });
  const answer = new Answer();
  return answer.list('tasks', tasks, (task, entry) => {
    answer
      .put(`${entry}.handle`, task.handle)
      .put(`${entry}.status`, task.status)
      .put(`${entry}.source`, task.source)
      .put(`${entry}.destination`, task.destination)
      .put(`${entry}.rate`, task.rate)
      .put(`${entry}.moved`, task.moved)
      .put(`${entry}.to_move`, task.toMove)
      .put(`${entry}.started_ms`, task.startedMs)
      .put(`${entry}.reason`, task.reason);
  });
}
