//! Values of all kinds from the bytes of an input: the same bytes always give the same values,
//! and any bytes give some.

/// Bytes that are used up from the front; at the end everything is zero, empty or absent.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// Values from `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// True when nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// Up to `length` bytes.
    pub fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or_default()
    }

    /// Four bytes.
    pub fn u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        let taken = self.take(4);
        bytes[..taken.len()].copy_from_slice(taken);
        u32::from_le_bytes(bytes)
    }

    /// Eight bytes, or one: small numbers are as likely as large ones.
    pub fn u64(&mut self) -> u64 {
        match self.flag() {
            true => u64::from(self.u32()) << 32 | u64::from(self.u32()),
            false => u64::from(self.byte()),
        }
    }

    /// True or false.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `limit`, which is 1 at least.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = u16::from_le_bytes([self.byte(), if limit > 256 { self.byte() } else { 0 }]);
        usize::from(number) % limit
    }

    /// One of `all`, which has something.
    pub fn one<'b, T: ?Sized>(&mut self, all: &[&'b T]) -> &'b T {
        all[self.below(all.len())]
    }

    /// Up to 255 bytes, their length before them.
    pub fn bytes(&mut self) -> &'a [u8] {
        let length = self.byte();
        self.take(length.into())
    }

    /// As [`Input::bytes`]; what is not UTF-8 becomes U+FFFD.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// A value that may be absent.
    pub fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| value(self))
    }

    /// Up to `max` values.
    pub fn list<T>(&mut self, max: usize, mut value: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.below(max + 1);
        (0..count).map(|_| value(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_use_up_the_bytes_and_then_are_nothing() {
        let mut input = Input::new(&[1, 2, 0, 0, 0, 3, b'a', b'b', b'c', 1, 0, 7]);
        assert!(input.flag());
        assert_eq!(input.u32(), 2);
        assert_eq!(input.text(), "abc");
        assert_eq!(input.maybe(Input::u64), Some(7));
        assert!(input.is_empty());
        assert_eq!(
            (input.u64(), input.text(), input.below(9)),
            (0, String::new(), 0)
        );
        assert_eq!(input.maybe(Input::byte), None);
        assert!(input.list(5, Input::byte).is_empty());
    }
}
