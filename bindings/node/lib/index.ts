/** Forebay: the message queue of Amazon SQS as a library. */

export type {
  AttributeInput,
  AttributesInput,
  NamedAttribute,
  TypedAttribute,
} from './attributes.js';
export {
  Consumer,
  type ConsumerEvents,
  type ConsumerOptions,
  type HandlerContext,
  HandlerTimeout,
  Retry,
  type UpdatableOption,
} from './consumer.js';
export * from './errors.js';
export { Message } from './message.js';
export {
  type BatchMessage,
  type Body,
  type Counts,
  type Deletion,
  type MessageState,
  type NamePage,
  type PeekedMessage,
  type PeekOptions,
  Queue,
  type ReceiveOptions,
  type SendOptions,
  type SendReceipt,
  type VisibilityChange,
} from './queue.js';
export {
  type Credential,
  serve,
  type ServedQueue,
  type ServeLimits,
  type ServeOptions,
  Server,
  type TestModeOptions,
} from './serve.js';
export {
  type CheckReport,
  type MoveTask,
  open,
  type OpenOptions,
  type QueueOptions,
  type Recovery,
  type Statistics,
  Store,
} from './store.js';
