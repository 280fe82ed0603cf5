//! The policies of queues, read at most once a second: SQS itself lets a change take up to 60 s.

use crate::actions;
use crate::auth::grants::Grants;
use crate::auth::policy::{self, Policy};
use crate::wire::Refusal;
use forebay::key::QueueKey;
use forebay::{ErrorKind, Store};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long a policy is believed to be the queue's.
const FRESH: Duration = Duration::from_secs(1);
/// Queues that are remembered; when there are more, all are forgotten.
const QUEUES_MAX: usize = 10_000;

/// What decides about a queue.
#[derive(Debug, Default)]
pub struct Rules {
    /// Its policy.
    pub policy: Option<Policy>,
    /// The grants among its statements.
    pub grants: Grants,
    /// Its tags, which conditions can ask about.
    pub tags: BTreeMap<String, String>,
}

/// Policies by queue.
#[derive(Default)]
pub struct Policies {
    known: Mutex<HashMap<QueueKey, (Instant, Arc<Rules>)>>,
}

impl Policies {
    /// The rules of a queue; those of a queue that does not exist are empty.
    pub async fn of(&self, store: &Store, key: &QueueKey) -> Result<Arc<Rules>, Refusal> {
        if let Some((read, rules)) = self.lock().get(key)
            && read.elapsed() < FRESH
        {
            return Ok(rules.clone());
        }
        let rules = Arc::new(read(store, key).await?);
        let mut known = self.lock();
        if known.len() >= QUEUES_MAX {
            known.clear();
        }
        known.insert(key.clone(), (Instant::now(), rules.clone()));
        Ok(rules)
    }

    /// What was known of a queue may have changed.
    pub fn forget(&self, key: &QueueKey) {
        self.lock().remove(key);
    }

    /// As [`Policies::forget`], of every queue.
    pub fn forget_all(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<QueueKey, (Instant, Arc<Rules>)>> {
        // Whole entries only are put in and taken out.
        self.known
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
    }
}

async fn read(store: &Store, key: &QueueKey) -> Result<Rules, Refusal> {
    let Ok(queue) = actions::handle(store, key) else {
        return Ok(Rules::default());
    };
    let view = match queue.calls().view_uncounted() {
        Ok(view) => actions::answer(view).await?,
        Err(error) => return Err(error.into()),
    };
    let view = match view {
        Err(error) if error.kind() == ErrorKind::QueueDoesNotExist => {
            return Ok(Rules::default());
        }
        other => other?,
    };
    let text = view.attributes.policy.unwrap_or_default();
    let policy = match policy::parse(&text) {
        _ if text.is_empty() => None,
        Ok(policy) => Some(policy),
        Err(error) => {
            // Set through the library, which keeps any JSON object.
            tracing::warn!(queue = %key, %error, "a policy allows nothing: it cannot be read");
            None
        }
    };
    let grants = Grants::read(policy.as_ref().map(|_| text.as_str()), key);
    Ok(Rules {
        policy,
        grants,
        tags: view.tags,
    })
}
