//! Queues that exist when the server is ready.

use super::{Config, check_account};
use crate::auth::policy;
use forebay::rules::names;
use forebay::{QueueOptions, Result, Store};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A queue to create, or to find with these attributes.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Its name; a name in `.fifo` makes a FIFO queue.
    pub name: String,
    /// Its account. Default: the server's.
    #[serde(default)]
    pub account: Option<String>,
    /// Its region. Default: the server's.
    #[serde(default)]
    pub region: Option<String>,
    /// Its attributes by their SQS names; numbers and booleans may stand without quotes.
    #[serde(default)]
    pub attributes: BTreeMap<String, Scalar>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Name of the queue that gets what was received too often.
    #[serde(default)]
    pub dead_letter: Option<String>,
    /// How often is not too often, 1 to 1,000. Default 10.
    #[serde(default)]
    pub max_receives: Option<u32>,
}

/// A value of an attribute.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// Text.
    Text(String),
}

impl Scalar {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Receives before a message is dead, where a dead-letter queue is named without a number.
const MAX_RECEIVES_DEFAULT: u32 = 10;

impl QueueConfig {
    /// What needs no store.
    pub fn check(&self) -> std::result::Result<(), String> {
        names::check_queue_name(&self.name).map_err(|error| error.text().to_owned())?;
        if let Some(account) = &self.account {
            check_account(account, &format!("account of queue {:?}", self.name))?;
        }
        if let Some(region) = &self.region {
            names::check_region(region)
                .map_err(|error| format!("queue {:?}: {}", self.name, error.text()))?;
        }
        if let Some(policy) = self.attributes.get("Policy").map(Scalar::text)
            && !policy.is_empty()
        {
            // The library would keep any JSON object.
            policy::parse(&policy)
                .map_err(|error| format!("queue {:?}: {}", self.name, error.text()))?;
        }
        if self.max_receives.is_some() && self.dead_letter.is_none() {
            return Err(format!(
                "queue {:?} has max_receives and no dead_letter; name the queue that gets what \
                 was received too often",
                self.name
            ));
        }
        Ok(())
    }

    fn options(&self) -> QueueOptions {
        let text = |(name, value): (&String, &Scalar)| (name.clone(), value.text());
        let mut options = QueueOptions::new().attributes(self.attributes.iter().map(text));
        if names::is_fifo(&self.name) {
            options = options.fifo();
        }
        for (key, value) in &self.tags {
            options = options.tag(key, value);
        }
        match &self.dead_letter {
            Some(target) => {
                let max_receives = self.max_receives.unwrap_or(MAX_RECEIVES_DEFAULT);
                options.dead_letter(target, max_receives)
            }
            None => options,
        }
    }
}

/// Creates what is absent. Dead-letter queues come first, wherever they stand in the file; a
/// queue that exists with other attributes stays as it is, and that is logged.
///
/// Errors: attributes that the library refuses.
pub fn create(store: &Store, config: &Config) -> Result<()> {
    let mut left: Vec<&QueueConfig> = config.queues.iter().collect();
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|queue| queue.name.clone()).collect();
        let waits = |queue: &QueueConfig| {
            let target = queue.dead_letter.as_ref();
            target.is_some_and(|target| *target != queue.name && names.contains(target))
        };
        let (later, mut now): (Vec<_>, Vec<_>) = left.into_iter().partition(|it| waits(it));
        left = later;
        if now.is_empty() {
            // A ring of dead-letter queues: the library names what is missing.
            now = std::mem::take(&mut left);
        }
        for queue in now {
            create_one(store, config, queue)?;
        }
    }
    Ok(())
}

fn create_one(store: &Store, config: &Config, queue: &QueueConfig) -> Result<()> {
    let account = queue.account.as_ref().unwrap_or(&config.account);
    let region = queue.region.as_ref().unwrap_or(&config.region);
    let created = store
        .scope(account, region)
        .create_queue(&queue.name, &queue.options());
    match created {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == forebay::ErrorKind::QueueNameExists => {
            tracing::warn!(queue = %queue.name, %error, "a queue exists and stays as it is");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letter_queues_come_first_and_what_exists_stays() {
        let text = r#"
            [[queues]]
            name = "orders"
            dead_letter = "dead"
            max_receives = 3
            attributes = { VisibilityTimeout = 40, SqsManagedSseEnabled = false }
            tags = { team = "a" }
            [[queues]]
            name = "dead"
            [[queues]]
            name = "events.fifo"
            attributes = { ContentBasedDeduplication = true }
        "#;
        let mut config: Config = toml::from_str(text).unwrap();
        config.check().unwrap();
        let store = Store::open("mem:").unwrap();
        create(&store, &config).unwrap();
        let orders = store.get_queue("orders").unwrap();
        let view = orders.view().unwrap();
        assert_eq!(view.attributes.visibility_s, 40);
        assert_eq!(view.attributes.redrive.unwrap().max_receives, 3);
        assert_eq!(view.tags["team"], "a");
        assert!(store.get_queue("events.fifo").unwrap().is_fifo());
        config.queues[0].attributes.clear();
        config.queues[0].max_receives = Some(4);
        create(&store, &config).unwrap();
        assert_eq!(
            orders
                .view()
                .unwrap()
                .attributes
                .redrive
                .unwrap()
                .max_receives,
            3
        );
    }

    #[test]
    fn what_a_queue_cannot_have_is_named() {
        for (line, named) in [
            (r#"attributes = { Policy = "{}" }"#, "Statement"),
            ("max_receives = 3", "dead_letter"),
            (r#"account = "12""#, "12 digits"),
            (r#"region = "a b""#, "region"),
        ] {
            let config = format!("[[queues]]\nname = \"orders\"\n{line}\n");
            let config: Config = toml::from_str(&config).unwrap();
            let error = config.check().unwrap_err();
            assert!(
                error.contains("\"orders\"") && error.contains(named),
                "{error}"
            );
        }
    }

    #[test]
    fn unknown_names_are_refused() {
        assert!(toml::from_str::<Config>("colour = 1").is_err());
        assert!(toml::from_str::<Config>("[[queues]]\nname = 'q'\ncolour = 1").is_err());
    }
}
