//! Requests that fail on purpose.

use crate::wire::Refusal;
use serde::{Deserialize, Serialize};
use std::sync::Mutex;

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// `RequestThrottled`; nothing was done.
    Throttle,
    /// `ServiceUnavailable`; nothing was done.
    Unavailable,
    /// `InternalFailure`; nothing was done.
    Internal,
    /// It is carried out, and the connection ends without an answer.
    LostAnswer,
}

impl Effect {
    /// What the client is told, unless the request is carried out.
    pub fn refusal(self) -> Option<Refusal> {
        let same = |name: &'static str, status, text: &str| Refusal::new(name, name, status, text);
        match self {
            Self::Throttle => Some(same("RequestThrottled", 403, "Request is throttled.")),
            Self::Unavailable => Some(same("ServiceUnavailable", 503, "Injected by a test.")),
            Self::Internal => Some(same("InternalFailure", 500, "Injected by a test.")),
            Self::LostAnswer => None,
        }
    }
}

/// A fault that waits for its requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The action's name, or `*`.
    pub action: String,
    /// What happens.
    pub effect: Effect,
    /// To how many requests. Default 1.
    #[serde(default = "once")]
    pub count: u64,
    /// How many requests go well before. Default 0.
    #[serde(default)]
    pub after: u64,
}

fn once() -> u64 {
    1
}

/// All faults, in the order they were asked for.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.lock().push(fault);
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// Those that still wait.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().clone()
    }

    /// What happens to the next request of this action.
    pub fn next(&self, action: &str) -> Option<Effect> {
        let mut faults = self.lock();
        let position = faults
            .iter()
            .position(|it| it.action == "*" || it.action == action)?;
        let fault = &mut faults[position];
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        let effect = fault.effect;
        fault.count = fault.count.saturating_sub(1);
        if fault.count == 0 {
            faults.remove(position);
        }
        Some(effect)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Fault>> {
        // The list is whole after each single change.
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_when_and_as_often_as_asked() {
        let faults = Faults::default();
        faults.add(Fault {
            action: "SendMessage".into(),
            effect: Effect::Throttle,
            count: 2,
            after: 1,
        });
        assert_eq!(faults.next("ReceiveMessage"), None);
        let seen: Vec<_> = (0..4).map(|_| faults.next("SendMessage")).collect();
        let throttled = Some(Effect::Throttle);
        assert_eq!(seen, [None, throttled, throttled, None]);
        assert_eq!(faults.list(), []);
    }
}
