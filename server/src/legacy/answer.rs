//! What a legacy action answers. The protocols print it through `print`.

use crate::auth::grants::Permission;
use crate::wire;

/// The answer to an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// Of the first generation.
    First(Told),
    /// Of the second: today's, without what was added since the version.
    Second(wire::Answer),
}

/// What the first generation tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Done, and nothing to tell but the status.
    Done,
    /// CreateQueue.
    QueueUrl(String),
    /// ListQueues.
    QueueUrls(Vec<String>),
    /// SendMessage.
    MessageId(String),
    /// ReceiveMessage, and PeekMessage with one.
    Messages(Vec<Message>),
    /// GetVisibilityTimeout, seconds.
    VisibilityTimeout(u32),
    /// GetQueueAttributes: names and values.
    Attributes(Vec<(&'static str, String)>),
    /// ListGrants.
    Grants(Vec<Grant>),
}

/// A message as the first generation shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `MessageId`, the key by which it is peeked at and deleted.
    pub id: String,
    /// `MessageBody`.
    pub body: String,
}

/// One permission of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Canonical id of the grantee, 64 hex digits.
    pub id: String,
    /// `DisplayName`: what stands before the `@` of its e-mail address, else its account.
    pub display_name: String,
    /// The permission.
    pub permission: Permission,
}
