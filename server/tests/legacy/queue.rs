//! A queue as an unsigned Query client of one version calls it.

use super::support::{Response, Server};
use super::xml::{self, text, texts};

/// A queue on a server, in the words of a version.
pub struct Queue<'a> {
    server: &'a Server,
    version: &'a str,
    pub path: String,
}

impl<'a> Queue<'a> {
    /// Creates it.
    pub fn create(server: &'a Server, version: &'a str, name: &str) -> Self {
        let path = xml::create(server, version, name);
        Self {
            server,
            version,
            path,
        }
    }

    pub fn call(&self, action: &str, pairs: &[(&str, &str)]) -> Response {
        xml::call(self.server, self.version, &self.path, action, pairs)
    }

    /// As [`Queue::call`], of one that succeeds: its body.
    pub fn ok(&self, action: &str, pairs: &[(&str, &str)]) -> String {
        xml::ok(self.server, self.version, &self.path, action, pairs)
    }

    /// As [`Queue::call`], of one that is refused: status and code.
    pub fn refused(&self, action: &str, pairs: &[(&str, &str)]) -> String {
        xml::refused(self.server, self.version, &self.path, action, pairs)
    }

    /// Sends a message; its id.
    pub fn send(&self, body: &str) -> String {
        text(
            &self.ok("SendMessage", &[("MessageBody", body)]),
            "MessageId",
        )
    }

    /// Receives one message of the first generation, if there is one: its body.
    pub fn receive(&self) -> Vec<String> {
        texts(&self.ok("ReceiveMessage", &[]), "MessageBody")
    }

    /// The body of the message of that id.
    pub fn peek(&self, id: &str) -> String {
        text(&self.ok("PeekMessage", &[("MessageId", id)]), "MessageBody")
    }

    /// Deletes the message of that id.
    pub fn delete(&self, id: &str) {
        self.ok("DeleteMessage", &[("MessageId", id)]);
    }
}
