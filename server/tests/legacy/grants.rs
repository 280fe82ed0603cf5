//! Grants (L6): who may do what, over Query and REST, and what of it today's protocols see.

use super::signer::{OTHER, OWNER, Query, Rest, guarded};
use super::support::{Response, Server};
use super::xml::{FIRST, path, text, texts};

fn code(response: &Response) -> String {
    match response.status {
        200 => "200".into(),
        status => format!("{status} {}", text(&response.text(), "Code")),
    }
}

/// A queue of the owner's on a server that verifies, in the words of a version.
struct On<'a> {
    server: Server,
    version: &'a str,
    queue: String,
}

impl<'a> On<'a> {
    fn create(version: &'a str) -> Self {
        let server = Server::start(guarded(true));
        let create = Query::new(version, "OWNER", "/", "CreateQueue").with(&[("QueueName", "q")]);
        let queue = path(&text(&create.send(&server).text(), "QueueUrl"));
        Self {
            server,
            version,
            queue,
        }
    }

    fn call(&self, key: &str, action: &str, pairs: &[(&str, &str)]) -> Response {
        let query = Query::new(self.version, key, &self.queue, action);
        query.with(pairs).send(&self.server)
    }

    fn code(&self, key: &str, action: &str, pairs: &[(&str, &str)]) -> String {
        code(&self.call(key, action, pairs))
    }

    fn grant(&self, action: &str, grantee: (&str, &str), permission: &str) {
        let pairs = [grantee, ("Permission", permission)];
        assert_eq!(self.code("OWNER", action, &pairs), "200");
    }

    /// Display names and permissions.
    fn list(&self, pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let listed = self.call("OWNER", "ListGrants", pairs).text();
        let names = texts(&listed, "DisplayName");
        names
            .into_iter()
            .zip(texts(&listed, "Permission"))
            .collect()
    }
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    list.iter().map(own).collect()
}

const BY_EMAIL: (&str, &str) = ("Grantee.EmailAddress", "WZPH@example.com");

#[test]
fn l6_recorded_shapes() {
    for version in FIRST {
        let on = On::create(version);
        let pairs = [BY_EMAIL, ("Permission", "SendMessage")];
        let added = on.call("OWNER", "AddGrant", &pairs).text();
        assert_eq!(
            added,
            "<?xml version=\"1.0\"?><AddGrantResponse \
             xmlns=\"http://access.amazonaws.com/doc/2006-01-01/\"><ResponseStatus><StatusCode>\
             Success</StatusCode></ResponseStatus></AddGrantResponse>"
        );
        let listed = on.call("OWNER", "ListGrants", &[BY_EMAIL]).text();
        let id = text(&listed, "ID");
        assert!(id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(
            listed,
            format!(
                "<?xml version=\"1.0\"?><ListGrantsResponse \
                 xmlns=\"http://access.amazonaws.com/doc/2006-01-01/\"><GrantList><Grantee \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
                 xsi:type=\"CanonicalUser\"><ID>{id}</ID><DisplayName>wzph</DisplayName></Grantee>\
                 <Permission>SENDMESSAGE</Permission></GrantList><ResponseStatus><StatusCode>\
                 Success</StatusCode></ResponseStatus></ListGrantsResponse>"
            )
        );
        // By its id the grantee is the same, under both names of the parameter.
        for name in ["Grantee.ID", "Grantee.CanonicalUser"] {
            assert_eq!(on.list(&[(name, &id)]).len(), 1, "{name}");
        }
        on.grant("RemoveGrant", ("Grantee.ID", &id), "SENDMESSAGE");
        assert!(on.list(&[BY_EMAIL]).is_empty());
    }
}

#[test]
fn l6_the_creator_has_full_control() {
    for version in FIRST {
        let on = On::create(version);
        assert_eq!(on.list(&[]), pairs(&[("own", "FULLCONTROL")]));
    }
}

#[test]
fn l6_what_each_permission_gives() {
    for version in FIRST {
        let on = On::create(version);
        let body = [("MessageBody", "m")];
        assert_eq!(on.code("OTHER", "SendMessage", &body), "401 AccessFailure");
        // In any case of the letters.
        on.grant("AddGrant", BY_EMAIL, "sendMESSAGE");
        assert_eq!(on.code("OTHER", "SendMessage", &body), "200");
        let sent = text(&on.call("OTHER", "SendMessage", &body).text(), "MessageId");
        let id = [("MessageId", &*sent)];
        for (action, given) in [
            ("ReceiveMessage", &[][..]),
            ("PeekMessage", &id),
            ("DeleteMessage", &id),
        ] {
            assert_eq!(
                on.code("OTHER", action, given),
                "401 AccessFailure",
                "{action}"
            );
        }
        on.grant("AddGrant", BY_EMAIL, "RECEIVEMESSAGE");
        on.grant("RemoveGrant", BY_EMAIL, "SENDMESSAGE");
        assert_eq!(on.code("OTHER", "SendMessage", &body), "401 AccessFailure");
        assert_eq!(on.code("OTHER", "ReceiveMessage", &[]), "200");
        assert_eq!(on.code("OTHER", "PeekMessage", &id), "200");
        assert_eq!(on.code("OTHER", "DeleteMessage", &id), "200");
        let seconds = [("VisibilityTimeout", "5")];
        for (action, given) in [
            ("SetVisibilityTimeout", &seconds[..]),
            ("GetVisibilityTimeout", &[]),
            ("ListGrants", &[]),
            ("DeleteQueue", &[]),
        ] {
            assert_eq!(
                on.code("OTHER", action, given),
                "401 AccessFailure",
                "{action}"
            );
        }
        let add = [BY_EMAIL, ("Permission", "FullControl")];
        assert_eq!(on.code("OTHER", "AddGrant", &add), "401 AccessFailure");
    }
}

#[test]
fn l6_full_control_is_everything() {
    for version in FIRST {
        let on = On::create(version);
        on.grant("AddGrant", BY_EMAIL, "FullControl");
        let seconds = [("VisibilityTimeout", "5")];
        assert_eq!(on.code("OTHER", "SetVisibilityTimeout", &seconds), "200");
        assert_eq!(on.code("OTHER", "GetVisibilityTimeout", &[]), "200");
        assert_eq!(on.code("OTHER", "ListGrants", &[]), "200");
        // The owner's own grant can go; grants stay the owner's to give.
        let own = [
            ("Grantee.EmailAddress", "own@example.com"),
            ("Permission", "FullControl"),
        ];
        assert_eq!(on.code("OTHER", "RemoveGrant", &own), "200");
        assert_eq!(on.list(&[]), pairs(&[("wzph", "FULLCONTROL")]));
        let body = [("MessageBody", "m")];
        assert_eq!(on.code("OWNER", "SendMessage", &body), "401 AccessFailure");
        assert_eq!(on.code("OWNER", "DeleteQueue", &[]), "401 AccessFailure");
        assert_eq!(on.code("OWNER", "AddGrant", &own), "200");
        assert_eq!(on.code("OWNER", "SendMessage", &body), "200");
        let received = on.call("OTHER", "ReceiveMessage", &[]).text();
        let id = text(&received, "MessageId");
        assert_eq!(
            on.code("OTHER", "DeleteMessage", &[("MessageId", &id)]),
            "200"
        );
        assert_eq!(on.code("OTHER", "DeleteQueue", &[]), "200");
    }
}

#[test]
fn l11_10_l6_each_permission_is_a_grant_of_its_own() {
    for version in FIRST {
        let on = On::create(version);
        on.grant("AddGrant", BY_EMAIL, "FullControl");
        let by_permission = [("Permission", "SendMessage")];
        assert!(
            on.list(&by_permission).is_empty(),
            "full control is not listed"
        );
        on.grant("RemoveGrant", BY_EMAIL, "SendMessage");
        assert_eq!(on.list(&[BY_EMAIL]), pairs(&[("wzph", "FULLCONTROL")]));
        on.grant("AddGrant", BY_EMAIL, "SendMessage");
        let both = pairs(&[("wzph", "FULLCONTROL"), ("wzph", "SENDMESSAGE")]);
        assert_eq!(on.list(&[BY_EMAIL]), both);
        assert_eq!(on.list(&by_permission), pairs(&[("wzph", "SENDMESSAGE")]));
        on.grant("RemoveGrant", BY_EMAIL, "FullControl");
        assert_eq!(on.list(&[BY_EMAIL]), pairs(&[("wzph", "SENDMESSAGE")]));
    }
}

#[test]
fn l6_an_unknown_e_mail_is_refused() {
    for version in FIRST {
        let on = On::create(version);
        let given = [
            ("Grantee.EmailAddress", "who@example.com"),
            ("Permission", "SendMessage"),
        ];
        let refused = on.call("OWNER", "AddGrant", &given);
        assert_eq!(code(&refused), "400 InvalidParameterValue");
        assert!(text(&refused.text(), "Message").contains("who@example.com"));
        assert_eq!(on.list(&[]), pairs(&[("own", "FULLCONTROL")]));
    }
}

#[test]
fn l3_grant_refusals_change_nothing() {
    for version in FIRST {
        let on = On::create(version);
        let permission = ("Permission", "SendMessage");
        for (given, expected) in [
            (vec![permission], "400 MissingParameter"),
            (vec![BY_EMAIL], "400 MissingParameter"),
            (
                vec![BY_EMAIL, ("Permission", "Own")],
                "400 InvalidParameterValue",
            ),
            (
                vec![("Grantee.EmailAddress", "who@example.com"), permission],
                "400 InvalidParameterValue",
            ),
            (
                vec![("Grantee.ID", "ab12"), permission],
                "400 InvalidParameterValue",
            ),
        ] {
            for action in ["AddGrant", "RemoveGrant"] {
                assert_eq!(
                    on.code("OWNER", action, &given),
                    expected,
                    "{action} {given:?}"
                );
            }
        }
        assert_eq!(on.list(&[]).len(), 1);
    }
    let mut on = On::create("2007-05-01");
    for version in ["2008-01-01", "2009-02-01", "2011-10-01"] {
        on.version = version;
        let given = [BY_EMAIL, ("Permission", "SendMessage")];
        assert_eq!(on.code("OWNER", "AddGrant", &given), "400 InvalidAction");
    }
}

#[test]
fn l3_5_grants_know_the_queue_by_its_url() {
    for version in FIRST {
        let on = On::create(version);
        // The guide asks for the name too; clients never sent it, and it may be any.
        for name in [None, Some(("QueueName", "q")), Some(("QueueName", "other"))] {
            for action in ["AddGrant", "ListGrants", "RemoveGrant"] {
                let mut given = vec![BY_EMAIL, ("Permission", "SendMessage")];
                given.extend(name);
                assert_eq!(on.code("OWNER", action, &given), "200", "{action} {name:?}");
            }
        }
    }
}

#[test]
fn l4_2_rest_reaches_queues_of_others() {
    let on = On::create("2006-04-01");
    on.grant("AddGrant", BY_EMAIL, "ReceiveMessage");
    assert_eq!(
        on.code("OWNER", "SendMessage", &[("MessageBody", "m")]),
        "200"
    );
    let front = format!("{}/front", on.queue);
    let received = Rest::new("2006-04-01", "OTHER", "GET", &front).send(&on.server, b"");
    assert_eq!(text(&received.text(), "MessageBody"), "m");
    let back = format!("{}/back", on.queue);
    let denied = Rest::new("2006-04-01", "OTHER", "PUT", &back).send(&on.server, b"m");
    assert_eq!(code(&denied), "401 AccessFailure");
}

/// Grants are statements of the policy that today's protocols show and obey.
#[test]
fn l6_grants_hold_in_every_version() {
    let on = On::create("2007-05-01");
    on.grant("AddGrant", BY_EMAIL, "SendMessage");
    let address = format!("/{OWNER}/q");
    for version in ["2008-01-01", "2009-02-01", "2011-10-01", "2012-11-05"] {
        let send = Query::new(version, "OTHER", &address, "SendMessage");
        let sent = send.with(&[("MessageBody", "m")]).send(&on.server);
        assert_eq!(sent.status, 200, "{version}");
        let receive = Query::new(version, "OTHER", &address, "ReceiveMessage").send(&on.server);
        assert_eq!(code(&receive), "403 AccessDenied", "{version}");
    }
    let get = Query::new("2009-02-01", "OWNER", &address, "GetQueueAttributes");
    let policy = get
        .with(&[("AttributeName", "Policy")])
        .send(&on.server)
        .text();
    assert!(
        policy.contains("grant-SENDMESSAGE") && policy.contains(OTHER),
        "{policy}"
    );
    // And what a policy gives holds in the versions of grants.
    let add = Query::new("2009-02-01", "OWNER", &address, "AddPermission").with(&[
        ("Label", "l"),
        ("AWSAccountId", OTHER),
        ("ActionName", "ReceiveMessage"),
    ]);
    assert_eq!(add.send(&on.server).status, 200);
    assert_eq!(on.code("OTHER", "ReceiveMessage", &[]), "200");
    assert_eq!(on.list(&[BY_EMAIL]).len(), 1, "but it is no grant");
    let full = Query::new("2009-02-01", "OWNER", &address, "AddPermission").with(&[
        ("Label", "all"),
        ("AWSAccountId", OTHER),
        ("ActionName", "*"),
    ]);
    assert_eq!(full.send(&on.server).status, 200);
    let code = on.code("OTHER", "DeleteQueue", &[]);
    assert_eq!(
        code, "401 AccessFailure",
        "a policy's star is not full control"
    );
}
