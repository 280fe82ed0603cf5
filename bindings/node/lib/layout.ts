/**
 * Where things are in what crosses Node's border in one piece. `cargo xtask layout` made it of
 * `src/layout.rs`: change that.
 */

/** Texts of any length: the length in four bytes, then UTF-8. */
export const enum Text {
  /** The length of a text that is absent. */
  NONE = 0xffff_ffff,
}

/**
 * The start of the record of a received message: where each part begins, bytes from the record's
 * own start. Numbers are little-endian, times are doubles.
 */
export const enum Head {
  /** Length of the record. */
  LENGTH = 0,
  /** Length of the body. */
  BODY_LENGTH = LENGTH + 4,
  /** The receipt: queue, sequence, receive, time. */
  RECEIPT = BODY_LENGTH + 4,
  /** Bytes of a receipt. */
  RECEIPT_BYTES = 28,
  /** Its time, when the message was received, as a whole number. */
  RECEIVED = RECEIPT + 20,
  /** The id. */
  ID = RECEIPT + RECEIPT_BYTES,
  /** Bytes of an id. */
  ID_BYTES = 16,
  /** When it was sent. */
  SENT = ID + ID_BYTES,
  /** When it was first received; NaN: never. */
  FIRST_RECEIVED = SENT + 8,
  /** When it is visible again. */
  VISIBLE = FIRST_RECEIVED + 8,
  /** How often it was received. */
  RECEIVE_COUNT = VISIBLE + 8,
  /** The body, and how long all before it is. */
  BODY = RECEIVE_COUNT + 4,
}

/** The texts behind the body of a record, by their order. */
export const enum Place {
  SENDER = 0,
  GROUP = 1,
  DEDUP = 2,
  SEQUENCE_NUMBER = 3,
  TRACE_HEADER = 4,
  DEAD_LETTER_SOURCE = 5,
  /** How many there are. */
  COUNT = 6,
}

/**
 * What a packed entry has, a bit each, in its first byte. Of a message to send the body comes
 * next, then the other parts in the order of their bits; of a receipt to delete or to hide the
 * receipt, then the id.
 */
export const enum Part {
  ID = 1,
  DELAY = 2,
  ATTRIBUTES = 4,
  GROUP = 8,
  DEDUP = 16,
  TRACE_HEADER = 32,
  SENDER = 64,
  /** The body is the next of those that crossed on their own. */
  BODY_APART = 128,
  /** Of a receipt: it is that of a record, and no text. */
  RAW = 2,
}

/**
 * Acknowledgements of sends as one text, of ASCII. It begins with a digit, the sum of what its
 * receipts have.
 */
export const enum Sent {
  HAS_SEQUENCE = 1,
  HAS_DIGESTS = 2,
  /** Characters of a message's id. */
  ID_CHARS = 36,
  /** Characters of a sequence number. */
  SEQUENCE_CHARS = 20,
  /** Characters of a digest; one that is absent is that many spaces. */
  DIGEST_CHARS = 32,
}
