//! What the second generation asks, by the actions of today: held to the version's limits, and
//! answered without what was added since (L9).

use super::action::target;
use super::fault::{Code, Fault};
use super::key::Key;
use super::version::Version;
use super::{Caller, first, space};
use crate::actions::Call;
use crate::wire::answer::{Answer, QueueUrls, ReceivedMessage, Sent};
use crate::wire::{Action, action as inputs};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay::Store;
use forebay::rules::names::is_fifo;
use std::collections::BTreeMap;

/// Actions of other accounts that AddPermission of 2009 shares (L9.5).
const SHARED: [&str; 6] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "ReceiveMessage",
    "SendMessage",
];

pub async fn perform(
    version: Version,
    caller: Caller<'_>,
    name: &'static str,
    mut action: Action,
) -> Result<Answer, Fault> {
    let service = caller.service;
    let region = space::region(&service.config.legacy, version, caller.region);
    let call = service.call(caller.head, caller.identity, region);
    let mut owner = None;
    if let Some(url) = action.queue_url() {
        let target = target(url)?;
        // The name must be one that the version could give.
        first::check_target(&target)?;
        owner = Some(target.account);
    }
    check(version, &mut action)?;
    let wanted = match &action {
        Action::ReceiveMessage(input) => input.attribute_names.clone().unwrap_or_default(),
        _ => Vec::new(),
    };
    service.allow(caller, &call, name, &action).await?;
    if let Action::ListQueues(input) = &action {
        return list(version, &service.store, &call, input).await;
    }
    let subject = subject(&action);
    let answer = service.act(&call, name, action).await;
    let mut answer =
        answer.map_err(|refusal| recorded(version, name, subject.as_deref(), refusal.into()))?;
    restrict(version, &wanted, &mut answer);
    let is_owner =
        !caller.identity.is_anonymous() && owner == Some(caller.identity.account.clone());
    if let Answer::Attributes(attributes) = &mut answer
        && !is_owner
    {
        // L9.5: it is the owner's to see.
        attributes.remove("Policy");
    }
    Ok(answer)
}

async fn list(
    version: Version,
    store: &Store,
    call: &Call,
    input: &inputs::ListQueues,
) -> Result<Answer, Fault> {
    let prefix = input.queue_name_prefix.as_deref().unwrap_or_default();
    let names = first::list(store, call, prefix).await?;
    let url = |name: &String| space::url(&call.urls, version, &call.account, name);
    Ok(Answer::QueueUrls(QueueUrls {
        urls: names.iter().map(url).collect(),
        next_token: None,
        dead_letter_sources: false,
    }))
}

/// What a sentence may have to name.
fn subject(action: &Action) -> Option<String> {
    match action {
        Action::ChangeMessageVisibility(input) => input.receipt_handle.clone(),
        Action::RemovePermission(input) => input.label.clone(),
        _ => None,
    }
}

/// Sentences that were recorded from the service and are others today.
fn recorded(version: Version, name: &str, subject: Option<&str>, fault: Fault) -> Fault {
    let subject = subject.unwrap_or_default();
    let text = match (name, fault.code) {
        ("CreateQueue", Code::QueueNameExists) if version < Version::V2011 => {
            "A queue already exists with the same name and a different visibility timeout".into()
        }
        (_, Code::ReceiptHandleIsInvalid) => "ReceiptHandleIsInvalid".into(),
        ("ChangeMessageVisibility", Code::InvalidParameterValue)
            if fault.text.contains("Message does not exist") =>
        {
            format!(
                "Value {subject} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not avaliable for visibility timeout change.."
            )
        }
        ("RemovePermission", Code::InvalidParameterValue)
            if fault.text.contains("can't find label") =>
        {
            format!("Value {subject} for parameter Label is invalid. Reason: Does not exist..")
        }
        ("AddPermission", Code::InvalidParameterValue)
            if fault.text.ends_with("Already exists.") =>
        {
            format!("{}.", fault.text)
        }
        _ => fault.text,
    };
    Fault { text, ..fault }
}

/// Limits of the version that are narrower than today's.
fn check(version: Version, action: &mut Action) -> Result<(), Fault> {
    match action {
        Action::CreateQueue(input) => {
            let name = input.queue_name.as_deref();
            first::check_name(version, name.unwrap_or("x"))?;
            let mut attributes = input.attributes.iter().flatten();
            attributes.try_for_each(|(name, value)| check_setting(version, name, value))
        }
        // FIFO queues are newer.
        Action::GetQueueUrl(input) if input.queue_name.as_deref().is_some_and(is_fifo) => {
            Err(Fault::no_queue())
        }
        Action::SetQueueAttributes(input) => {
            let mut attributes = input.attributes.iter().flatten();
            attributes.try_for_each(|(name, value)| check_setting(version, name, value))
        }
        Action::GetQueueAttributes(input) => {
            let names = input.attribute_names.take();
            let names = names.ok_or_else(|| Fault::missing("AttributeName"))?;
            let names = expand(&version.queue_attributes(), names)?;
            input.attribute_names = Some(names);
            Ok(())
        }
        Action::ReceiveMessage(input) => {
            let names = input.attribute_names.take().unwrap_or_default();
            // What asks for them is newer than 2008.
            let names = match version.message_attributes() {
                [] => Vec::new(),
                known => expand(known, names)?,
            };
            input.attribute_names = Some(names);
            Ok(())
        }
        Action::SendMessage(input) => {
            check_body(version, input.message_body.as_deref().unwrap_or_default())
        }
        Action::SendMessageBatch(input) => {
            let mut entries = input.entries.iter().flatten();
            let total: usize = entries
                .by_ref()
                .map(|entry| entry.message_body.as_ref().map_or(0, String::len))
                .sum();
            check_batch(version, total)
        }
        Action::AddPermission(input) => check_permissions(version, input),
        _ => Ok(()),
    }
}

/// `All` becomes the names that the version has; others must be among them.
fn expand(known: &[&str], names: Vec<String>) -> Result<Vec<String>, Fault> {
    let mut list = Vec::new();
    for name in names {
        if name == "All" {
            list.extend(known.iter().map(|name| (*name).to_owned()));
        } else if known.contains(&name.as_str()) {
            list.push(name);
        } else {
            return Err(unknown_attribute(&name));
        }
    }
    Ok(list)
}

/// As recorded.
pub fn unknown_attribute(name: &str) -> Fault {
    let text = format!("Unknown Attribute {name}");
    Fault::new(Code::InvalidAttributeName, text)
}

fn check_setting(version: Version, name: &str, value: &str) -> Result<(), Fault> {
    if !version.sets_attribute(name) {
        return Err(unknown_attribute(name));
    }
    let max = version.visibility_s_max();
    let fits = |seconds: u32| seconds <= max;
    if name == "VisibilityTimeout" && !value.parse().is_ok_and(fits) {
        let text = format!("Attribute VisibilityTimeout must be an integer between 0 and {max}");
        return Err(Fault::new(Code::InvalidAttributeValue, text));
    }
    Ok(())
}

/// As recorded.
fn check_body(version: Version, body: &str) -> Result<(), Fault> {
    let max = version.body_bytes_max();
    if body.len() <= max {
        return Ok(());
    }
    let text = format!(
        "Value for parameter MessageBody is invalid. Reason: Message body must be shorter than \
         {max} bytes."
    );
    Err(Fault::new(Code::MessageTooLong, text))
}

/// A batch is as long as a message at the most.
fn check_batch(version: Version, total: usize) -> Result<(), Fault> {
    let max = version.body_bytes_max();
    if total <= max {
        return Ok(());
    }
    let text =
        format!("Batch requests cannot be longer than {max} bytes. You have sent {total} bytes.");
    let code = Code::Batch("AWS.SimpleQueueService.BatchRequestTooLong");
    Err(Fault::new(code, text))
}

fn check_permissions(version: Version, input: &inputs::AddPermission) -> Result<(), Fault> {
    let known = |name: &&String| {
        SHARED.contains(&name.as_str()) || version >= Version::V2011 && *name == "GetQueueUrl"
    };
    match input.actions.iter().flatten().find(|name| !known(name)) {
        Some(other) => {
            let reason = "Please refer to the appropriate WSDL for a list of valid actions. ";
            Err(Fault::bad_value(other, "ActionName", reason))
        }
        None => Ok(()),
    }
}

/// Takes out of an answer what is newer than the version.
fn restrict(version: Version, wanted: &[String], answer: &mut Answer) {
    match answer {
        Answer::Sent(sent) => restrict_sent(version, sent),
        Answer::SentBatch(batch) => {
            let entries = batch.successful.iter_mut();
            entries.for_each(|entry| restrict_sent(version, &mut entry.sent));
        }
        Answer::Messages(messages) => {
            let messages = messages.iter_mut();
            messages.for_each(|message| restrict_message(version, wanted, message));
        }
        _ => {}
    }
}

fn restrict_sent(version: Version, sent: &mut Sent) {
    sent.md5_of_attributes = None;
    sent.md5_of_system_attributes = None;
    sent.sequence_number = None;
    sent.message_id = shown_id(version, sent.sequence, &sent.message_id);
}

fn restrict_message(version: Version, wanted: &[String], message: &mut ReceivedMessage) {
    message.message_attributes = BTreeMap::new();
    message.md5_of_message_attributes = None;
    let known = version.message_attributes();
    message
        .attributes
        .retain(|name, _| !wanted.is_empty() && known.contains(name));
    message.message_id = shown_id(version, message.sequence, &message.message_id);
}

/// L2: 2008 showed the ids of the first generation, in base64.
fn shown_id(version: Version, sequence: u64, id: &str) -> String {
    match Key::of(sequence, id).filter(|_| version == Version::V2008) {
        Some(key) => STANDARD.encode(key.text()),
        None => id.to_owned(),
    }
}
