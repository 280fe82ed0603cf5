//! Where things are in what crosses Node's border in one piece, for both of its sides:
//! `cargo xtask layout` makes `lib/layout.ts` of this file, and `cargo xtask tidy` compares them.
//! So it has modules of whole numbers, each line as TypeScript has it too, and nothing else.

/// Texts of any length: the length in four bytes, then UTF-8.
pub mod text {
    /// The length of a text that is absent.
    pub const NONE: u32 = 0xffff_ffff;
}

/// The start of the record of a received message: where each part begins, bytes from the record's
/// own start. Numbers are little-endian, times are doubles.
pub mod head {
    /// Length of the record.
    pub const LENGTH: usize = 0;
    /// Length of the body.
    pub const BODY_LENGTH: usize = LENGTH + 4;
    /// The receipt: queue, sequence, receive, time.
    pub const RECEIPT: usize = BODY_LENGTH + 4;
    /// Bytes of a receipt.
    pub const RECEIPT_BYTES: usize = 28;
    /// Its time, when the message was received, as a whole number.
    pub const RECEIVED: usize = RECEIPT + 20;
    /// The id.
    pub const ID: usize = RECEIPT + RECEIPT_BYTES;
    /// Bytes of an id.
    pub const ID_BYTES: usize = 16;
    /// When it was sent.
    pub const SENT: usize = ID + ID_BYTES;
    /// When it was first received; NaN: never.
    pub const FIRST_RECEIVED: usize = SENT + 8;
    /// When it is visible again.
    pub const VISIBLE: usize = FIRST_RECEIVED + 8;
    /// How often it was received.
    pub const RECEIVE_COUNT: usize = VISIBLE + 8;
    /// The body, and how long all before it is.
    pub const BODY: usize = RECEIVE_COUNT + 4;
}

/// The texts behind the body of a record, by their order.
pub mod place {
    pub const SENDER: usize = 0;
    pub const GROUP: usize = 1;
    pub const DEDUP: usize = 2;
    pub const SEQUENCE_NUMBER: usize = 3;
    pub const TRACE_HEADER: usize = 4;
    pub const DEAD_LETTER_SOURCE: usize = 5;
    /// How many there are.
    pub const COUNT: usize = 6;
}

/// What a packed entry has, a bit each, in its first byte. Of a message to send the body comes
/// next, then the other parts in the order of their bits; of a receipt to delete or to hide the
/// receipt, then the id.
pub mod part {
    pub const ID: u8 = 1;
    pub const DELAY: u8 = 2;
    pub const ATTRIBUTES: u8 = 4;
    pub const GROUP: u8 = 8;
    pub const DEDUP: u8 = 16;
    pub const TRACE_HEADER: u8 = 32;
    pub const SENDER: u8 = 64;
    /// The body is the next of those that crossed on their own.
    pub const BODY_APART: u8 = 128;
    /// Of a receipt: it is that of a record, and no text.
    pub const RAW: u8 = 2;
}

/// Acknowledgements of sends as one text, of ASCII. It begins with a digit, the sum of what its
/// receipts have.
pub mod sent {
    pub const HAS_SEQUENCE: u8 = 1;
    pub const HAS_DIGESTS: u8 = 2;
    /// Characters of a message's id.
    pub const ID_CHARS: usize = 36;
    /// Characters of a sequence number.
    pub const SEQUENCE_CHARS: usize = 20;
    /// Characters of a digest; one that is absent is that many spaces.
    pub const DIGEST_CHARS: usize = 32;
}
