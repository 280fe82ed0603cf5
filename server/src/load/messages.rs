//! Requests and answers of the steps, in AWS JSON.

use serde::Deserialize;
use serde_json::json;
use std::borrow::Cow;
use std::io;

/// A request.
pub struct Request {
    pub action: &'static str,
    pub body: Vec<u8>,
}

impl Request {
    fn new(action: &'static str, body: &serde_json::Value) -> Self {
        Self {
            action,
            body: body.to_string().into_bytes(),
        }
    }
}

/// Sends `batch` messages.
pub fn send(url: &str, batch: usize, body_bytes: usize) -> Request {
    let text = "x".repeat(body_bytes);
    if batch == 1 {
        let body = json!({ "QueueUrl": url, "MessageBody": text });
        return Request::new("SendMessage", &body);
    }
    let entry = |id: usize| json!({ "Id": id.to_string(), "MessageBody": text });
    let entries: Vec<_> = (0..batch).map(entry).collect();
    let body = json!({ "QueueUrl": url, "Entries": entries });
    Request::new("SendMessageBatch", &body)
}

/// Receives up to `batch` messages that are there.
pub fn receive(url: &str, batch: usize) -> Request {
    let body = json!({ "QueueUrl": url, "MaxNumberOfMessages": batch, "WaitTimeSeconds": 0 });
    Request::new("ReceiveMessage", &body)
}

/// Deletes by these receipts, one message or as a batch.
pub fn delete(url: &str, receipts: &[String], batch: bool) -> Request {
    if let ([receipt], false) = (receipts, batch) {
        let body = json!({ "QueueUrl": url, "ReceiptHandle": receipt });
        return Request::new("DeleteMessage", &body);
    }
    let entry =
        |(id, receipt): (usize, &String)| json!({ "Id": id.to_string(), "ReceiptHandle": receipt });
    let entries: Vec<_> = receipts.iter().enumerate().map(entry).collect();
    let body = json!({ "QueueUrl": url, "Entries": entries });
    Request::new("DeleteMessageBatch", &body)
}

/// The queue that was created.
pub fn queue_url(answer: &[u8]) -> io::Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Created {
        queue_url: String,
    }
    Ok(read::<Created>(answer)?.queue_url)
}

/// Fails unless the answer is that of one message, or of a batch of which all entries went well.
pub fn check(answer: &[u8], messages: usize) -> io::Result<()> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answered<'a> {
        #[serde(borrow)]
        message_id: Option<Cow<'a, str>>,
        #[serde(default)]
        successful: Vec<serde::de::IgnoredAny>,
    }
    let answered: Answered<'_> = read(answer)?;
    let done = match answered.message_id {
        Some(_) => 1,
        None => answered.successful.len(),
    };
    match done == messages {
        true => Ok(()),
        false => Err(unexpected(answer)),
    }
}

/// The receipts of received messages; fails for one whose body is not as it was sent.
pub fn receipts(answer: &[u8], body_bytes: usize) -> io::Result<Vec<String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Received<'a> {
        #[serde(borrow)]
        messages: Option<Vec<Message<'a>>>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Message<'a> {
        #[serde(borrow)]
        body: Cow<'a, str>,
        receipt_handle: String,
    }
    let messages = read::<Received<'_>>(answer)?.messages.unwrap_or_default();
    let whole = |message: &Message<'_>| {
        message.body.len() == body_bytes && message.body.bytes().all(|byte| byte == b'x')
    };
    match messages.iter().all(whole) {
        true => Ok(messages.into_iter().map(|it| it.receipt_handle).collect()),
        false => Err(unexpected(answer)),
    }
}

fn read<'a, T: Deserialize<'a>>(answer: &'a [u8]) -> io::Result<T> {
    serde_json::from_slice(answer).map_err(|_| unexpected(answer))
}

fn unexpected(answer: &[u8]) -> io::Error {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(answer);
    let text: String = text.chars().take(SHOWN).collect();
    io::Error::other(format!("an answer that was not expected: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_checked() {
        assert!(check(br#"{"MessageId":"m","MD5OfMessageBody":"x"}"#, 1).is_ok());
        assert!(check(br#"{"Successful":[{"Id":"0"},{"Id":"1"}]}"#, 2).is_ok());
        let failed = br#"{"Successful":[{"Id":"0"}],"Failed":[{"Id":"1","Code":"X"}]}"#;
        let error = check(failed, 2).unwrap_err().to_string();
        assert!(error.contains(r#""Code":"X""#), "{error}");
        assert!(check(b"<xml/>", 1).is_err());
    }

    #[test]
    fn bodies_are_looked_at() {
        let answer = br#"{"Messages":[{"Body":"xxx","ReceiptHandle":"r","Other":1}]}"#;
        assert_eq!(receipts(answer, 3).unwrap(), ["r"]);
        assert!(receipts(answer, 4).is_err());
        assert!(receipts(b"{}", 3).unwrap().is_empty());
        assert!(receipts(br#"{"Messages":[]}"#, 3).unwrap().is_empty());
    }
}
