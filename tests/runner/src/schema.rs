//! What a scenario may say: every verb, its parameters, and the fields of its answer. The parser
//! refuses whatever is not in these tables.

/// What a driver and its store must have for a scenario.
pub const CAPABILITIES: [(&str, &str); 7] = [
    ("manual_clock", "time stands still until `advance_ms`"),
    ("durable", "queues outlive `reopen`"),
    ("tickets", "a receive can wait while other calls go on"),
    ("peek", "messages can be looked at without effect"),
    (
        "explicit_zero",
        "a 0 is told from a number that is not given",
    ),
    (
        "scale",
        "one operation costs the same with 100,000 messages as with ten",
    ),
    (
        "no_limits",
        "SQS's limits can be off: any bytes, batches and receives above ten",
    ),
];

/// How a parameter is written in JSON and on the line.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A string, or a value made by a generator.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// A list of strings: `key.count`, `key.1`, ...
    Texts,
    /// An object of strings: `key.count`, `key.1.name`, `key.1.value`, ...
    Map,
    /// Message attributes: as `Map` with `key.1.type`.
    Attributes,
    /// A list of objects: `key.count`, `key.1.<parameter>`, ...
    List(&'static [Param]),
}

/// A parameter of a verb.
#[derive(Debug)]
pub struct Param {
    /// Its key.
    pub name: &'static str,
    /// Its form.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
}

/// How a field of an answer is compared.
#[derive(Debug, Clone, Copy)]
pub enum Field {
    /// One value.
    Value(&'static str),
    /// A map of names to values; `<name>_include` compares a part of it.
    Map(&'static str),
    /// Message attributes: a map of names to `{"type": ..., "value": ...}`.
    Attributes(&'static str),
    /// A list of records with these fields.
    List(&'static str, &'static [Field]),
}

impl Field {
    /// The field's key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Value(name) | Self::Map(name) | Self::Attributes(name) | Self::List(name, _) => {
                name
            }
        }
    }
}

/// A verb.
#[derive(Debug)]
pub struct Verb {
    /// Its word on the line.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// The fields of its answer.
    pub fields: &'static [Field],
    /// A capability without which it means nothing.
    pub needs: Option<&'static str>,
}

impl Verb {
    /// The list that the answer consists of, if it is one.
    pub fn list(&self) -> Option<(&'static str, &'static [Field])> {
        match self.fields {
            [Field::List(name, fields), ..] => Some((name, fields)),
            _ => None,
        }
    }
}

/// The verb of that name.
pub fn verb(name: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.name == name)
}

const fn must(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        kind,
        required: true,
    }
}

const fn may(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        kind,
        required: false,
    }
}

/// Options of `open` and `reopen`. The runner adds the location.
pub const OPEN: &[Param] = &[
    may("account", Kind::Text),
    may("region", Kind::Text),
    may("sqs_limits", Kind::Flag),
    may("sixty_second_rules", Kind::Flag),
];

const QUEUE: Param = must("queue", Kind::Text);
const QUEUE_FIELDS: &[Field] = &[
    Field::Value("name"),
    Field::Value("arn"),
    Field::Value("fifo"),
];
const SENT: &[Field] = &[
    Field::Value("id"),
    Field::Value("sequence"),
    Field::Value("duplicate"),
    Field::Value("md5_body"),
    Field::Value("md5_attributes"),
    Field::Value("md5_system"),
];
const SENT_ENTRIES: &[Field] = &[Field::List(
    "entries",
    &[
        Field::Value("code"),
        Field::Value("text"),
        Field::Value("id"),
        Field::Value("sequence"),
        Field::Value("duplicate"),
        Field::Value("md5_body"),
        Field::Value("md5_attributes"),
        Field::Value("md5_system"),
    ],
)];
const ENTRIES: &[Field] = &[Field::List(
    "entries",
    &[Field::Value("code"), Field::Value("text")],
)];
const NAMES: &[Field] = &[
    Field::List("queues", &[Field::Value("name")]),
    Field::Value("token"),
];
const MESSAGES: &[Field] = &[Field::List(
    "messages",
    &[
        Field::Value("id"),
        Field::Value("body"),
        Field::Value("receipt"),
        Field::Value("receive_count"),
        Field::Value("sent_ms"),
        Field::Value("first_receive_ms"),
        Field::Value("visible_ms"),
        Field::Value("sequence"),
        Field::Value("group"),
        Field::Value("dedup"),
        Field::Value("trace_header"),
        Field::Value("dead_letter_source"),
        Field::Value("sender"),
        Field::Value("state"),
        Field::Value("md5_body"),
        Field::Value("md5_attributes"),
        Field::Attributes("attributes"),
        Field::Map("system"),
    ],
)];
const TASKS: &[Field] = &[Field::List(
    "tasks",
    &[
        Field::Value("handle"),
        Field::Value("status"),
        Field::Value("source"),
        Field::Value("destination"),
        Field::Value("rate"),
        Field::Value("moved"),
        Field::Value("to_move"),
        Field::Value("started_ms"),
        Field::Value("reason"),
    ],
)];
const SEND_ENTRY: &[Param] = &[
    may("id", Kind::Text),
    must("body", Kind::Text),
    may("delay", Kind::Number),
    may("attributes", Kind::Attributes),
    may("trace_header", Kind::Text),
    may("group", Kind::Text),
    may("dedup", Kind::Text),
];
const DELETE_ENTRY: &[Param] = &[may("id", Kind::Text), must("receipt", Kind::Text)];
const VISIBILITY_ENTRY: &[Param] = &[
    may("id", Kind::Text),
    must("receipt", Kind::Text),
    must("seconds", Kind::Number),
];

/// Every verb.
pub const VERBS: &[Verb] = &[
    Verb {
        name: "create_queue",
        params: &[
            must("name", Kind::Text),
            may("attributes", Kind::Map),
            may("tags", Kind::Map),
            may("dead_letter", Kind::Text),
            may("max_receives", Kind::Number),
        ],
        fields: QUEUE_FIELDS,
        needs: None,
    },
    Verb {
        name: "get_queue",
        params: &[must("name", Kind::Text)],
        fields: QUEUE_FIELDS,
        needs: None,
    },
    Verb {
        name: "delete_queue",
        params: &[must("name", Kind::Text)],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "list_queues",
        params: &[
            may("prefix", Kind::Text),
            may("max", Kind::Number),
            may("token", Kind::Text),
        ],
        fields: NAMES,
        needs: None,
    },
    Verb {
        name: "dead_letter_sources",
        params: &[QUEUE, may("max", Kind::Number), may("token", Kind::Text)],
        fields: NAMES,
        needs: None,
    },
    Verb {
        name: "get_attributes",
        params: &[QUEUE, must("names", Kind::Texts)],
        fields: &[Field::Map("attributes")],
        needs: None,
    },
    Verb {
        name: "set_attributes",
        params: &[QUEUE, must("attributes", Kind::Map)],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "tag",
        params: &[QUEUE, must("tags", Kind::Map)],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "untag",
        params: &[QUEUE, must("keys", Kind::Texts)],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "list_tags",
        params: &[QUEUE],
        fields: &[Field::Map("tags")],
        needs: None,
    },
    Verb {
        name: "send",
        params: &[
            QUEUE,
            must("body", Kind::Text),
            may("delay", Kind::Number),
            may("attributes", Kind::Attributes),
            may("trace_header", Kind::Text),
            may("group", Kind::Text),
            may("dedup", Kind::Text),
            may("sender", Kind::Text),
        ],
        fields: SENT,
        needs: None,
    },
    Verb {
        name: "send_batch",
        params: &[QUEUE, must("entries", Kind::List(SEND_ENTRY))],
        fields: SENT_ENTRIES,
        needs: None,
    },
    Verb {
        name: "receive",
        params: &[
            QUEUE,
            may("max", Kind::Number),
            may("visibility", Kind::Number),
            may("wait", Kind::Number),
            may("attempt", Kind::Text),
            may("attribute_names", Kind::Texts),
            may("system_names", Kind::Texts),
        ],
        fields: MESSAGES,
        needs: None,
    },
    Verb {
        name: "receive_start",
        params: &[
            must("ticket", Kind::Text),
            QUEUE,
            may("max", Kind::Number),
            may("visibility", Kind::Number),
            may("wait", Kind::Number),
            may("attempt", Kind::Text),
        ],
        fields: &[],
        needs: Some("tickets"),
    },
    Verb {
        name: "ticket_state",
        params: &[must("ticket", Kind::Text)],
        fields: &[Field::Value("done")],
        needs: Some("tickets"),
    },
    Verb {
        name: "await",
        params: &[must("ticket", Kind::Text)],
        fields: MESSAGES,
        needs: Some("tickets"),
    },
    Verb {
        name: "cancel",
        params: &[must("ticket", Kind::Text)],
        fields: &[],
        needs: Some("tickets"),
    },
    Verb {
        name: "delete",
        params: &[QUEUE, must("receipt", Kind::Text)],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "delete_batch",
        params: &[QUEUE, must("entries", Kind::List(DELETE_ENTRY))],
        fields: ENTRIES,
        needs: None,
    },
    Verb {
        name: "change_visibility",
        params: &[
            QUEUE,
            must("receipt", Kind::Text),
            must("seconds", Kind::Number),
        ],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "change_visibility_batch",
        params: &[QUEUE, must("entries", Kind::List(VISIBILITY_ENTRY))],
        fields: ENTRIES,
        needs: None,
    },
    Verb {
        name: "purge",
        params: &[QUEUE],
        fields: &[],
        needs: None,
    },
    Verb {
        name: "peek",
        params: &[
            QUEUE,
            may("states", Kind::Texts),
            may("group", Kind::Text),
            may("after", Kind::Number),
            may("max", Kind::Number),
        ],
        fields: MESSAGES,
        needs: Some("peek"),
    },
    Verb {
        name: "start_move_task",
        params: &[
            must("source", Kind::Text),
            may("destination", Kind::Text),
            may("rate", Kind::Number),
        ],
        fields: &[Field::Value("handle")],
        needs: None,
    },
    Verb {
        name: "cancel_move_task",
        params: &[must("handle", Kind::Text)],
        fields: &[Field::Value("moved")],
        needs: None,
    },
    Verb {
        name: "list_move_tasks",
        params: &[must("source", Kind::Text), may("max", Kind::Number)],
        fields: TASKS,
        needs: None,
    },
    Verb {
        name: "now",
        params: &[],
        fields: &[Field::Value("now_ms")],
        needs: None,
    },
    Verb {
        name: "reopen",
        params: OPEN,
        fields: &[],
        needs: Some("durable"),
    },
];
