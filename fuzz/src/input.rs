//! Reads the parts of an input from its front.

use std::borrow::Cow;

/// The rest of an input. After its end, reads return zeros and empty lines.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    pub fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// Reads a number with at most this many bits, maximum 32. Small numbers are as frequent as
    /// large ones.
    pub fn up_to_bits(&mut self, most: u32) -> u64 {
        let bits = u32::from(self.byte()) % (most + 1);
        u64::from(u32::from_le_bytes(self.bytes()).checked_shr(32 - bits).unwrap_or(0))
    }

    pub fn one_of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::from(self.byte()) % all.len()]
    }

    /// Reads up to the end of the line, and drops the line break.
    pub fn line(&mut self) -> &'a [u8] {
        let end = self.0.iter().position(|byte| *byte == b'\n').unwrap_or(self.0.len());
        let (line, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        line
    }

    /// Reads a line as text.
    pub fn text(&mut self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.line())
    }

    pub fn rest(self) -> &'a [u8] {
        self.0
    }

    fn bytes<const COUNT: usize>(&mut self) -> [u8; COUNT] {
        let (taken, rest) = self.0.split_at(COUNT.min(self.0.len()));
        self.0 = rest;
        let mut bytes = [0; COUNT];
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }
}
