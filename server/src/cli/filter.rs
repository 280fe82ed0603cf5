//! Which messages a command is about.

use clap::Args;
use forebay::message::{AttributeValue, StoredMessage};

/// All that is given must be true of a message.
#[derive(Debug, Args)]
pub struct Filter {
    /// Only the message of this id; may be repeated
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// Only messages of this group
    #[arg(long)]
    group: Option<String>,
    /// Only messages with an attribute of this text; may be repeated, all must be there
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = super::queues::pair)]
    attributes: Vec<(String, String)>,
    /// Only messages whose body has this text in it
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
}

impl Filter {
    /// True where every message is meant.
    pub fn is_empty(&self) -> bool {
        let Self {
            ids,
            group,
            attributes,
            body,
        } = self;
        ids.is_empty() && group.is_none() && attributes.is_empty() && body.is_none()
    }

    /// Whether a message is meant.
    pub fn takes(&self, message: &StoredMessage) -> bool {
        let has = |(name, value): &(String, String)| {
            message.attributes.iter().any(|attribute| {
                attribute.name == *name
                    && matches!(&attribute.value, AttributeValue::Text(text) if text == value)
            })
        };
        let id = message.id.to_string();
        (self.ids.is_empty() || self.ids.contains(&id))
            && (self.group.is_none() || self.group == message.group)
            && self.attributes.iter().all(has)
            && self
                .body
                .as_ref()
                .is_none_or(|text| contains(&message.body, text.as_bytes()))
    }
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    part.is_empty() || body.windows(part.len()).any(|window| window == part)
}
