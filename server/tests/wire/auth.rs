//! Callers and policies over the wire, with a signer of its own.

use super::support::{Response, Server, config, test_config};
use forebay_server::Config;
use forebay_server::auth::time::{amz_text, now_s};
use forebay_server::config::Credential;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";

fn credential(id: &str, account: &str, user: Option<&str>) -> Credential {
    Credential {
        access_key_id: id.into(),
        secret_access_key: format!("secret-{id}"),
        session_token: None,
        account: account.into(),
        user: user.map(String::from),
        role: None,
        principal_id: None,
        expires_at: None,
        enabled: true,
    }
}

fn guarded() -> Config {
    Config {
        account: OWNER.into(),
        credentials: vec![
            credential("ROOT", OWNER, None),
            credential("USER", OWNER, Some("alice")),
            credential("OTHER", OTHER, Some("bob")),
        ],
        ..config()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    hmac.update(text.as_bytes());
    hmac.finalize().into_bytes().to_vec()
}

/// A signed JSON request.
fn call(server: &Server, key: &str, action: &str, input: &Value) -> Response {
    let body = input.to_string();
    let date = amz_text(now_s());
    let (day, target) = (&date[..8], format!("AmazonSQS.{action}"));
    let names = "host;x-amz-date;x-amz-target";
    let canonical = format!(
        "POST\n/\n\nhost:q.example:1\nx-amz-date:{date}\nx-amz-target:{target}\n\n{names}\n{}",
        hex(&Sha256::digest(&body))
    );
    let scope = format!("{day}/us-east-1/sqs/aws4_request");
    let hash = hex(&Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let mut signing = hmac(format!("AWS4secret-{key}").as_bytes(), day);
    for part in ["us-east-1", "sqs", "aws4_request"] {
        signing = hmac(&signing, part);
    }
    let headers = format!(
        "x-amz-date: {date}\r\nx-amz-target: {target}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={key}/{scope}, SignedHeaders={names}, Signature={}\r\n",
        hex(&hmac(&signing, &text))
    );
    server
        .connect()
        .call("POST", "/", &headers, body.as_bytes())
}

fn url() -> String {
    format!("http://q.example:1/{OWNER}/q")
}

fn with_queue() -> Server {
    let server = Server::start(guarded());
    let created = call(&server, "ROOT", "CreateQueue", &json!({ "QueueName": "q" }));
    assert_eq!(created.text(), json!({ "QueueUrl": url() }).to_string());
    server
}

fn send(server: &Server, key: &str) -> Response {
    let input = json!({ "QueueUrl": url(), "MessageBody": "m" });
    call(server, key, "SendMessage", &input)
}

fn set_policy(server: &Server, statements: Value) {
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let input = json!({ "QueueUrl": url(), "Attributes": { "Policy": policy } });
    assert_eq!(
        call(server, "ROOT", "SetQueueAttributes", &input).status,
        200
    );
}

#[test]
fn u7_3_the_owners_account_may_do_all() {
    let server = with_queue();
    assert_eq!(send(&server, "USER").status, 200);
    let input = json!({ "QueueUrl": url(), "AttributeNames": ["SenderId"] });
    let found = call(&server, "USER", "ReceiveMessage", &input).json();
    let sender = found["Messages"][0]["Attributes"]["SenderId"]
        .as_str()
        .unwrap();
    assert!(sender.starts_with("AIDA"), "{sender}");
}

#[test]
fn u4_nobody_and_wrong_keys() {
    let server = with_queue();
    let input = json!({ "QueueUrl": url(), "MessageBody": "m" }).to_string();
    let nobody = server.json("SendMessage", &input);
    assert_eq!(nobody.refusal(), "403 MissingAuthenticationToken");
    let kind = "com.amazonaws.sqs#MissingAuthenticationTokenException";
    assert_eq!(nobody.json()["__type"], kind);
    assert_eq!(
        server.get("/?Action=ListQueues").refusal(),
        "403 MissingAuthenticationToken"
    );
    assert_eq!(send(&server, "WHO").refusal(), "403 InvalidClientTokenId");
    for path in ["/livez", "/readyz"] {
        assert_eq!(server.get(path).status, 200);
    }
}

#[test]
fn u7_4_other_accounts_need_the_policy() {
    let server = with_queue();
    let denied = send(&server, "OTHER");
    assert_eq!(denied.refusal(), "403 AccessDenied");
    let text = denied.json()["message"].as_str().unwrap().to_owned();
    let start = format!(
        "User: arn:aws:iam::{OTHER}:user/bob is not authorized to perform: sqs:sendmessage on \
         resource: arn:aws:sqs:us-east-1:{OWNER}:q"
    );
    assert!(text.starts_with(&start), "{text}");
    let missing = json!({ "QueueUrl": format!("http://h/{OWNER}/none"), "MessageBody": "m" });
    let missing = call(&server, "OTHER", "SendMessage", &missing);
    assert_eq!(
        missing.refusal(),
        "403 AccessDenied",
        "whether it exists is not told"
    );
    let add = json!({ "QueueUrl": url(), "Label": "l", "AWSAccountIds": [OTHER],
        "Actions": ["SendMessage", "GetQueueUrl"] });
    assert_eq!(call(&server, "ROOT", "AddPermission", &add).status, 200);
    assert_eq!(send(&server, "OTHER").status, 200);
    let entries = json!([{ "Id": "a", "MessageBody": "m" }]);
    let batch = json!({ "QueueUrl": url(), "Entries": entries });
    let batch = call(&server, "OTHER", "SendMessageBatch", &batch);
    assert_eq!(batch.status, 200, "a batch needs the single action");
    let receive = json!({ "QueueUrl": url() });
    let receive = call(&server, "OTHER", "ReceiveMessage", &receive);
    assert_eq!(receive.refusal(), "403 AccessDenied");
    let find = json!({ "QueueName": "q", "QueueOwnerAWSAccountId": OWNER });
    let found = call(&server, "OTHER", "GetQueueUrl", &find);
    assert_eq!(found.json()["QueueUrl"], url());
    let remove = json!({ "QueueUrl": url(), "Label": "l" });
    assert_eq!(
        call(&server, "OTHER", "RemovePermission", &remove).refusal(),
        "403 AccessDenied"
    );
    assert_eq!(
        call(&server, "ROOT", "RemovePermission", &remove).status,
        200
    );
    assert_eq!(send(&server, "OTHER").refusal(), "403 AccessDenied");
    let hidden = call(&server, "OTHER", "GetQueueUrl", &find).refusal();
    assert_eq!(hidden, "400 AWS.SimpleQueueService.NonExistentQueue");
    let get = json!({ "QueueUrl": url(), "AttributeNames": ["Policy"] });
    assert_eq!(
        call(&server, "ROOT", "GetQueueAttributes", &get).text(),
        "{}"
    );
}

#[test]
fn u7_2_a_deny_wins_but_does_not_lock_the_owner_out() {
    let server = with_queue();
    set_policy(
        &server,
        json!([{ "Effect": "Deny", "Principal": "*", "Action": "sqs:*" }]),
    );
    let denied = send(&server, "ROOT");
    assert_eq!(denied.refusal(), "403 AccessDenied");
    assert!(denied.text().contains("explicit deny"));
    assert_eq!(send(&server, "USER").refusal(), "403 AccessDenied");
    set_policy(
        &server,
        json!([{ "Effect": "Deny", "Principal": "*", "Action": "sqs:Purge*" }]),
    );
    assert_eq!(send(&server, "USER").status, 200);
}

#[test]
fn u7_7_anonymous_callers_with_conditions() {
    let server = with_queue();
    let input = json!({ "QueueUrl": url(), "MessageBody": "m" }).to_string();
    let allow = |condition: Value| {
        json!([{ "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
            "Resource": "*", "Condition": condition }])
    };
    set_policy(
        &server,
        allow(json!({ "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } })),
    );
    assert_eq!(server.json("SendMessage", &input).status, 200);
    let receive = json!({ "QueueUrl": url() }).to_string();
    let refusal = server.json("ReceiveMessage", &receive).refusal();
    assert_eq!(refusal, "403 MissingAuthenticationToken");
    set_policy(
        &server,
        allow(json!({ "Bool": { "aws:SecureTransport": "true" } })),
    );
    assert_eq!(server.json("SendMessage", &input).status, 403);
    set_policy(
        &server,
        allow(json!({ "NotIpAddress": { "aws:SourceIp": "127.0.0.1" } })),
    );
    assert_eq!(server.json("SendMessage", &input).status, 403);
}

#[test]
fn s15_2_what_never_opens_to_others() {
    let server = with_queue();
    set_policy(
        &server,
        json!([{ "Effect": "Allow", "Principal": "*", "Action": "sqs:*" }]),
    );
    let arn = format!("arn:aws:sqs:us-east-1:{OWNER}:q");
    for (action, input) in [
        ("DeleteQueue", json!({ "QueueUrl": url() })),
        ("ListQueueTags", json!({ "QueueUrl": url() })),
        (
            "TagQueue",
            json!({ "QueueUrl": url(), "Tags": { "a": "b" } }),
        ),
        ("UntagQueue", json!({ "QueueUrl": url(), "TagKeys": ["a"] })),
        (
            "SetQueueAttributes",
            json!({ "QueueUrl": url(), "Attributes": {} }),
        ),
        (
            "RemovePermission",
            json!({ "QueueUrl": url(), "Label": "l" }),
        ),
        ("StartMessageMoveTask", json!({ "SourceArn": arn })),
        ("ListMessageMoveTasks", json!({ "SourceArn": arn })),
    ] {
        let refusal = call(&server, "OTHER", action, &input).refusal();
        assert_eq!(refusal, "403 AccessDenied", "{action}");
    }
    assert_eq!(send(&server, "OTHER").status, 200);
}

#[test]
fn a_new_queue_has_its_own_policy_at_once() {
    let server = Server::start(Config {
        test: test_config().test,
        sixty_second_rules: false,
        ..guarded()
    });
    // What is known of a queue that is not there must not outlive its creation.
    assert_eq!(send(&server, "OTHER").refusal(), "403 AccessDenied");
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Principal": "*",
        "Action": "sqs:SendMessage" }] });
    let create = json!({ "QueueName": "q", "Attributes": { "Policy": policy.to_string() } });
    assert_eq!(call(&server, "ROOT", "CreateQueue", &create).status, 200);
    assert_eq!(send(&server, "OTHER").status, 200);
    let reset = server
        .connect()
        .call("POST", "/_forebay/test/reset", "", b"");
    assert_eq!(reset.status, 200);
    let create = json!({ "QueueName": "q" });
    assert_eq!(call(&server, "ROOT", "CreateQueue", &create).status, 200);
    assert_eq!(send(&server, "OTHER").refusal(), "403 AccessDenied");
}

#[test]
fn u8_7_an_address_behind_a_proxy_cannot_be_claimed() {
    let server = Server::start(Config {
        trust_proxy: true,
        ..guarded()
    });
    let create = json!({ "QueueName": "q" });
    assert_eq!(call(&server, "ROOT", "CreateQueue", &create).status, 200);
    set_policy(
        &server,
        json!([{ "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
            "Condition": { "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } } }]),
    );
    let input = json!({ "QueueUrl": url(), "MessageBody": "m" }).to_string();
    let from = |list: &str| {
        let headers = format!("x-amz-target: AmazonSQS.SendMessage\r\nx-forwarded-for: {list}\r\n");
        let mut client = server.connect();
        client.call("POST", "/", &headers, input.as_bytes()).status
    };
    assert_eq!(from("10.0.0.1"), 200);
    assert_eq!(from("192.0.2.1"), 403);
    // A proxy that adds to what the client sent.
    assert_eq!(from("10.0.0.1, 192.0.2.1"), 403);
}

#[test]
fn with_credentials_a_web_page_is_asked_for_its_signature_as_anybody_is() {
    let server = Server::start(guarded());
    let headers = "sec-fetch-site: cross-site\r\norigin: http://evil.example\r\n";
    let mut client = server.connect();
    let refused = client.call("GET", "/?Action=ListQueues", headers, b"");
    assert_eq!(refused.refusal(), "403 MissingAuthenticationToken");
}
