//! U4: every refusal with its code, its shape, its status and its text.

use super::*;

/// What a refusal says: `code shape status: text`.
fn said(sent: &Sent, config: &Config) -> String {
    let refused = sent.identify(config).unwrap_err();
    format!(
        "{} {} {}: {}",
        refused.code(),
        refused.shape(),
        refused.status(),
        refused.text()
    )
}

fn check(sent: &Sent, expected: &str) {
    assert_eq!(said(sent, &config(None)), expected);
}

const MISMATCH: &str = "SignatureDoesNotMatch InvalidSignatureException 403: ";
const INCOMPLETE: &str = "IncompleteSignature IncompleteSignatureException 400: ";
const SECURITY: &str = "InvalidSecurity InvalidSecurity 403: The request was not made over HTTPS \
    or did not use Signature Version 4 for signing.";

/// A JSON request whose Authorization header has `to` in the place of `from`.
fn with(from: &str, to: &str) -> Sent {
    assert!(JSON_HEADER.contains(from));
    Sent::json().set("authorization", &JSON_HEADER.replace(from, to))
}

#[test]
fn u4_unknown_access_key_or_wrong_session_token() {
    let expected = "InvalidClientTokenId UnrecognizedClientException 403: The security token \
        included in the request is invalid.";
    check(&with("AKIDEXAMPLE", "AKIDOTHER"), expected);
    check(&Sent::json().set("x-amz-security-token", "t"), expected);
    assert_eq!(said(&Sent::json(), &config(Some("t"))), expected);
}

#[test]
fn u4_session_token_expired() {
    let mut over = config(None);
    over.credentials[0].expires_at = Some(SIGNED_S);
    let expected = "ExpiredToken ExpiredTokenException 403: The security token included in the \
        request is expired";
    assert_eq!(said(&Sent::json(), &over), expected);
}

#[test]
fn u4_signature_wrong() {
    let text = "The request signature we calculated does not match the signature you provided. \
        Check your AWS Secret Access Key and signing method. Consult the service documentation \
        for details.";
    check(
        &with("Signature=ca", "Signature=cb"),
        &format!("{MISMATCH}{text}"),
    );
}

#[test]
fn u4_too_old_or_too_new() {
    let mut sent = Sent::json();
    sent.now_s = SIGNED_S + 901;
    let text = "Signature expired: 20250102T030405Z is now earlier than 20250102T030406Z \
        (20250102T031906Z - 15 min.)";
    check(&sent, &format!("{MISMATCH}{text}"));
    sent.now_s = SIGNED_S - 901;
    let text = "Signature not yet current: 20250102T030405Z is still later than \
        20250102T030404Z (20250102T024904Z + 15 min.)";
    check(&sent, &format!("{MISMATCH}{text}"));
}

#[test]
fn u4_presigned_and_expired() {
    let uri = "/?X-Amz-Algorithm=AWS4-HMAC-SHA256\
        &X-Amz-Credential=AKIDEXAMPLE%2F20250102%2Fus-east-1%2Fsqs%2Faws4_request\
        &X-Amz-Date=20250102T030405Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0";
    let mut sent = Sent::new("GET", uri, &[("host", "h")], "");
    sent.now_s = SIGNED_S + 61;
    check(
        &sent,
        "RequestExpired RequestExpired 400: Request has expired.",
    );
}

#[test]
fn u4_version_2_too_old() {
    let form = "Action=ListQueues&AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2\
        &Timestamp=2025-01-02T02%3A00%3A00Z&Signature=x";
    let sent = Sent::new("POST", "/", &[("host", "h")], form);
    check(
        &sent,
        "RequestExpired RequestExpired 400: Request has expired.",
    );
}

#[test]
fn u4_authorization_lacks_a_part() {
    let header = "AWS4-HMAC-SHA256 SignedHeaders=host";
    let text = format!(
        "Authorization header requires 'Credential' parameter. Authorization header requires \
         'Signature' parameter. Authorization={header}"
    );
    let sent = Sent::json().set("authorization", header);
    check(&sent, &format!("{INCOMPLETE}{text}"));
    let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
        header.";
    check(
        &Sent::json().without("x-amz-date"),
        &format!("{INCOMPLETE}{text}"),
    );
}

#[test]
fn u4_wrong_scope() {
    for (from, to, text) in [
        (
            "/eu-west-1/",
            "//",
            "Credential should be scoped to a valid region.",
        ),
        (
            "/eu-west-1/",
            "/eu:west/",
            "Credential should be scoped to a valid region.",
        ),
        // A key is derived for each region, and remembered.
        (
            "/eu-west-1/",
            &format!("/{}/", "r".repeat(65)),
            "Credential should be scoped to a valid region.",
        ),
        (
            "/sqs/",
            "/sns/",
            "Credential should be scoped to correct service: 'sqs'.",
        ),
        (
            "aws4_request",
            "aws3_request",
            "Credential should be scoped with a valid terminator: 'aws4_request'.",
        ),
        (
            "/20250102/",
            "/20250101/",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '20250101' != '20250102', from '20250102'.",
        ),
    ] {
        check(&with(from, to), &format!("{MISMATCH}{text}"));
    }
}

#[test]
fn u4_host_or_x_amz_header_not_signed() {
    let text = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
    check(
        &with("content-type;host", "content-type"),
        &format!("{MISMATCH}{text}"),
    );
    let text = "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization.";
    check(&with(";x-amz-target", ""), &format!("{MISMATCH}{text}"));
}

#[test]
fn u4_plain_http_or_an_older_signature() {
    check(&with("AWS4-HMAC-SHA256", "AWS"), SECURITY);
    let header = JSON_HEADER.replace(";x-amz-date", ";x-amz-content-sha256;x-amz-date");
    let sent = Sent::json().set("authorization", &header);
    check(
        &sent.set("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
        SECURITY,
    );
    let form = "Action=ListQueues&AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=1&Signature=x";
    check(&Sent::new("POST", "/", &[("host", "h")], form), SECURITY);
}

#[test]
fn u4_no_credentials_and_no_permission() {
    let caller = Identity::of(&credential(None));
    let denied = |explicit| refusals::denied(&caller, "SendMessage", "arn:q", explicit);
    let user = "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: \
        sqs:sendmessage on resource: arn:q";
    for (refusal, shape, code, text) in [
        (
            refusals::no_credentials(),
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "Request is missing Authentication Token".to_owned(),
        ),
        (
            denied(false),
            "AccessDeniedException",
            "AccessDenied",
            format!("{user} because no resource-based policy allows the sqs:sendmessage action"),
        ),
        (
            denied(true),
            "AccessDeniedException",
            "AccessDenied",
            format!("{user} with an explicit deny in a resource-based policy"),
        ),
    ] {
        let found = (
            refusal.shape(),
            refusal.code(),
            refusal.status(),
            refusal.text(),
        );
        assert_eq!(found, (shape, code, 403, &*text));
    }
}

#[test]
fn u5_two_times_at_once() {
    let form = "Action=ListQueues&AWSAccessKeyId=AKIDEXAMPLE&SignatureVersion=2&Signature=x\
        &Timestamp=2025-01-02T03%3A04%3A05Z&Expires=2025-01-02T03%3A05%3A05Z";
    let expected = "InvalidParameterCombination InvalidParameterCombination 400: Timestamp and \
        Expires cannot be given together.";
    check(&Sent::new("POST", "/", &[("host", "h")], form), expected);
}

/// What is hashed would be as long as the names times the longest value.
#[test]
fn u2_6_a_header_is_signed_once() {
    let names = "content-type;host;host;x-amz-date;x-amz-target";
    let date = "20250102T030405Z";
    let canonical = format!(
        "POST\n/\n\ncontent-type:application/x-amz-json-1.0\nhost:localhost:9324\n\
         host:localhost:9324\nx-amz-date:{date}\nx-amz-target:AmazonSQS.GetQueueUrl\n\n{names}\n{}",
        canonical::payload_hash(JSON_BODY.as_bytes())
    );
    let scope = "20250102/eu-west-1/sqs/aws4_request";
    let hash = canonical::payload_hash(canonical.as_bytes());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{hash}");
    let key = keys::derive(SECRET, "20250102", "eu-west-1", "sqs");
    let signature = hex(&keys::hmac_sha256(&key, text.as_bytes()));
    let header = format!(
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope}, SignedHeaders={names}, \
         Signature={signature}"
    );
    let twice = Sent::json().set("authorization", &header);
    assert_eq!(twice.code(), "SignatureDoesNotMatch 403");
}
