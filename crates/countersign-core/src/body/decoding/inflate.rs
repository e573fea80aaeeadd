//! Decodes a body as it arrives, up to the body limit.

use std::io::{self, BufRead, ErrorKind, Read};
use std::mem;

use bytes::{Buf, Bytes};
use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::Coding;
use crate::body::budget::BufferPermit;
use crate::body::{Buffer, NotTaken};
use crate::crypto::mac::Running;
use crate::error::{VerifyError, VerifyErrorKind};

/// A body that is being decoded.
pub(crate) struct Decoder {
    coding: Coding,
    /// Created when the first byte arrives, because it is larger than most bodies.
    stream: Option<Stream>,
    /// How many more encoded bytes are allowed.
    room: usize,
    /// How many more gzip members are allowed.
    members: usize,
    decoded: Buffer,
    limit: usize,
    /// A rejected body stays rejected, even if the caller ignores the error.
    rejected: Option<VerifyErrorKind>,
}

impl Decoder {
    /// Never fails. The replacement in `none.rs` does.
    pub(crate) fn new(coding: Coding, limit: usize) -> Result<Self, VerifyError> {
        Ok(Self {
            coding,
            stream: None,
            room: limit,
            members: MAX_SMALL_MEMBERS + limit / BYTES_A_MEMBER,
            decoded: Buffer::default(),
            limit,
            rejected: None,
        })
    }

    /// Decodes the next encoded piece and hashes the decoded bytes.
    ///
    /// All memory is reserved in the budget before it is used: the decoded
    /// bytes, the decoder's state, and the encoded bytes, because a decoder
    /// stores the contents of a header.
    pub(crate) fn push(
        &mut self,
        piece: Bytes,
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let taken = match (self.rejected, self.room.checked_sub(piece.len())) {
            (Some(kind), _) => Err(self.rejection(kind)),
            (None, None) => Err(self.rejection(VerifyErrorKind::BodyTooLarge)),
            (None, Some(_)) if piece.is_empty() => Ok(()),
            (None, Some(room)) => {
                self.room = room;
                self.take(piece, running, reserved)
            }
        };
        if let Err(not_taken) = &taken {
            self.rejected = Some(match not_taken {
                NotTaken::Rejected(error) => error.kind(),
                NotTaken::NoRoom => VerifyErrorKind::BodyTooLarge,
            });
            self.decoded = Buffer::default();
            self.stream = None;
        }
        taken
    }

    fn take(
        &mut self,
        piece: Bytes,
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let state = if self.stream.is_none() { STATE_BYTES } else { 0 };
        reserved.grow(piece.len().saturating_add(state))?;
        self.decode(Arrived { piece, is_all: false }, running, reserved)
    }

    /// The whole decoded body.
    pub(crate) fn whole(mut self, running: &mut Running) -> Result<Bytes, VerifyError> {
        if let Some(kind) = self.rejected {
            return Err(self.error(kind));
        }
        let end = Arrived { piece: Bytes::new(), is_all: true };
        match self.decode(end, running, &mut BufferPermit::uncounted()) {
            Ok(()) => Ok(self.decoded.bytes.into()),
            Err(NotTaken::Rejected(error)) => Err(error),
            Err(NotTaken::NoRoom) => Err(self.error(VerifyErrorKind::BodyTooLarge)),
        }
    }

    fn decode(
        &mut self,
        arrived: Arrived,
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let mut stream = match self.stream.take() {
            Some(mut stream) => {
                *stream.arrived() = arrived;
                stream
            }
            None => Stream::new(self.coding, arrived),
        };
        let mut buffer = [0; 8 * 1024];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) if stream.arrived().piece.is_empty() => break,
                Ok(0) => stream = self.next_member(mem::take(stream.arrived()))?,
                Ok(length) => {
                    let decoded = &buffer[..length];
                    self.keep(decoded, reserved)?;
                    running.update(decoded);
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => break,
                    ErrorKind::UnexpectedEof => {
                        return Err(self.rejection(VerifyErrorKind::BodyIncomplete));
                    }
                    _ => return Err(self.rejection(VerifyErrorKind::UnsupportedEncoding)),
                },
            }
        }
        // Even an empty `Bytes` would keep the buffer of the piece alive.
        stream.arrived().piece = Bytes::new();
        self.stream = Some(stream);
        Ok(())
    }

    /// The decoder for the bytes after the end of a stream. By RFC 1952, section
    /// 2.2, a gzip file has any number of members, one after another. Each needs a
    /// new decoder, so their number is limited.
    fn next_member(&mut self, rest: Arrived) -> Result<Stream, NotTaken> {
        let is_member = self.coding == Coding::Gzip && rest.piece.first() == Some(&GZIP_MAGIC);
        match self.members.checked_sub(1) {
            Some(members) if is_member => {
                self.members = members;
                Ok(Stream::new(self.coding, rest))
            }
            _ => Err(self.rejection(VerifyErrorKind::UnsupportedEncoding)),
        }
    }

    fn keep(&mut self, decoded: &[u8], reserved: &mut BufferPermit) -> Result<(), NotTaken> {
        if decoded.len() > self.limit - self.decoded.bytes.len() {
            return Err(self.rejection(VerifyErrorKind::BodyTooLarge));
        }
        Ok(self.decoded.extend(decoded, self.limit, reserved)?)
    }

    fn rejection(&self, kind: VerifyErrorKind) -> NotTaken {
        NotTaken::Rejected(self.error(kind))
    }

    fn error(&self, kind: VerifyErrorKind) -> VerifyError {
        match kind {
            VerifyErrorKind::BodyTooLarge => VerifyError::limit(kind, self.limit),
            _ => kind.into(),
        }
    }
}

enum Stream {
    Gzip(Box<GzDecoder<Arrived>>),
    Deflate(ZlibDecoder<Arrived>),
}

impl Stream {
    fn new(coding: Coding, arrived: Arrived) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(Box::new(GzDecoder::new(arrived))),
            Coding::Deflate => Self::Deflate(ZlibDecoder::new(arrived)),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            Self::Deflate(decoder) => decoder.read(buffer),
        }
    }

    fn arrived(&mut self) -> &mut Arrived {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
        }
    }
}

/// Bytes that have arrived and are not decoded yet. If it is empty before the end
/// of the body, reading returns `WouldBlock`, and the decoder continues from there
/// with the next piece.
#[derive(Default)]
struct Arrived {
    piece: Bytes,
    is_all: bool,
}

impl BufRead for Arrived {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece.is_empty() && !self.is_all {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, amount: usize) {
        self.piece.advance(amount);
    }
}

impl Read for Arrived {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

/// The memory of a decoder besides the bytes: a window of 32 KiB, and its tables.
const STATE_BYTES: usize = 48 * 1024;
/// The first byte of every member.
const GZIP_MAGIC: u8 = 0x1f;
/// One member is allowed for each of these bytes of the limit, plus
/// [`MOST_SMALL_MEMBERS`]. Writers that end a member with each buffer have buffers
/// of 64 KiB.
const BYTES_A_MEMBER: usize = 16 * 1024;
const MAX_SMALL_MEMBERS: usize = 64;

#[cfg(test)]
mod tests;
