//! What a legacy request asks for. Query, REST and SOAP flatten what they carry to parameters with
//! the Query names, and one reader makes the action of them.

use super::fault::{Code, Fault};
use super::owner;
use super::version::{Generation, Version};
use crate::auth::grants::Permission;
use crate::wire::query::{self, Params};
use crate::wire::url;
use crate::wire::{self, action as inputs};

/// A queue as the path of a request names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Account, 12 digits, of the owner.
    pub account: String,
    /// Name.
    pub name: String,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// Its name, one of [`Version::actions`].
    pub name: &'static str,
    /// What it asks.
    pub verb: Verb,
}

/// What is asked, by generation.
#[derive(Debug, Clone, PartialEq)]
pub enum Verb {
    /// 2006 and 2007.
    First(First),
    /// From 2008: today's inputs, without what was added since the version.
    Second(wire::Action),
}

/// What the first generation asks. Numbers are in the version's range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum First {
    /// Creates a queue, or finds one of the name.
    CreateQueue {
        /// `QueueName`.
        name: String,
        /// `DefaultVisibilityTimeout`, seconds.
        visibility_s: Option<u32>,
    },
    /// Queues whose names begin so.
    ListQueues {
        /// `QueueNamePrefix`; empty lists all.
        prefix: String,
    },
    /// What is asked of a queue.
    OnQueue(Target, OnQueue),
}

/// What the first generation asks of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnQueue {
    /// Deletes it.
    DeleteQueue {
        /// `ForceDeletion`: even if it has messages. 2007 only.
        force: bool,
    },
    /// Sends a message.
    SendMessage {
        /// The body, as given.
        body: String,
    },
    /// Receives messages.
    ReceiveMessage {
        /// `NumberOfMessages`, 1 to 256.
        count: u32,
        /// `VisibilityTimeout`, seconds; without it the queue's.
        visibility_s: Option<u32>,
    },
    /// Shows a message, whatever its state.
    PeekMessage {
        /// `MessageId`.
        id: String,
    },
    /// Deletes a message.
    DeleteMessage {
        /// `MessageId`.
        id: String,
    },
    /// Hides a message for another time. 2007 only.
    ChangeMessageVisibility {
        /// `MessageId`.
        id: String,
        /// `VisibilityTimeout`, seconds.
        visibility_s: u32,
    },
    /// The queue's visibility timeout.
    GetVisibilityTimeout,
    /// Sets it.
    SetVisibilityTimeout {
        /// `VisibilityTimeout`, seconds.
        visibility_s: u32,
    },
    /// Attributes of the queue. 2007 only.
    GetQueueAttributes {
        /// `Attribute`; `All` asks for all.
        names: Vec<String>,
    },
    /// Sets an attribute. 2007 only.
    SetQueueAttributes {
        /// `Attribute`.
        name: String,
        /// `Value`.
        value: String,
    },
    /// Gives a permission.
    AddGrant {
        /// To whom.
        grantee: Grantee,
        /// Which.
        permission: Permission,
    },
    /// Grants of the queue.
    ListGrants {
        /// Only those of this one.
        grantee: Option<Grantee>,
        /// Only this permission.
        permission: Option<Permission>,
    },
    /// Takes a permission away.
    RemoveGrant {
        /// From whom.
        grantee: Grantee,
        /// Which.
        permission: Permission,
    },
}

/// Who gets a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grantee {
    /// `Grantee.EmailAddress`.
    Email(String),
    /// `Grantee.ID`, in the guide of 2006 also `Grantee.CanonicalUser`: 64 hex digits.
    Id(String),
}

impl Action {
    /// Reads the action called `name`. `path` is that of the request's address.
    ///
    /// Errors: `InvalidAction`, `MissingParameter`, `InvalidParameterValue`,
    /// `ReadCountOutOfRange`, and `InvalidURI` for an address that is no queue's.
    pub fn read(version: Version, name: &str, params: &Params, path: &str) -> Result<Self, Fault> {
        let name = version
            .action(name)
            .ok_or_else(|| Fault::invalid_action(name, version))?;
        let verb = match version.generation() {
            Generation::First => Verb::First(first(version, name, params, path)?),
            Generation::Second => Verb::Second(second(version, name, params, path)?),
        };
        Ok(Self { name, verb })
    }
}

/// The queue of a path `/<account or owner token>/<name>`, with or without a slash at the end.
///
/// Errors: `InvalidURI`.
pub fn target(path: &str) -> Result<Target, Fault> {
    let named = url::parse(path).and_then(|queue| Some((queue.account?, queue.name)));
    let known = named.and_then(|(owner, name)| {
        let account = owner::account(&owner)?;
        Some(Target { account, name })
    });
    known.ok_or_else(|| {
        let text = format!("The address {path} is not that of a queue.");
        Fault::new(Code::InvalidUri, text)
    })
}

/// A body that is the message.
///
/// Errors: `InvalidMessageContents`.
pub fn message_text(body: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(body).map_err(|error| {
        let at = error.valid_up_to();
        let text = format!("The message body is not UTF-8 at byte {at}.");
        Fault::new(Code::InvalidMessageContents, text)
    })
}

/// A required text.
fn required(params: &Params, name: &str) -> Result<String, Fault> {
    params.text(name).ok_or_else(|| Fault::missing(name))
}

/// A visibility timeout in the version's range, seconds.
fn visibility(version: Version, params: &Params, name: &str) -> Result<Option<u32>, Fault> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let max = version.visibility_s_max();
    let fits = |seconds: &u32| *seconds <= max;
    let seconds = text.parse().ok().filter(fits).ok_or_else(|| {
        let reason = format!("{name} must be an integer between 0 and {max}.");
        Fault::bad_value(text, name, &reason)
    })?;
    Ok(Some(seconds))
}

fn first(version: Version, name: &str, params: &Params, path: &str) -> Result<First, Fault> {
    match name {
        "CreateQueue" => Ok(First::CreateQueue {
            name: required(params, "QueueName")?,
            visibility_s: visibility(version, params, "DefaultVisibilityTimeout")?,
        }),
        "ListQueues" => Ok(First::ListQueues {
            prefix: params.text("QueueNamePrefix").unwrap_or_default(),
        }),
        _ => {
            let target = target(path)?;
            Ok(First::OnQueue(target, on_queue(version, name, params)?))
        }
    }
}

fn on_queue(version: Version, name: &str, params: &Params) -> Result<OnQueue, Fault> {
    let seconds = |name: &str| visibility(version, params, name);
    let timeout = || {
        let seconds = seconds("VisibilityTimeout")?;
        seconds.ok_or_else(|| Fault::missing("VisibilityTimeout"))
    };
    let id = || required(params, "MessageId");
    Ok(match name {
        "DeleteQueue" => OnQueue::DeleteQueue {
            force: version != Version::V2006 && is_true(params, "ForceDeletion")?,
        },
        "SendMessage" => OnQueue::SendMessage {
            body: required(params, "MessageBody")?,
        },
        "ReceiveMessage" => OnQueue::ReceiveMessage {
            count: count(version, params)?,
            visibility_s: seconds("VisibilityTimeout")?,
        },
        "PeekMessage" => OnQueue::PeekMessage { id: id()? },
        "DeleteMessage" => OnQueue::DeleteMessage { id: id()? },
        "ChangeMessageVisibility" => OnQueue::ChangeMessageVisibility {
            id: id()?,
            visibility_s: timeout()?,
        },
        "GetVisibilityTimeout" => OnQueue::GetVisibilityTimeout,
        "SetVisibilityTimeout" => OnQueue::SetVisibilityTimeout {
            visibility_s: timeout()?,
        },
        "GetQueueAttributes" => OnQueue::GetQueueAttributes {
            names: {
                let names = params.list("Attribute");
                // A client of the time sends the name of the next version (L3).
                let names = names.or_else(|| params.list("AttributeName"));
                names.ok_or_else(|| Fault::missing("Attribute"))?
            },
        },
        "SetQueueAttributes" => OnQueue::SetQueueAttributes {
            name: required(params, "Attribute")?,
            value: required(params, "Value")?,
        },
        "AddGrant" => OnQueue::AddGrant {
            grantee: needed_grantee(params)?,
            permission: needed_permission(params)?,
        },
        "RemoveGrant" => OnQueue::RemoveGrant {
            grantee: needed_grantee(params)?,
            permission: needed_permission(params)?,
        },
        "ListGrants" => OnQueue::ListGrants {
            grantee: grantee(params),
            permission: permission(params)?,
        },
        other => return Err(Fault::invalid_action(other, version)),
    })
}

/// `NumberOfMessages` of the first generation.
fn count(version: Version, params: &Params) -> Result<u32, Fault> {
    let Some(text) = params.get("NumberOfMessages") else {
        return Ok(1);
    };
    let max = version.receive_max();
    let fits = |count: &u32| (1..=max).contains(count);
    text.parse().ok().filter(fits).ok_or_else(|| {
        let text = format!(
            "Value {text} for parameter NumberOfMessages is invalid. Reason: Must be an integer \
             between 1 and {max}."
        );
        Fault::new(Code::ReadCountOutOfRange, text)
    })
}

/// `true` or `false` in any case of the letters; absent is false.
fn is_true(params: &Params, name: &str) -> Result<bool, Fault> {
    match params.get(name) {
        None => Ok(false),
        Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(text) => Err(Fault::bad_value(text, name, "Must be true or false.")),
    }
}

fn grantee(params: &Params) -> Option<Grantee> {
    let email = params.text("Grantee.EmailAddress").map(Grantee::Email);
    email.or_else(|| {
        let id = params.text("Grantee.ID");
        let id = id.or_else(|| params.text("Grantee.CanonicalUser"));
        id.map(Grantee::Id)
    })
}

fn needed_grantee(params: &Params) -> Result<Grantee, Fault> {
    grantee(params).ok_or_else(|| Fault::missing("Grantee"))
}

fn permission(params: &Params) -> Result<Option<Permission>, Fault> {
    let Some(text) = params.get("Permission") else {
        return Ok(None);
    };
    let reason = "Must be ReceiveMessage, SendMessage or FullControl.";
    let known = Permission::parse(text);
    Ok(Some(known.ok_or_else(|| {
        Fault::bad_value(text, "Permission", reason)
    })?))
}

fn needed_permission(params: &Params) -> Result<Permission, Fault> {
    permission(params)?.ok_or_else(|| Fault::missing("Permission"))
}

/// Reads today's input, then takes out what the version did not have.
fn second(
    version: Version,
    name: &str,
    params: &Params,
    path: &str,
) -> Result<wire::Action, Fault> {
    let needs_queue = !matches!(name, "CreateQueue" | "ListQueues" | "GetQueueUrl");
    let address = match needs_queue {
        true => target(path).map(|queue| Some(format!("/{}/{}", queue.account, queue.name)))?,
        false => None,
    };
    let mut action = query::read(name, params, address.clone())?;
    restrict(version, params, &mut action, address)?;
    Ok(action)
}

/// Takes out of an input what is newer than the version, and holds it to the version's ranges.
fn restrict(
    version: Version,
    params: &Params,
    action: &mut wire::Action,
    address: Option<String>,
) -> Result<(), Fault> {
    let has_2011 = version >= Version::V2011;
    match action {
        wire::Action::CreateQueue(input) => {
            input.tags = None;
            if !has_2011 {
                input.attributes = None;
            }
            if let Some(seconds) = visibility(version, params, "DefaultVisibilityTimeout")? {
                let attributes = input.attributes.get_or_insert_default();
                attributes.insert("VisibilityTimeout".into(), seconds.to_string());
            }
        }
        wire::Action::ListQueues(input) => {
            input.max_results = None;
            input.next_token = None;
        }
        wire::Action::SendMessage(input) => {
            *input = inputs::SendMessage {
                queue_url: address,
                message_body: input.message_body.take(),
                delay_seconds: input.delay_seconds.filter(|_| has_2011),
                ..Default::default()
            };
        }
        wire::Action::SendMessageBatch(input) => {
            input.queue_url = address;
            for entry in input.entries.iter_mut().flatten() {
                *entry = inputs::SendEntry {
                    id: entry.id.take(),
                    message_body: entry.message_body.take(),
                    delay_seconds: entry.delay_seconds,
                    ..Default::default()
                };
            }
        }
        wire::Action::ReceiveMessage(input) => {
            visibility(version, params, "VisibilityTimeout")?;
            *input = inputs::ReceiveMessage {
                queue_url: address,
                max_number_of_messages: input.max_number_of_messages,
                visibility_timeout: input.visibility_timeout,
                // A receive that waits came in 2012.
                wait_time_seconds: Some(0),
                attribute_names: input.attribute_names.take(),
                ..Default::default()
            };
        }
        wire::Action::ChangeMessageVisibility(input) => {
            visibility(version, params, "VisibilityTimeout")?;
            input.queue_url = address;
        }
        other => replace_address(other, address),
    }
    Ok(())
}

/// The path names the queue: a parameter `QueueUrl` is of 2012.
fn replace_address(action: &mut wire::Action, address: Option<String>) {
    match action {
        wire::Action::AddPermission(input) => input.queue_url = address,
        wire::Action::RemovePermission(input) => input.queue_url = address,
        wire::Action::ChangeMessageVisibilityBatch(input) => input.queue_url = address,
        wire::Action::DeleteMessage(input) => input.queue_url = address,
        wire::Action::DeleteMessageBatch(input) => input.queue_url = address,
        wire::Action::DeleteQueue(input) => input.queue_url = address,
        wire::Action::GetQueueAttributes(input) => input.queue_url = address,
        wire::Action::SetQueueAttributes(input) => input.queue_url = address,
        _ => {}
    }
}
