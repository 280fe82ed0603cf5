//! Answers: a head, and a body by length, in chunks, or up to the end of the connection.

use std::io;

/// No server has more headers in an answer.
const HEADERS_MAX: usize = 64;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An error with the beginning of the answer, unless the status is 200.
    pub fn ok(self) -> io::Result<Vec<u8>> {
        const SHOWN: usize = 300;
        if self.status == 200 {
            return Ok(self.body);
        }
        let body = String::from_utf8_lossy(&self.body);
        let text: String = body.chars().take(SHOWN).collect();
        let text = format!("status {}: {text}", self.status);
        Err(io::Error::other(text))
    }
}

/// How an answer's body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// After this many bytes.
    Bytes(usize),
    /// With an empty chunk.
    Chunks,
    /// With the connection.
    Close,
}

/// An answer's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    pub length: Length,
    /// The connection ends after this answer.
    pub close: bool,
    /// Bytes of the head.
    pub bytes: usize,
}

/// Reads a head; `None` if more of it is to come.
pub fn head(bytes: &[u8]) -> io::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut headers);
    let bytes = match response.parse(bytes).map_err(invalid)? {
        httparse::Status::Partial => return Ok(None),
        httparse::Status::Complete(bytes) => bytes,
    };
    let has = |name: &str, word: &str| {
        let mut values = response.headers.iter();
        values.any(|header| {
            header.name.eq_ignore_ascii_case(name)
                && header.value.eq_ignore_ascii_case(word.as_bytes())
        })
    };
    let length = response
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let length = match length {
        Some(header) => {
            let text = std::str::from_utf8(header.value).map_err(invalid)?;
            Length::Bytes(text.trim().parse().map_err(invalid)?)
        }
        None if has("transfer-encoding", "chunked") => Length::Chunks,
        None => Length::Close,
    };
    let is_old = response.version == Some(0) && !has("connection", "keep-alive");
    Ok(Some(Head {
        status: response.code.unwrap_or_default(),
        length,
        close: is_old || has("connection", "close") || length == Length::Close,
        bytes,
    }))
}

/// The content of a body in chunks; `None` if more of them are to come.
pub fn chunks(bytes: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let (start, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(invalid("a chunk's length cannot be read")),
        };
        let size = usize::try_from(size).map_err(invalid)?;
        let end = start
            .checked_add(size)
            .ok_or_else(|| invalid("a chunk too long"))?;
        // Each chunk ends with a line break, and so does the list of trailers, which is empty.
        if rest.len() < end.saturating_add(2) {
            return Ok(None);
        }
        body.extend_from_slice(&rest[start..end]);
        at += end + 2;
        if size == 0 {
            return Ok(Some(body));
        }
    }
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Head {
        head(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn heads_say_how_their_body_ends() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        let found = read(text);
        assert_eq!((found.status, found.length), (200, Length::Bytes(12)));
        assert_eq!((found.close, found.bytes), (false, text.len()));
        let found =
            read("HTTP/1.1 400 No\r\ntransfer-encoding: chunked\r\nConnection: close\r\n\r\n");
        assert_eq!((found.length, found.close), (Length::Chunks, true));
        let found = read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n");
        assert!(found.close);
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\n").length, Length::Close);
        assert_eq!(head(b"HTTP/1.1 200 OK\r\nConte").unwrap(), None);
        assert!(head(b"SMTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_joined() {
        let text = b"5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n";
        assert_eq!(chunks(text).unwrap(), Some(b"hello!".to_vec()));
        for end in 0..text.len() {
            assert_eq!(chunks(&text[..end]).unwrap(), None, "{end}");
        }
        assert!(chunks(b"zz\r\n").is_err());
    }
}
