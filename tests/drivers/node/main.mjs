// Drives the npm package by the line protocol of the scenario runner. It only translates; what is
// right is in the scenario files.

import './native.mjs';
import { createInterface } from 'node:readline';
import { ForebayError } from '../../../bindings/node/dist/index.mjs';
import * as messages from './messages.mjs';
import * as queues from './queues.mjs';
import { Session } from './session.mjs';
import { Answer, errorLine, Request } from './wire.mjs';

const CAPABILITIES = [
  'manual_clock',
  'durable',
  'tickets',
  'peek',
  'no_limits',
  'scale',
  'explicit_zero',
];

const verbs = {
  hello: async () => {
    const answer = new Answer();
    return answer.list('capabilities', CAPABILITIES, (name, entry) => answer.put(entry, name));
  },
  open: (session, request) => session.open(request),
  close: (session) => session.close(),
  now: async (session) => new Answer().put('now_ms', await session.store.now()),
  advance: (session, request) => session.advance(request),
  ...queues,
  ...messages,
};

async function respond(session, line) {
  const request = new Request(line);
  const verb = verbs[request.verb];
  if (verb === undefined) return 'unsupported';
  try {
    return String((await verb(session, request)) ?? new Answer());
  } catch (error) {
    if (error instanceof ForebayError) return errorLine(error);
    const message = `driver: ${error.stack}`;
    return errorLine({ number: 100, code: 'Forebay.InvalidArgument', message });
  }
}

const session = new Session();
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await respond(session, line)}\n`);
}
