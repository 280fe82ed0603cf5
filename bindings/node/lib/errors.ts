/** Errors: one class for each kind, all of them {@link ForebayError}s. */

import { kindOf, kinds } from './kinds.js';

/** Any failure of Forebay. Compare classes or `code`; the text is for people. */
export class ForebayError extends Error {
  /** The SQS error code, or the library's own such as `Forebay.DiskFull`. */
  readonly code: string;
  /** A number that never changes its meaning. */
  readonly number: number;
  /** True where the same call may succeed later without any change by the caller. */
  readonly retryable: boolean;

  constructor(text: string) {
    super(text);
    const kind = kindOf(new.target);
    this.code = kind?.code ?? 'Forebay.Internal';
    this.number = kind?.number ?? 0;
    this.retryable = kind?.retryable ?? false;
  }

  override get name(): string {
    return kinds.get(this.constructor)?.name ?? this.constructor.name;
  }
}

/** No queue of that name in this account and region. */
export class QueueDoesNotExist extends ForebayError {}
/** The queue exists with a different value of a named attribute. */
export class QueueNameExists extends ForebayError {}
/** The name was deleted less than 60 s ago. */
export class QueueDeletedRecently extends ForebayError {}
/** Unknown attribute, or one that this kind of queue does not have. */
export class InvalidAttributeName extends ForebayError {}
/** Known attribute, value out of range. */
export class InvalidAttributeValue extends ForebayError {}
/** A parameter is out of range or does not fit the queue. */
export class InvalidParameterValue extends ForebayError {}
/** A required parameter is missing. */
export class MissingParameter extends ForebayError {}
/** The body has characters that SQS does not carry. */
export class InvalidMessageContents extends ForebayError {}
/** The receipt handle was not made by this queue. */
export class ReceiptHandleIsInvalid extends ForebayError {}
/** The message is not in flight. */
export class MessageNotInflight extends ForebayError {}
/** Two entries of one batch share an id. */
export class BatchEntryIdsNotDistinct extends ForebayError {}
/** A batch without entries. */
export class EmptyBatchRequest extends ForebayError {}
/** More batch entries than allowed. */
export class TooManyEntriesInBatchRequest extends ForebayError {}
/** A batch entry id has other characters than allowed, or too many. */
export class InvalidBatchEntryId extends ForebayError {}
/** All bodies of a batch together are too long. */
export class BatchRequestTooLong extends ForebayError {}
/** The queue was purged less than 60 s ago. */
export class PurgeQueueInProgress extends ForebayError {}
/** Too many messages in flight, or another quota. */
export class OverLimit extends ForebayError {}
/** The operation does not apply now. */
export class UnsupportedOperation extends ForebayError {}
/** A queue or task named by its ARN or handle does not exist. */
export class ResourceNotFound extends ForebayError {}
/** An argument that no caller should pass. */
export class InvalidArgument extends ForebayError {}
/** The store was closed. */
export class Closed extends ForebayError {}
/** The store was opened before a fork. */
export class Forked extends ForebayError {}
/** An earlier write or sync failed; reopen the store. */
export class Poisoned extends ForebayError {}
/** Another process holds the store's lock for too long; the text names it. */
export class Busy extends ForebayError {}
/** No space left for new messages; receiving and deleting go on. */
export class DiskFull extends ForebayError {}
/** The operating system refused an operation. */
export class Io extends ForebayError {}
/** The store's files contradict themselves; the text says where. */
export class Corrupt extends ForebayError {}
/** The directory holds something that is not a Forebay store. */
export class ForeignDirectory extends ForebayError {}
/** The store was written in a format that this version does not read. */
export class UnsupportedFormat extends ForebayError {}
/** The directory is on a network file system, where locks and maps are not safe. */
export class NetworkFileSystem extends ForebayError {}
/** The wait was cancelled; no message was taken. */
export class Cancelled extends ForebayError {}
/** A fault of the library itself. */
export class Internal extends ForebayError {}
/** A panic was caught at the language boundary. */
export class Panic extends ForebayError {}
/** The database cannot be reached, or a fail-over to another one is under way. */
export class Unavailable extends ForebayError {}
