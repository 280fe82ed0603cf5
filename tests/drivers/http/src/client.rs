//! One connection to the server, one request at a time.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A server that has not answered after this long never will.
const TIMEOUT: Duration = Duration::from_secs(80);

/// A connection.
pub struct Client {
    reader: BufReader<TcpStream>,
}

/// What came back.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Header `x-amzn-query-error`.
    pub query_error: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    /// Another handle on the connection, to end it from elsewhere.
    pub fn closer(&self) -> Result<Closer> {
        Ok(Closer(self.reader.get_ref().try_clone()?))
    }

    /// Sends a request and reads its response.
    pub fn call(&mut self, head: &str, body: &[u8]) -> Result<Response> {
        let length = body.len();
        let mut request = format!("{head}content-length: {length}\r\n\r\n").into_bytes();
        request.extend_from_slice(body);
        self.reader.get_mut().write_all(&request)?;
        self.read()
    }

    fn read(&mut self) -> Result<Response> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut response = Response {
            status: status.ok_or_else(|| Error::from(ErrorKind::InvalidData))?,
            query_error: None,
            body: Vec::new(),
        };
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or((&line, ""));
            match name {
                "content-length" => length = value.parse().map_err(Error::other)?,
                "x-amzn-query-error" => response.query_error = Some(value.to_owned()),
                _ => {}
            }
        }
        response.body.resize(length, 0);
        self.reader.read_exact(&mut response.body)?;
        Ok(response)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// Ends a connection.
pub struct Closer(TcpStream);

impl Closer {
    /// Ends it now, whoever reads from it.
    pub fn close(&self) {
        // One that has ended already is as wished.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}
