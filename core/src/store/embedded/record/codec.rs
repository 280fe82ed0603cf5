//! Fixed-width little-endian fields, and byte strings with their length before them.

use crate::error::{Error, ErrorKind, Result};

/// Appends fields to a buffer.
pub trait Write {
    /// The buffer.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// One byte.
    fn u8(&mut self, value: u8) {
        self.buffer().push(value);
    }
    /// Two bytes.
    fn u16(&mut self, value: u16) {
        self.buffer().extend_from_slice(&value.to_le_bytes());
    }
    /// Four bytes.
    fn u32(&mut self, value: u32) {
        self.buffer().extend_from_slice(&value.to_le_bytes());
    }
    /// Eight bytes.
    fn u64(&mut self, value: u64) {
        self.buffer().extend_from_slice(&value.to_le_bytes());
    }
    /// Four bytes of length, then the bytes.
    fn bytes(&mut self, value: &[u8]) {
        // Lengths fit: limits.rs bounds every field far below 4 GiB.
        self.u32(value.len() as u32);
        self.buffer().extend_from_slice(value);
    }
    /// As `bytes`.
    fn text(&mut self, value: &str) {
        self.bytes(value.as_bytes());
    }
    /// A flag byte, then the text if there is one.
    fn optional(&mut self, value: Option<&str>) {
        self.u8(u8::from(value.is_some()));
        if let Some(text) = value {
            self.text(text);
        }
    }
}

impl Write for Vec<u8> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }
}

/// Takes fields off the front of a slice; a field that is not there is `Corrupt`.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        if length > self.rest.len() {
            return Err(Error::new(
                ErrorKind::Corrupt,
                format!("a record ends {} bytes early", length - self.rest.len()),
            ));
        }
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }
    /// Two bytes.
    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }
    /// Four bytes.
    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }
    /// Eight bytes.
    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }
    /// Sixteen bytes.
    pub fn id(&mut self) -> Result<[u8; 16]> {
        self.array()
    }
    /// Length and bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.u32()? as usize;
        self.take(length)
    }
    /// Length and text.
    pub fn text(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.bytes()?)
            .map_err(|_| Error::new(ErrorKind::Corrupt, "a text field is not UTF-8"))
    }
    /// A flag byte and the text it announces.
    pub fn optional(&mut self) -> Result<Option<String>> {
        Ok(if self.u8()? != 0 {
            Some(self.text()?.to_owned())
        } else {
            None
        })
    }
}
