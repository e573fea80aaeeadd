//! The header and the trailer of a gzip member (RFC 1952).

use flate2::Crc;

use crate::error::VerifyErrorKind;

/// The header of a member, read as it arrives. Nothing of it is stored.
pub(super) struct Header {
    field: Field,
    /// The number of bytes of the field that have been read.
    read: usize,
    flags: u8,
    extra_length: usize,
    /// The checksum in the header, which covers the bytes before it.
    checksum: u16,
    crc: Crc,
}

/// The fields, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Fixed,
    ExtraLength,
    Extra,
    Name,
    Comment,
    Checksum,
    End,
}

impl Header {
    pub(super) fn new() -> Self {
        Self {
            field: Field::Fixed,
            read: 0,
            flags: 0,
            extra_length: 0,
            checksum: 0,
            crc: Crc::new(),
        }
    }

    /// Reads the part of the header that has arrived, and removes it from `rest`. Returns whether
    /// the header is complete.
    pub(super) fn read(&mut self, rest: &mut &[u8]) -> Result<bool, VerifyErrorKind> {
        while self.field != Field::End {
            if rest.is_empty() {
                return Ok(false);
            }
            // In runs: a text may be as long as the body limit.
            let run = match self.field {
                Field::Extra => rest.len().min(self.extra_length - self.read),
                Field::Name | Field::Comment => {
                    memchr::memchr(0, rest).map_or(rest.len(), |end| end + 1)
                }
                _ => 1,
            };
            let (bytes, after) = rest.split_at(run);
            *rest = after;
            if self.flags & HAS_CHECKSUM != 0 && self.field != Field::Checksum {
                self.crc.update(bytes);
            }
            self.take(bytes)?;
        }
        Ok(true)
    }

    /// Takes bytes of the current field, which are not empty.
    fn take(&mut self, bytes: &[u8]) -> Result<(), VerifyErrorKind> {
        let (index, last) = (self.read, bytes.last().copied().unwrap_or_default());
        self.read += bytes.len();
        let is_end = match self.field {
            Field::Fixed => {
                self.take_fixed(index, last)?;
                self.read == FIXED_LENGTH
            }
            Field::ExtraLength => {
                self.extra_length |= usize::from(last) << (8 * index);
                self.read == 2
            }
            Field::Extra => self.read == self.extra_length,
            Field::Name | Field::Comment => last == 0,
            Field::Checksum => {
                self.checksum |= u16::from(last) << (8 * index);
                if self.read == 2 && u32::from(self.checksum) != self.crc.sum() & 0xffff {
                    return Err(VerifyErrorKind::UnsupportedEncoding);
                }
                self.read == 2
            }
            Field::End => false,
        };
        if is_end {
            self.field = self.next();
            self.read = 0;
        }
        Ok(())
    }

    fn take_fixed(&mut self, index: usize, byte: u8) -> Result<(), VerifyErrorKind> {
        let is_valid = match index {
            FLAGS => {
                self.flags = byte;
                if byte & HAS_CHECKSUM != 0 {
                    self.crc.update(&START);
                    self.crc.update(&[byte]);
                }
                byte & RESERVED == 0
            }
            _ => START.get(index).is_none_or(|expected| *expected == byte),
        };
        if is_valid { Ok(()) } else { Err(VerifyErrorKind::UnsupportedEncoding) }
    }

    /// The next field that the header contains.
    fn next(&self) -> Field {
        let has = |flag| self.flags & flag != 0;
        let fields = [
            (Field::ExtraLength, has(HAS_EXTRA)),
            (Field::Extra, has(HAS_EXTRA) && self.extra_length > 0),
            (Field::Name, has(HAS_NAME)),
            (Field::Comment, has(HAS_COMMENT)),
            (Field::Checksum, has(HAS_CHECKSUM)),
        ];
        let next =
            fields.into_iter().find(|(field, is_present)| *field > self.field && *is_present);
        next.map_or(Field::End, |(field, _)| field)
    }
}

/// The trailer of a member: the checksum and the length of what it decodes to.
#[derive(Default)]
pub(super) struct Trailer {
    bytes: [u8; 8],
    read: usize,
}

impl Trailer {
    /// Reads the part of the trailer that has arrived, and removes it from `rest`. Returns whether
    /// the trailer is complete.
    ///
    /// # Errors
    ///
    /// If the trailer is not that of the decoded bytes.
    pub(super) fn read(
        &mut self,
        rest: &mut &[u8],
        decoded: &Crc,
    ) -> Result<bool, VerifyErrorKind> {
        let missing = &mut self.bytes[self.read..];
        let length = missing.len().min(rest.len());
        let (bytes, after) = rest.split_at(length);
        missing[..length].copy_from_slice(bytes);
        *rest = after;
        self.read += length;
        if self.read < self.bytes.len() {
            return Ok(false);
        }
        let expected = u64::from(decoded.sum()) | u64::from(decoded.amount()) << 32;
        if self.bytes == expected.to_le_bytes() {
            Ok(true)
        } else {
            Err(VerifyErrorKind::UnsupportedEncoding)
        }
    }
}

/// The first byte of every member.
pub(super) const MAGIC: u8 = 0x1f;
/// The format, and the compression method `deflate`.
const START: [u8; 3] = [MAGIC, 0x8b, 8];
/// The place of the flags. The modification time and two bytes about the encoder follow.
const FLAGS: usize = 3;
const FIXED_LENGTH: usize = 10;

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
/// By RFC 1952, section 2.3.1.2, a decoder must reject these.
const RESERVED: u8 = 0b1110_0000;
