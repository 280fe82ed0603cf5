//! Request bodies: at most so long, in time, and decompressed.

use super::room::Share;
use crate::config::Limits;
use crate::wire::Refusal;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body as _, Incoming};
use hyper::header::CONTENT_ENCODING;
use std::io::Read;
use std::time::Duration;

/// A request's body.
#[derive(Debug, Clone)]
pub struct Body {
    /// As sent: what signatures cover.
    pub sent: Bytes,
    /// Decompressed.
    pub plain: Bytes,
}

/// Reads a body, and takes room for it.
///
/// Errors: 413 for one that is too long, decompressed or not, 408 for one that does not come in
/// time, 503 for one for which there is no room, 400 for one that breaks off or does not
/// decompress.
pub async fn read(
    body: Incoming,
    headers: &HeaderMap,
    limits: &Limits,
    share: &mut Share,
) -> Result<Body, Refusal> {
    // Who asks first with Expect: 100-continue is told before the body is on its way.
    let length = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if length > limits.body_bytes {
        return Err(Refusal::too_large(limits.body_bytes));
    }
    share.ask(length)?;
    let timeout = Duration::from_secs(limits.body_timeout_s);
    let gathered = gather(body, limits.body_bytes, share);
    let bytes = match tokio::time::timeout(timeout, gathered).await {
        Err(_) => return Err(Refusal::too_slow(limits.body_timeout_s)),
        Ok(bytes) => bytes?,
    };
    let encoding = headers.get(CONTENT_ENCODING).map(|it| it.as_bytes());
    // Case does not matter, and x-gzip is gzip (RFC 9110, 8.4.1).
    let plain = match encoding.map(<[u8]>::to_ascii_lowercase).as_deref() {
        None | Some(b"identity" | b"") => bytes.clone(),
        Some(b"gzip" | b"x-gzip") => {
            let plain = gunzip(&bytes, limits.body_bytes)?;
            share.take(plain.len())?;
            plain.into()
        }
        Some(_) => {
            return Err(Refusal::serialization(format!(
                "Content-Encoding {:?} is not known; gzip is.",
                String::from_utf8_lossy(encoding.unwrap_or_default())
            )));
        }
    };
    Ok(Body { sent: bytes, plain })
}

/// The pieces of a body as one. They are not kept one by one: each costs tens of bytes, and may
/// hold one.
async fn gather(mut body: Incoming, limit: usize, share: &mut Share) -> Result<Bytes, Refusal> {
    let mut first = Bytes::new();
    let mut all = Vec::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| Refusal::serialization(format!("The body broke off: {error}.")))?;
        // Trailers are passed over.
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if piece.len() > limit - length {
            return Err(Refusal::too_large(limit));
        }
        share.take(piece.len())?;
        if length == 0 {
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&piece);
        }
        length = first.len() + all.len();
    }
    Ok(match all.is_empty() {
        true => first,
        false => all.into(),
    })
}

/// Decompresses no more than the limit, whatever the body would become.
fn gunzip(bytes: &[u8], limit: usize) -> Result<Vec<u8>, Refusal> {
    let mut plain = Vec::new();
    let mut decoder = MultiGzDecoder::new(bytes).take(limit as u64 + 1);
    decoder
        .read_to_end(&mut plain)
        .map_err(|error| Refusal::serialization(format!("The body is no gzip: {error}.")))?;
    if plain.len() > limit {
        return Err(Refusal::too_large(limit));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn gzip_is_read_and_bombs_are_not() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'x'; 1 << 20]).unwrap();
        let packed = encoder.finish().unwrap();
        assert_eq!(gunzip(&packed, 1 << 20).unwrap().len(), 1 << 20);
        assert_eq!(gunzip(&packed, 1000).unwrap_err().status(), 413);
        assert_eq!(gunzip(&packed[..40], 1 << 20).unwrap_err().status(), 400);
        assert_eq!(gunzip(b"plain", 1 << 20).unwrap_err().status(), 400);
    }
}
