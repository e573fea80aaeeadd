//! Decodes compressed bytes and reports what is wrong with them.

use flate2::{Crc, Decompress, FlushDecompress, Status};

/// A format of compressed bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    /// The format of zlib (RFC 1950), which HTTP calls `deflate`.
    Zlib,
    /// Without a header and a checksum (RFC 1951). Some senders call this `deflate`.
    RawDeflate,
}

/// What compressed bytes decode to.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    pub(super) state: State,
    /// What was decoded, up to the first error.
    pub(super) decoded: Vec<u8>,
    /// The bytes after the end.
    pub(super) rest: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Complete,
    /// The checksum or the length at the end is not that of the decoded bytes.
    WrongChecksum,
    Truncated,
    /// It does not decode, or to more than [`MAX_DECODED`].
    Corrupt,
}

impl Format {
    /// The format that bytes begin like. Raw deflate has no mark.
    pub(super) fn of(body: &[u8]) -> Option<Self> {
        match body {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // The size of the window, and a checksum over both bytes.
            [first @ (0x08 | 0x18 | 0x28 | 0x38 | 0x48 | 0x58 | 0x68 | 0x78), second, ..]
                if u16::from_be_bytes([*first, *second]) % 31 == 0 =>
            {
                Some(Self::Zlib)
            }
            _ => None,
        }
    }

    /// The value of `Content-Encoding` for it. Raw deflate has none.
    pub(super) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::Gzip => Some("gzip"),
            Self::Zlib => Some("deflate"),
            Self::RawDeflate => None,
        }
    }
}

impl<'a> Stream<'a> {
    pub(super) fn read(format: Format, body: &'a [u8]) -> Self {
        let mut stream = Self { state: State::Complete, decoded: Vec::new(), rest: body };
        loop {
            if let Err(state) = stream.read_part(format) {
                return Self { state, ..stream };
            }
            // A gzip file has any number of members.
            if format != Format::Gzip || Format::of(stream.rest) != Some(Format::Gzip) {
                return stream;
            }
        }
    }

    /// Whether all bytes belong to it, and none is damaged.
    pub(super) fn is_whole(&self) -> bool {
        self.state == State::Complete && self.rest.is_empty()
    }

    fn read_part(&mut self, format: Format) -> Result<(), State> {
        let start = self.decoded.len();
        self.rest = match format {
            Format::Gzip => after_gzip_header(self.rest)?,
            Format::Zlib => self.rest.get(2..).ok_or(State::Truncated)?,
            Format::RawDeflate => self.rest,
        };
        self.inflate()?;
        let decoded = self.decoded.get(start..).unwrap_or_default();
        let expected = match format {
            Format::Gzip => {
                let mut crc = Crc::new();
                crc.update(decoded);
                [crc.sum().to_le_bytes(), crc.amount().to_le_bytes()].concat()
            }
            Format::Zlib => adler_32(decoded).to_be_bytes().to_vec(),
            Format::RawDeflate => Vec::new(),
        };
        let (checksum, rest) =
            self.rest.split_at_checked(expected.len()).ok_or(State::Truncated)?;
        self.rest = rest;
        if checksum == expected { Ok(()) } else { Err(State::WrongChecksum) }
    }

    fn inflate(&mut self) -> Result<(), State> {
        let mut inflater = Decompress::new(false);
        loop {
            let before = (inflater.total_in(), self.decoded.len());
            self.decoded.reserve(PIECE);
            let status =
                inflater.decompress_vec(self.rest, &mut self.decoded, FlushDecompress::None);
            let read = usize::try_from(inflater.total_in() - before.0).unwrap_or(usize::MAX);
            self.rest = self.rest.get(read..).unwrap_or_default();
            let is_stuck = read == 0 && self.decoded.len() == before.1;
            match status {
                Ok(Status::StreamEnd) => return Ok(()),
                Err(_) => return Err(State::Corrupt),
                Ok(_) if self.decoded.len() > MAX_DECODED => return Err(State::Corrupt),
                Ok(_) if is_stuck => return Err(State::Truncated),
                Ok(_) => {}
            }
        }
    }
}

/// The bytes after the header of a gzip member (RFC 1952, section 2.3).
fn after_gzip_header(body: &[u8]) -> Result<&[u8], State> {
    const FIXED: usize = 10;
    const DEFLATE: u8 = 8;
    const HEADER_CHECKSUM: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const TEXTS: [u8; 2] = [1 << 3, 1 << 4];

    let (fixed, mut rest) = body.split_at_checked(FIXED).ok_or(State::Truncated)?;
    if fixed[2] != DEFLATE {
        return Err(State::Corrupt);
    }
    let has = |flag| fixed[3] & flag != 0;
    if has(EXTRA) {
        let (length, after) = rest.split_first_chunk().ok_or(State::Truncated)?;
        let length = usize::from(u16::from_le_bytes(*length));
        rest = after.get(length..).ok_or(State::Truncated)?;
    }
    for _ in TEXTS.into_iter().filter(|text| has(*text)) {
        let end = memchr::memchr(0, rest).ok_or(State::Truncated)?;
        rest = &rest[end + 1..];
    }
    let checksum = if has(HEADER_CHECKSUM) { 2 } else { 0 };
    rest.get(checksum..).ok_or(State::Truncated)
}

/// The checksum of zlib.
fn adler_32(bytes: &[u8]) -> u32 {
    const PRIME: u32 = 65521;
    let (mut low, mut high) = (1, 0);
    for byte in bytes {
        low = (low + u32::from(*byte)) % PRIME;
        high = (high + low) % PRIME;
    }
    (high << 16) | low
}

const PIECE: usize = 16 * 1024;
const MAX_DECODED: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use flate2::{Compression, GzBuilder};

    use super::*;

    fn body() -> Vec<u8> {
        let numbers = (0..40_000_u32).map(|number| number.wrapping_mul(2_654_435_761) >> 20);
        numbers.flat_map(|number| number.to_string().into_bytes()).collect()
    }

    fn encoded(format: Format) -> Vec<u8> {
        let (level, body) = (Compression::default(), body());
        match format {
            Format::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(&body).unwrap();
                encoder.finish().unwrap()
            }
            Format::Zlib => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(&body).unwrap();
                encoder.finish().unwrap()
            }
            Format::RawDeflate => {
                let mut encoder = DeflateEncoder::new(Vec::new(), level);
                encoder.write_all(&body).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    #[test]
    fn a_complete_stream_is_decoded_and_trailing_bytes_are_returned() {
        for format in [Format::Gzip, Format::Zlib, Format::RawDeflate] {
            let whole = encoded(format);
            let stream = Stream::read(format, &whole);
            assert!(stream.is_whole() && stream.decoded == body(), "{format:?}");
            let with_more = [&whole[..], b"more"].concat();
            let stream = Stream::read(format, &with_more);
            assert_eq!((stream.state, stream.rest), (State::Complete, &b"more"[..]), "{format:?}");
        }
        let members = [encoded(Format::Gzip), encoded(Format::Gzip)].concat();
        let stream = Stream::read(Format::Gzip, &members);
        assert!(stream.is_whole() && stream.decoded == [body(), body()].concat());
        let mut named = GzBuilder::new()
            .extra("extra")
            .filename("name")
            .comment("comment")
            .write(Vec::new(), Compression::default());
        named.write_all(b"{}").unwrap();
        let named = named.finish().unwrap();
        let stream = Stream::read(Format::Gzip, &named);
        assert!(stream.is_whole() && stream.decoded == b"{}");
    }

    #[test]
    fn a_truncated_stream_and_a_wrong_checksum_are_different_errors() {
        for format in [Format::Gzip, Format::Zlib, Format::RawDeflate] {
            let whole = encoded(format);
            for length in [1, 2, 5, 11, whole.len() / 2, whole.len() - 1] {
                let state = Stream::read(format, &whole[..length]).state;
                assert_eq!(state, State::Truncated, "{format:?} {length}");
            }
        }
        for (format, from_end) in [(Format::Gzip, 1), (Format::Gzip, 8), (Format::Zlib, 1)] {
            let mut wrong = encoded(format);
            let at = wrong.len() - from_end;
            wrong[at] ^= 1;
            let stream = Stream::read(format, &wrong);
            assert_eq!(stream.state, State::WrongChecksum, "{format:?} {from_end}");
            assert_eq!(stream.decoded, body());
        }
        // A reserved kind of block.
        assert_eq!(Stream::read(Format::RawDeflate, &[0x07; 8]).state, State::Corrupt);
    }
}
