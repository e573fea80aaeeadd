//! Decodes a body as it arrives, and never more of it than may be kept.

use std::io::{self, BufRead, ErrorKind, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::{GzDecoder, ZlibDecoder};

use super::Coding;
use crate::error::{VerifyError, VerifyErrorKind};
use crate::mac::Running;

/// A body that is being decoded.
pub(crate) struct Decoder {
    stream: Stream,
    /// How many encoded bytes may still come.
    room: usize,
    decoded: Vec<u8>,
    limit: usize,
    /// A body that was refused stays refused, even if whoever pushed has
    /// overlooked that.
    refused: Option<VerifyErrorKind>,
}

impl Decoder {
    /// Never fails; without the feature it does.
    pub(crate) fn new(coding: Coding, limit: usize) -> Result<Self, VerifyError> {
        let stream = match coding {
            Coding::Gzip => Stream::Gzip(Box::new(GzDecoder::new(Arrived::default()))),
            Coding::Deflate => Stream::Deflate(ZlibDecoder::new(Arrived::default())),
        };
        Ok(Self { stream, room: limit, decoded: Vec::new(), limit, refused: None })
    }

    /// Takes the next encoded piece, and hashes what it decodes to.
    pub(crate) fn push(&mut self, piece: Bytes, running: &mut Running) -> Result<(), VerifyError> {
        if self.refused.is_none() {
            let decoded = match self.room.checked_sub(piece.len()) {
                None => Err(VerifyErrorKind::BodyTooLarge),
                Some(room) => {
                    self.room = room;
                    self.stream.arrived().piece = piece;
                    self.decode(running)
                }
            };
            self.refused = decoded.err();
        }
        match self.refused {
            None => Ok(()),
            Some(kind) => {
                self.decoded = Vec::new();
                Err(self.refusal(kind))
            }
        }
    }

    /// The whole decoded body.
    pub(crate) fn whole(mut self, running: &mut Running) -> Result<Bytes, VerifyError> {
        self.stream.arrived().is_all = true;
        self.push(Bytes::new(), running)?;
        Ok(self.decoded.into())
    }

    fn decode(&mut self, running: &mut Running) -> Result<(), VerifyErrorKind> {
        let mut buffer = [0; 8 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                // The encoded stream has ended: nothing may follow it.
                Ok(0) if self.stream.arrived().piece.is_empty() => return Ok(()),
                Ok(0) => return Err(VerifyErrorKind::UnsupportedEncoding),
                Ok(length) => {
                    let decoded = &buffer[..length];
                    self.keep(decoded)?;
                    running.update(decoded);
                }
                Err(error) => {
                    return match error.kind() {
                        ErrorKind::WouldBlock => Ok(()),
                        ErrorKind::UnexpectedEof => Err(VerifyErrorKind::BodyIncomplete),
                        _ => Err(VerifyErrorKind::UnsupportedEncoding),
                    };
                }
            }
        }
    }

    fn keep(&mut self, decoded: &[u8]) -> Result<(), VerifyErrorKind> {
        let length = self.decoded.len() + decoded.len();
        if length > self.limit {
            return Err(VerifyErrorKind::BodyTooLarge);
        }
        if length > self.decoded.capacity() {
            // A vector left to itself doubles, past the limit too.
            let capacity = (2 * self.decoded.capacity()).clamp(length, self.limit);
            self.decoded.reserve_exact(capacity - self.decoded.len());
        }
        self.decoded.extend_from_slice(decoded);
        Ok(())
    }

    fn refusal(&self, kind: VerifyErrorKind) -> VerifyError {
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

/// What has arrived and is not yet decoded. Where it runs out before it is all,
/// reading it would block, and the decoder goes on from there next time.
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

#[cfg(test)]
mod tests;
