//! Requests and records as JavaScript packs them: many values in one piece of memory, because
//! each value that crosses on its own costs more than what is done with it.

use crate::layout::{head, text};
use forebay_ffi::api::{Attribute, AttributeValue, Error, ErrorKind, Receipt, Result};

/// Reads numbers and texts one after the other. What does not fit is an error, so that a fault of
/// `lib/` stays one.
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads from the start.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads from `at`.
    pub fn at(bytes: &'a [u8], at: usize) -> Result<Self> {
        let mut reader = Self::new(bytes);
        reader.take(at)?;
        Ok(reader)
    }

    /// Where the next read begins.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The next `length` bytes.
    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let part = rest.get(..length).ok_or_else(|| {
            let text = format!("{} packed bytes end before {length} more", self.bytes.len());
            Error::new(ErrorKind::Internal, text)
        })?;
        self.at += length;
        Ok(part)
    }

    /// An error unless all was read: then both sides saw the same entries.
    pub fn end(&self) -> Result<()> {
        match self.bytes.len() - self.at {
            0 => Ok(()),
            left => {
                let text = format!("{left} of {} packed bytes are left over", self.bytes.len());
                Err(Error::new(ErrorKind::Internal, text))
            }
        }
    }

    /// The next bytes, as many as the array has.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A text, or `None` where it is absent.
    pub fn text(&mut self) -> Result<Option<String>> {
        match self.u32()? {
            text::NONE => Ok(None),
            length => self.text_of(length).map(Some),
        }
    }

    /// A text that is there.
    pub fn given_text(&mut self) -> Result<String> {
        let length = self.u32()?;
        self.text_of(length)
    }

    fn text_of(&mut self, length: u32) -> Result<String> {
        let bytes = self.take(length as usize)?;
        // It was written as UTF-8.
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    pub fn skip_text(&mut self) -> Result<()> {
        match self.u32()? {
            text::NONE => Ok(()),
            length => self.take(length as usize).map(|_| ()),
        }
    }

    /// A receipt in the form of a record.
    pub fn receipt(&mut self) -> Result<Receipt> {
        let mut receipt = Reader::new(self.take(head::RECEIPT_BYTES)?);
        Ok(Receipt {
            queue_uid: receipt.u64()?,
            sequence: receipt.u64()?,
            receive: receipt.u32()?,
            received_ms: receipt.u64()?,
        })
    }

    /// Message attributes, with their number before them.
    pub fn attributes(&mut self) -> Result<Vec<Attribute>> {
        let count = self.u32()?;
        (0..count).map(|_| self.attribute()).collect()
    }

    fn attribute(&mut self) -> Result<Attribute> {
        let name = self.given_text()?;
        let data_type = self.given_text()?;
        let is_binary = self.u8()? != 0;
        let value = match is_binary {
            true => {
                let length = self.u32()? as usize;
                AttributeValue::Binary(self.take(length)?.to_vec().into())
            }
            false => AttributeValue::Text(self.given_text()?),
        };
        Ok(Attribute {
            name,
            data_type,
            value,
        })
    }
}
