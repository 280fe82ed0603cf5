//! AWS's published test suite of Signature Version 4, its cases that sign headers: the requests
//! and the signatures that it gives for them. It signs for a service that is not ours, so what is
//! compared is the canonical request and the key, and not a whole verification.
//!
//! A path is written here as HTTP carries it, encoded once; the suite encodes paths once as well.
//! Its cases of paths that are not normalised are for S3.

use crate::auth::canonical::{self, Variant};
use crate::auth::keys::{derive, hmac_sha256};
use crate::auth::{Signed, hex};
use crate::http::connection::Peer;
use crate::http::head::Head;
use crate::wire::query::Params;
use hyper::Request;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const HOST: &str = "example.amazonaws.com";
const DATE: &str = "20150830T123600Z";
const UNRESERVED: &str = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const FORM: &str = "Param1=value1";
const FORM_HASH: &str = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e";
const SHORT_TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
const LONG_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWs\
    KWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phU\
    ZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iP\
    PkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

type Headers<'a> = &'a [(&'a str, &'a str)];

/// The signature of a request with these headers, besides `Host` and `X-Amz-Date`.
fn signature(method: &str, uri: &str, headers: Headers<'_>, body: &str) -> String {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in [("host", HOST), ("x-amz-date", DATE)].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    let peer = Peer {
        address: ([127, 0, 0, 1], 1).into(),
        secure: true,
    };
    let head = Head::new(request.body(()).unwrap().into_parts().0, peer, false);
    let mut names: Vec<&str> = head.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let signed = Signed {
        head: &head,
        params: &Params::default(),
        body: body.as_bytes(),
        now_s: 0,
    };
    let variant = Variant {
        host: HOST,
        encode_path: false,
        plus_is_space: false,
    };
    let payload = canonical::payload_hash(body.as_bytes());
    let canonical = canonical::request(signed, &names, &payload, variant);
    let hash = canonical::payload_hash(canonical.as_bytes());
    let scope = "20150830/us-east-1/service/aws4_request";
    let text = format!("AWS4-HMAC-SHA256\n{DATE}\n{scope}\n{hash}");
    let key = derive(SECRET, "20150830", "us-east-1", "service");
    hex(&hmac_sha256(&key, text.as_bytes()))
}

fn check(cases: &[(&str, &str, Headers<'_>, &str)]) {
    for (name, uri, headers, expected) in cases {
        let method = if name.starts_with("post") {
            "POST"
        } else {
            "GET"
        };
        assert_eq!(signature(method, uri, headers, ""), *expected, "{name}");
    }
}

#[test]
fn u2_4_paths() {
    let root = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    let unreserved = "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f";
    let space = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741";
    let utf8 = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85";
    let dot = "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5";
    let slashes = "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84";
    check(&[
        ("get-vanilla", "/", &[], root),
        ("get-unreserved", &format!("/{UNRESERVED}"), &[], unreserved),
        ("get-space-normalized", "/example%20space/", &[], space),
        ("get-utf8", "/%E1%88%B4", &[], utf8),
        ("get-relative-normalized", "/example/..", &[], root),
        (
            "get-relative-relative-normalized",
            "/example1/example2/../..",
            &[],
            root,
        ),
        ("get-slash-dot-slash-normalized", "/./", &[], root),
        ("get-slash-normalized", "//", &[], root),
        ("get-slash-pointless-dot-normalized", "/./example", &[], dot),
        ("get-slashes-normalized", "//example//", &[], slashes),
    ]);
}

#[test]
fn u2_5_query_strings() {
    let one = "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb";
    let posted = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11";
    let encoded = "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac";
    let case = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500";
    let value = "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694";
    let unreserved = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197";
    let utf8 = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04";
    let mixed = "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1";
    let all = format!("/?{UNRESERVED}={UNRESERVED}");
    check(&[
        ("get-vanilla-empty-query-key", "/?Param1=value1", &[], one),
        ("get-vanilla-query-order-encoded", mixed, &[], encoded),
        (
            "get-vanilla-query-order-key-case",
            "/?Param2=value2&Param1=value1",
            &[],
            case,
        ),
        (
            "get-vanilla-query-order-value",
            "/?Param1=value2&Param1=value1",
            &[],
            value,
        ),
        ("get-vanilla-query-unreserved", &all, &[], unreserved),
        ("get-vanilla-utf8-query", "/?%E1%88%B4=bar", &[], utf8),
        (
            "post-vanilla-empty-query-value",
            "/?Param1=value1",
            &[],
            posted,
        ),
        ("post-vanilla-query", "/?Param1=value1", &[], posted),
    ]);
}

#[test]
fn u2_6_headers() {
    let own = "My-Header1";
    let twice: Headers<'_> = &[(own, "value2"), (own, "value2"), (own, "value1")];
    let duplicate = "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea";
    let folded = "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd";
    let four = ["value4", "value1", "value3", "value2"].map(|value| (own, value));
    let order = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01";
    let spaces: Headers<'_> = &[(own, " value1"), ("My-Header2", "\"a   b   c\"")];
    let trim = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736";
    let plain = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";
    let sort = "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c";
    let case = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d";
    let short = "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8";
    let before = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead";
    let token = "x-amz-security-token";
    check(&[
        ("get-header-key-duplicate", "/", twice, duplicate),
        // HTTP has no folded lines any more; unfolded they are spaces.
        (
            "get-header-value-multiline",
            "/",
            &[(own, "value1  value2     value3")],
            folded,
        ),
        ("get-header-value-order", "/", &four, order),
        ("get-header-value-trim", "/", spaces, trim),
        (
            "get-vanilla-with-session-token",
            "/",
            &[(token, SHORT_TOKEN)],
            short,
        ),
        ("post-vanilla", "/", &[], plain),
        ("post-header-key-case", "/", &[], plain),
        ("post-header-key-sort", "/", &[(own, "value1")], sort),
        ("post-header-value-case", "/", &[(own, "VALUE1")], case),
        ("post-sts-header-after", "/", &[], plain),
        (
            "post-sts-header-before",
            "/",
            &[(token, LONG_TOKEN)],
            before,
        ),
    ]);
}

#[test]
fn u2_8_bodies() {
    let form = "application/x-www-form-urlencoded";
    let utf8 = "application/x-www-form-urlencoded; charset=utf-8";
    let plain = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
    let hashed = "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b";
    let typed = "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422";
    assert_eq!(canonical::payload_hash(FORM.as_bytes()), FORM_HASH);
    let sha = "x-amz-content-sha256";
    for (headers, expected) in [
        (&[("content-type", form)][..], plain),
        (
            &[
                ("content-type", form),
                ("content-length", "13"),
                (sha, FORM_HASH),
            ],
            hashed,
        ),
        (
            &[
                ("content-type", utf8),
                ("content-length", "13"),
                (sha, FORM_HASH),
            ],
            typed,
        ),
    ] {
        assert_eq!(
            signature("POST", "/", headers, FORM),
            expected,
            "{headers:?}"
        );
    }
}
