//! Refusals of callers (U4): shape of the JSON protocol, code of the Query protocol, status, text.

use super::Identity;
use super::time::amz_text;
use crate::wire::Refusal;

const BAD_SIGNATURE: &str = "InvalidSignatureException";

/// Seconds by which a clock may be wrong (U2.12).
pub const SKEW_S: u64 = 900;

/// No credentials at all.
pub fn no_credentials() -> Refusal {
    let shape = "MissingAuthenticationTokenException";
    let text = "Request is missing Authentication Token";
    Refusal::new(shape, "MissingAuthenticationToken", 403, text)
}

/// An unknown or disabled access key, or another session token than the key's.
pub fn unknown_key() -> Refusal {
    let text = "The security token included in the request is invalid.";
    Refusal::new(
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        403,
        text,
    )
}

/// A session that is over.
pub fn expired_token() -> Refusal {
    let text = "The security token included in the request is expired";
    Refusal::new("ExpiredTokenException", "ExpiredToken", 403, text)
}

fn signature(text: impl Into<String>) -> Refusal {
    Refusal::new(BAD_SIGNATURE, "SignatureDoesNotMatch", 403, text)
}

/// A signature that is not the one of this request.
pub fn wrong_signature() -> Refusal {
    signature(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method. Consult the service documentation for \
         details.",
    )
}

/// A signature of another time.
pub fn skewed(signed_s: u64, now_s: u64) -> Refusal {
    let (signed, now) = (amz_text(signed_s), amz_text(now_s));
    if signed_s < now_s {
        let limit = amz_text(now_s.saturating_sub(SKEW_S));
        return signature(format!(
            "Signature expired: {signed} is now earlier than {limit} ({now} - 15 min.)"
        ));
    }
    let limit = amz_text(now_s + SKEW_S);
    signature(format!(
        "Signature not yet current: {signed} is still later than {limit} ({now} + 15 min.)"
    ))
}

/// A presigned request or a V2 signature whose time is over.
pub fn request_expired() -> Refusal {
    Refusal::new(
        "RequestExpired",
        "RequestExpired",
        400,
        "Request has expired.",
    )
}

/// A scope for another service or without a region.
pub fn wrong_scope(text: &str) -> Refusal {
    signature(text)
}

/// A scope of another day than the request's.
pub fn wrong_date(scope: &str, date: &str) -> Refusal {
    signature(format!(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
         HTTP: '{scope}' != '{date}', from '{date}'."
    ))
}

/// A header that must be signed and is not.
pub fn unsigned_header(name: &str) -> Refusal {
    let name = if name == "host" {
        "'Host' or ':authority'".into()
    } else {
        format!("'{name}'")
    };
    signature(format!(
        "{name} must be a 'SignedHeader' in the AWS Authorization."
    ))
}

/// An Authorization header without one of its parts.
pub fn incomplete(missing: &[&str], header: &str) -> Refusal {
    let parts: Vec<String> = missing
        .iter()
        .map(|part| format!("Authorization header requires '{part}' parameter."))
        .collect();
    let text = format!("{} Authorization={header}", parts.join(" "));
    Refusal::new(
        "IncompleteSignatureException",
        "IncompleteSignature",
        400,
        text,
    )
}

/// A request without a date that can be read.
pub fn no_date() -> Refusal {
    let text = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                header.";
    Refusal::new(
        "IncompleteSignatureException",
        "IncompleteSignature",
        400,
        text,
    )
}

/// A presigned request or a V2 signature without one of its parameters, or with a bad one.
pub fn bad_parameter(name: &str, reason: &str) -> Refusal {
    let text = format!("The parameter {name} {reason}.");
    Refusal::new(
        "IncompleteSignatureException",
        "IncompleteSignature",
        400,
        text,
    )
}

/// Both `Timestamp` and `Expires` (U5).
pub fn two_times() -> Refusal {
    let name = "InvalidParameterCombination";
    Refusal::new(
        name,
        name,
        400,
        "Timestamp and Expires cannot be given together.",
    )
}

/// A signature older than V2, or one that needs TLS and has none.
pub fn old_signature() -> Refusal {
    let text =
        "The request was not made over HTTPS or did not use Signature Version 4 for signing.";
    Refusal::new("InvalidSecurity", "InvalidSecurity", 403, text)
}

/// A request of a web page to a server that asks nobody who he is.
pub fn web_page() -> Refusal {
    let text = "Requests of web pages are refused by a server without credentials.";
    Refusal::new("AccessDeniedException", "AccessDenied", 403, text)
}

/// A caller without the right (U4.1: the action in small letters).
pub fn denied(caller: &Identity, action: &str, resource: &str, explicit: bool) -> Refusal {
    let action = action.to_ascii_lowercase();
    let user = caller.arn().unwrap_or_else(|| "anonymous".into());
    let why = if explicit {
        "with an explicit deny in a resource-based policy".to_owned()
    } else {
        format!("because no resource-based policy allows the sqs:{action} action")
    };
    let text = format!(
        "User: {user} is not authorized to perform: sqs:{action} on resource: {resource} {why}"
    );
    Refusal::new("AccessDeniedException", "AccessDenied", 403, text)
}
