//! One connection, one request at a time.

use super::response::{self, Head, Length};
use super::{Endpoint, Key, Response, Signer};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes asked for in one read.
const READ_BYTES: usize = 16 << 10;

/// A connection that is kept alive, and made anew when the server ended it after an answer.
#[derive(Debug)]
pub struct Connection {
    endpoint: Endpoint,
    signer: Signer,
    stream: Option<TcpStream>,
    out: Vec<u8>,
    read: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(endpoint: &Endpoint, key: &Key) -> io::Result<Self> {
        let mut connection = Self {
            endpoint: endpoint.clone(),
            signer: Signer::new(key.clone(), endpoint.host.clone()),
            stream: None,
            out: Vec::new(),
            read: Vec::new(),
        };
        connection.connect().await?;
        Ok(connection)
    }

    async fn connect(&mut self) -> io::Result<()> {
        let stream = TcpStream::connect(self.endpoint.address).await?;
        stream.set_nodelay(true)?;
        self.read.clear();
        self.stream = Some(stream);
        Ok(())
    }

    /// Sends a request and reads its answer. After an error the next call connects anew; whether
    /// the request was carried out is then unknown.
    pub async fn call(&mut self, action: &str, body: &[u8]) -> io::Result<Response> {
        if self.stream.is_none() {
            self.connect().await?;
        }
        self.out.clear();
        self.signer.head(action, body, &mut self.out);
        self.out.extend_from_slice(body);
        // Taken out, so that one in the middle of an answer is never used again, neither after an
        // error nor after a future that was dropped.
        let mut stream = self.stream.take().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(&self.out).await?;
        let head = self.head(&mut stream).await?;
        let body = self.body(&mut stream, head).await?;
        if !head.close {
            self.stream = Some(stream);
        }
        Ok(Response {
            status: head.status,
            body,
        })
    }

    async fn head(&mut self, stream: &mut TcpStream) -> io::Result<Head> {
        self.read.clear();
        loop {
            self.more(stream).await?;
            if let Some(head) = response::head(&self.read)? {
                return Ok(head);
            }
        }
    }

    async fn body(&mut self, stream: &mut TcpStream, head: Head) -> io::Result<Vec<u8>> {
        match head.length {
            Length::Bytes(length) => {
                let end = head.bytes.saturating_add(length);
                while self.read.len() < end {
                    self.more(stream).await?;
                }
                Ok(self.read[head.bytes..end].to_vec())
            }
            Length::Chunks => loop {
                if let Some(body) = response::chunks(&self.read[head.bytes..])? {
                    return Ok(body);
                }
                self.more(stream).await?;
            },
            Length::Close => {
                stream.read_to_end(&mut self.read).await?;
                Ok(self.read.split_off(head.bytes))
            }
        }
    }

    /// Reads what is there, at least one byte.
    async fn more(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        self.read.reserve(READ_BYTES);
        match stream.read_buf(&mut self.read).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
