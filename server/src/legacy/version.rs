//! The dated versions of the interface before 2012-11-05, and what each allows (L1).

/// A version of the interface, by the date that requests name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 2006-04-01.
    V2006,
    /// 2007-05-01.
    V2007,
    /// 2008-01-01.
    V2008,
    /// 2009-02-01.
    V2009,
    /// 2011-10-01.
    V2011,
}

/// What the versions of one generation share: how messages are named, envelopes, access control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// 2006 and 2007: messages go by their ids, access by grants.
    First,
    /// From 2008: messages go by receipt handles, access by policies.
    Second,
}

/// Actions of 2006-04-01.
const ACTIONS_2006: [&str; 12] = [
    "AddGrant",
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetVisibilityTimeout",
    "ListGrants",
    "ListQueues",
    "PeekMessage",
    "ReceiveMessage",
    "RemoveGrant",
    "SendMessage",
    "SetVisibilityTimeout",
];
/// Actions of 2007-05-01.
const ACTIONS_2007: [&str; 15] = [
    "AddGrant",
    "ChangeMessageVisibility",
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetVisibilityTimeout",
    "ListGrants",
    "ListQueues",
    "PeekMessage",
    "ReceiveMessage",
    "RemoveGrant",
    "SendMessage",
    "SetQueueAttributes",
    "SetVisibilityTimeout",
];
/// Actions of 2008-01-01.
const ACTIONS_2008: [&str; 8] = [
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetQueueAttributes",
    "ListQueues",
    "ReceiveMessage",
    "SendMessage",
    "SetQueueAttributes",
];
/// Actions of 2009-02-01.
const ACTIONS_2009: [&str; 11] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetQueueAttributes",
    "ListQueues",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SetQueueAttributes",
];
/// Actions of 2011-10-01.
const ACTIONS_2011: [&str; 15] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "CreateQueue",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListQueues",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
];

/// An attribute of a queue.
struct QueueAttribute {
    name: &'static str,
    /// The first version that shows it.
    since: Version,
    /// Whether it can be set, and is not only shown.
    is_set: bool,
}

const fn shown(name: &'static str, since: Version) -> QueueAttribute {
    let is_set = false;
    QueueAttribute {
        name,
        since,
        is_set,
    }
}

const fn set(name: &'static str, since: Version) -> QueueAttribute {
    let is_set = true;
    QueueAttribute {
        name,
        since,
        is_set,
    }
}

/// In the order in which answers list them.
const QUEUE_ATTRIBUTES: [QueueAttribute; 11] = [
    set("VisibilityTimeout", Version::V2007),
    shown("ApproximateNumberOfMessages", Version::V2007),
    shown("ApproximateNumberOfMessagesNotVisible", Version::V2009),
    shown("CreatedTimestamp", Version::V2009),
    shown("LastModifiedTimestamp", Version::V2009),
    set("Policy", Version::V2009),
    shown("QueueArn", Version::V2009),
    set("MaximumMessageSize", Version::V2009),
    set("MessageRetentionPeriod", Version::V2009),
    shown("ApproximateNumberOfMessagesDelayed", Version::V2011),
    set("DelaySeconds", Version::V2011),
];

impl Version {
    /// All of them, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2006,
        Self::V2007,
        Self::V2008,
        Self::V2009,
        Self::V2011,
    ];

    /// The date, as `Version` and `AWS-Version` give it.
    pub fn date(self) -> &'static str {
        match self {
            Self::V2006 => "2006-04-01",
            Self::V2007 => "2007-05-01",
            Self::V2008 => "2008-01-01",
            Self::V2009 => "2009-02-01",
            Self::V2011 => "2011-10-01",
        }
    }

    /// The version of that date; `None` for any other text, 2012-11-05 included.
    pub fn parse(date: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.date() == date)
    }

    /// Name space of its elements, `http://queue.amazonaws.com/doc/<date>/`.
    pub fn namespace(self) -> String {
        format!("http://queue.amazonaws.com/doc/{}/", self.date())
    }

    /// The version of that name space; a slash at the end may be missing.
    pub fn of_namespace(namespace: &str) -> Option<Self> {
        let rest = namespace.strip_prefix("http://queue.amazonaws.com/doc/")?;
        Self::parse(rest.strip_suffix('/').unwrap_or(rest))
    }

    /// Its generation.
    pub fn generation(self) -> Generation {
        match self {
            Self::V2006 | Self::V2007 => Generation::First,
            Self::V2008 | Self::V2009 | Self::V2011 => Generation::Second,
        }
    }

    /// True in the first generation.
    pub fn is_first(self) -> bool {
        self.generation() == Generation::First
    }

    /// Names of its actions, in the order of the alphabet.
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::V2006 => &ACTIONS_2006,
            Self::V2007 => &ACTIONS_2007,
            Self::V2008 => &ACTIONS_2008,
            Self::V2009 => &ACTIONS_2009,
            Self::V2011 => &ACTIONS_2011,
        }
    }

    /// `name` as one of its actions, if it is.
    pub fn action(self, name: &str) -> Option<&'static str> {
        self.actions().iter().copied().find(|own| *own == name)
    }

    /// Longest visibility timeout that it takes, seconds.
    pub fn visibility_s_max(self) -> u32 {
        match self {
            Self::V2006 | Self::V2007 => 86_400,
            Self::V2008 => 7_200,
            Self::V2009 | Self::V2011 => 43_200,
        }
    }

    /// Longest body that it takes, bytes.
    pub fn body_bytes_max(self) -> usize {
        match self {
            Self::V2006 | Self::V2007 => 262_144,
            Self::V2008 => 8_192,
            Self::V2009 | Self::V2011 => 65_536,
        }
    }

    /// Messages of one receive at the most.
    pub fn receive_max(self) -> u32 {
        match self.generation() {
            Generation::First => 256,
            Generation::Second => 10,
        }
    }

    /// Attributes of a queue that it shows, in the order in which it lists them (L9.3).
    pub fn queue_attributes(self) -> Vec<&'static str> {
        let shown = QUEUE_ATTRIBUTES.iter().filter(|it| it.since <= self);
        shown.map(|it| it.name).collect()
    }

    /// Whether it sets an attribute of that name.
    pub fn sets_attribute(self, name: &str) -> bool {
        let mut all = QUEUE_ATTRIBUTES.iter();
        all.any(|it| it.is_set && it.since <= self && it.name == name)
    }

    /// System attributes of a message that it shows, where a receive asks for them.
    pub fn message_attributes(self) -> &'static [&'static str] {
        match self {
            Self::V2006 | Self::V2007 | Self::V2008 => &[],
            Self::V2009 | Self::V2011 => &[
                "SenderId",
                "SentTimestamp",
                "ApproximateReceiveCount",
                "ApproximateFirstReceiveTimestamp",
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_name_spaces() {
        for version in Version::ALL {
            assert_eq!(Version::parse(version.date()), Some(version));
            let namespace = version.namespace();
            assert_eq!(Version::of_namespace(&namespace), Some(version));
            let bare = namespace.trim_end_matches('/');
            assert_eq!(Version::of_namespace(bare), Some(version));
        }
        assert_eq!(Version::parse("2012-11-05"), None);
        assert_eq!(
            Version::of_namespace("http://example.org/2006-04-01/"),
            None
        );
    }

    #[test]
    fn l1_actions_come_and_go() {
        let has = |name| Version::ALL.map(|version| version.action(name).is_some());
        assert_eq!(has("PeekMessage"), [true, true, false, false, false]);
        assert_eq!(
            has("ChangeMessageVisibility"),
            [false, true, false, true, true]
        );
        assert_eq!(
            has("GetVisibilityTimeout"),
            [true, true, false, false, false]
        );
        assert_eq!(has("GetQueueAttributes"), [false, true, true, true, true]);
        assert_eq!(has("AddGrant"), [true, true, false, false, false]);
        assert_eq!(has("AddPermission"), [false, false, false, true, true]);
        assert_eq!(has("SendMessageBatch"), [false, false, false, false, true]);
        assert_eq!(has("TagQueue"), [false; 5]);
    }

    #[test]
    fn l9_3_attributes_come_with_their_versions() {
        let shown = Version::ALL.map(|version| version.queue_attributes().len());
        assert_eq!(shown, [0, 2, 2, 9, 11]);
        let set = |name| Version::ALL.map(|version| version.sets_attribute(name));
        assert_eq!(set("VisibilityTimeout"), [false, true, true, true, true]);
        assert_eq!(set("Policy"), [false, false, false, true, true]);
        assert_eq!(set("DelaySeconds"), [false, false, false, false, true]);
        assert_eq!(set("QueueArn"), [false; 5]);
    }
}
