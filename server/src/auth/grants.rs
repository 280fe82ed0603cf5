//! Grants of 2006 and 2007 (L6), kept as statements of the queue's policy: what they give holds
//! in every protocol, and whoever reads the policy sees them.
//!
//! Each permission is one statement, whose `Sid` names it. A statement with such a `Sid` that says
//! anything else is not a grant. The owner has full control without a statement; where that was
//! taken away, a statement denies what its other grants do not give.

use super::policy::parse;
use forebay::key::QueueKey;
use forebay::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// `Sid` of the statement that takes the owner's full control away.
const OWNER: &str = "grant-OWNER";
/// What the owner can do whatever was taken away: give it back.
const KEPT: [&str; 3] = ["AddPermission", "RemovePermission", "SetQueueAttributes"];

/// What a grant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Everything, grants and the queue's deletion too.
    FullControl,
    /// Receive, peek, delete messages.
    ReceiveMessage,
    /// Send.
    SendMessage,
}

impl Permission {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::FullControl, Self::ReceiveMessage, Self::SendMessage];

    /// As answers spell it.
    pub fn text(self) -> &'static str {
        match self {
            Self::FullControl => "FULLCONTROL",
            Self::ReceiveMessage => "RECEIVEMESSAGE",
            Self::SendMessage => "SENDMESSAGE",
        }
    }

    /// Reads one, in any case of the letters.
    pub fn parse(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        Self::ALL.into_iter().find(|it| it.text() == upper)
    }

    /// The actions of today that it gives.
    fn actions(self) -> &'static [&'static str] {
        match self {
            Self::FullControl => &["*"],
            Self::ReceiveMessage => &["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"],
            Self::SendMessage => &["SendMessage"],
        }
    }

    fn sid(self) -> String {
        format!("grant-{}", self.text())
    }
}

/// The grants of a queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// The queue's owner.
    owner: String,
    /// Accounts by permission; the owner's full control is not among them.
    given: BTreeMap<Permission, BTreeSet<String>>,
    /// True if the owner's full control was taken away.
    owner_lost: bool,
}

impl Grants {
    /// The grants in a policy; `None` for a queue without one. A policy that cannot be read gives
    /// none.
    pub fn read(policy: Option<&str>, queue: &QueueKey) -> Self {
        let text = policy.unwrap_or_default();
        let object: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
        Self::of(&statements(&object), queue)
    }

    fn of(statements: &[Value], queue: &QueueKey) -> Self {
        let mut grants = Self {
            owner: queue.account.clone(),
            ..Self::default()
        };
        for permission in Permission::ALL {
            let sid = permission.sid();
            let mut with_sid = statements.iter().filter(|it| it["Sid"] == *sid);
            let Some(statement) = with_sid.next() else {
                continue;
            };
            let accounts = accounts(&statement["Principal"]["AWS"]);
            if *statement == allow(permission, &accounts, queue) {
                grants.given.insert(permission, accounts);
            }
        }
        grants.owner_lost = statements.contains(&grants.deny(queue));
        grants
    }

    /// True if the account may do everything, because it was given full control or is the owner
    /// and still has it.
    pub fn has_full_control(&self, account: &str) -> bool {
        self.has(account, Permission::FullControl)
    }

    fn has(&self, account: &str, permission: Permission) -> bool {
        if permission == Permission::FullControl && account == self.owner {
            return !self.owner_lost;
        }
        let given = self.given.get(&permission);
        given.is_some_and(|accounts| accounts.contains(account))
    }

    /// Accounts and permissions, the owner's full control first.
    pub fn list(&self) -> Vec<(String, Permission)> {
        let owner = (self.owner.clone(), Permission::FullControl);
        let owners = (!self.owner_lost).then_some(owner);
        let given = self.given.iter().flat_map(|(permission, accounts)| {
            let pair = |account: &String| (account.clone(), *permission);
            accounts.iter().map(pair)
        });
        owners.into_iter().chain(given).collect()
    }

    fn set(&mut self, account: &str, permission: Permission, has: bool) {
        if permission == Permission::FullControl && account == self.owner {
            self.owner_lost = !has;
            return;
        }
        let accounts = self.given.entry(permission).or_default();
        match has {
            true => accounts.insert(account.into()),
            false => accounts.remove(account),
        };
        self.given.retain(|_, accounts| !accounts.is_empty());
    }

    /// The statement that takes from the owner what it was not given otherwise.
    fn deny(&self, queue: &QueueKey) -> Value {
        let others = [Permission::ReceiveMessage, Permission::SendMessage];
        let left = others
            .into_iter()
            .filter(|permission| self.has(&self.owner, *permission))
            .flat_map(|permission| permission.actions());
        let names = KEPT.iter().chain(left).map(|name| format!("SQS:{name}"));
        json!({
            "Sid": OWNER,
            "Effect": "Deny",
            "Principal": { "AWS": [root(&self.owner)] },
            "NotAction": names.collect::<Vec<_>>(),
            "Resource": queue.arn(),
        })
    }

    fn statements(&self, queue: &QueueKey) -> Vec<Value> {
        let given = self.given.iter();
        let given = given.map(|(permission, accounts)| allow(*permission, accounts, queue));
        let deny = self.owner_lost.then(|| self.deny(queue));
        given.chain(deny).collect()
    }
}

/// The policy's text after a grant was given (`has`) or taken away; `None` if no statement is
/// left. What is so already stays as it is.
///
/// Errors: `InvalidAttributeValue` if the policy cannot be read, or would be too long.
pub fn change(
    policy: Option<&str>,
    queue: &QueueKey,
    account: &str,
    permission: Permission,
    has: bool,
) -> Result<Option<String>> {
    let mut object = match policy {
        None | Some("") => fresh(queue),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            let text = format!("the stored policy cannot be read: {error}");
            Error::new(ErrorKind::InvalidAttributeValue, text)
        })?,
    };
    let mut all = statements(&object);
    let mut grants = Grants::of(&all, queue);
    if grants.has(account, permission) == has {
        return Ok(policy.map(String::from));
    }
    let before = grants.statements(queue);
    all.retain(|statement| !before.contains(statement));
    grants.set(account, permission, has);
    all.extend(grants.statements(queue));
    if all.is_empty() {
        return Ok(None);
    }
    object.insert("Statement".into(), Value::Array(all));
    let text = Value::Object(object).to_string();
    parse(&text)?;
    Ok(Some(text))
}

fn fresh(queue: &QueueKey) -> Map<String, Value> {
    let mut policy = Map::new();
    policy.insert("Version".into(), json!("2008-10-17"));
    policy.insert(
        "Id".into(),
        json!(format!("{}/SQSDefaultPolicy", queue.arn())),
    );
    policy
}

fn statements(policy: &Map<String, Value>) -> Vec<Value> {
    match policy.get("Statement") {
        Some(Value::Array(list)) => list.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn allow(permission: Permission, accounts: &BTreeSet<String>, queue: &QueueKey) -> Value {
    let principals: Vec<String> = accounts.iter().map(|account| root(account)).collect();
    let actions = permission.actions().iter();
    json!({
        "Sid": permission.sid(),
        "Effect": "Allow",
        "Principal": { "AWS": principals },
        "Action": actions.map(|name| format!("SQS:{name}")).collect::<Vec<_>>(),
        "Resource": queue.arn(),
    })
}

fn root(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

fn accounts(principals: &Value) -> BTreeSet<String> {
    let arns = principals.as_array().into_iter().flatten();
    let account = |arn: &Value| {
        let rest = arn.as_str()?.strip_prefix("arn:aws:iam::")?;
        Some(rest.strip_suffix(":root")?.to_owned())
    };
    arns.filter_map(account).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "111111111111";
    const OTHER: &str = "222222222222";

    fn queue() -> QueueKey {
        QueueKey::new(OWN, "us-east-1", "q")
    }

    fn after(policy: Option<&str>, account: &str, permission: Permission, has: bool) -> String {
        let text = change(policy, &queue(), account, permission, has).unwrap();
        text.unwrap_or_default()
    }

    fn list(policy: &str) -> Vec<(String, Permission)> {
        Grants::read(Some(policy), &queue()).list()
    }

    #[test]
    fn l6_the_owner_has_full_control_from_the_start() {
        let owners = [(OWN.to_owned(), Permission::FullControl)];
        assert_eq!(Grants::read(None, &queue()).list(), owners);
        assert!(Grants::read(None, &queue()).has_full_control(OWN));
        assert!(!Grants::read(None, &queue()).has_full_control(OTHER));
    }

    #[test]
    fn l6_each_permission_is_a_grant_of_its_own() {
        let full = after(None, OTHER, Permission::FullControl, true);
        assert_eq!(list(&full).len(), 2);
        let same = after(Some(&full), OTHER, Permission::SendMessage, false);
        assert_eq!(same, full, "what was not given is not taken away");
        let both = after(Some(&full), OTHER, Permission::SendMessage, true);
        assert_eq!(list(&both).len(), 3);
        let send = after(Some(&both), OTHER, Permission::FullControl, false);
        assert!(!Grants::read(Some(&send), &queue()).has_full_control(OTHER));
        assert_eq!(
            after(Some(&send), OTHER, Permission::SendMessage, false),
            ""
        );
    }

    #[test]
    fn l6_the_owners_own_grant_can_be_taken_away_and_given_back() {
        let lost = after(None, OWN, Permission::FullControl, false);
        assert_eq!(list(&lost), []);
        let send = after(Some(&lost), OWN, Permission::SendMessage, true);
        assert_eq!(list(&send), [(OWN.into(), Permission::SendMessage)]);
        assert!(send.contains("SQS:AddPermission"));
        assert_eq!(send.matches("SQS:SendMessage").count(), 2);
        let back = after(Some(&send), OWN, Permission::FullControl, true);
        assert_eq!(list(&back).len(), 2);
        assert!(!back.contains(OWNER));
    }

    #[test]
    fn other_statements_stay_and_are_no_grants() {
        let own = json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "x", "Effect": "Allow", "Principal": "*", "Action": "SQS:SendMessage" },
            { "Sid": "grant-FULLCONTROL", "Effect": "Allow", "Principal": "*",
              "Action": "SQS:*" } ] })
        .to_string();
        assert_eq!(list(&own).len(), 1);
        let more = after(Some(&own), OTHER, Permission::SendMessage, true);
        assert_eq!(list(&more).len(), 2);
        let again = after(Some(&more), OTHER, Permission::SendMessage, false);
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(value(&again), value(&own));
        // The name of the statement is taken: two of them would be no policy.
        let full = change(Some(&own), &queue(), OTHER, Permission::FullControl, true);
        assert_eq!(full.unwrap_err().kind(), ErrorKind::InvalidAttributeValue);
    }

    #[test]
    fn more_than_a_policy_can_hold_is_refused() {
        let mut policy = None;
        for number in 0..50u64 {
            let account = format!("{number:012}");
            policy = change(
                policy.as_deref(),
                &queue(),
                &account,
                Permission::SendMessage,
                true,
            )
            .unwrap();
        }
        let more = change(
            policy.as_deref(),
            &queue(),
            OTHER,
            Permission::SendMessage,
            true,
        );
        assert!(more.unwrap_err().text().contains("51 principals"));
    }
}
