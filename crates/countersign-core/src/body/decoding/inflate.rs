//! Decodes a body as it arrives, up to the body limit.

mod gzip;

use bytes::Bytes;
use flate2::Crc;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_COMPUTE_ADLER32, TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_IGNORE_ADLER32,
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::Coding;
use crate::body::budget::BufferPermit;
use crate::body::{Buffer, NotTaken};
use crate::crypto::mac::Running;
use crate::error::{VerifyError, VerifyErrorKind};

use self::gzip::{Header, Trailer};

/// A body that is being decoded.
pub(crate) struct Decoder {
    coding: Coding,
    /// Created when the first byte arrives, because it is larger than most bodies.
    stream: Option<Box<Stream>>,
    /// How many more encoded bytes are allowed.
    room: usize,
    /// The gzip members that have ended.
    members: usize,
    /// The weights of the deflate blocks that have ended.
    blocks: usize,
    decoded: Buffer,
    limit: usize,
    /// A rejected body stays rejected, even if the caller ignores the error.
    rejected: Option<VerifyError>,
}

impl Decoder {
    /// Never fails. The replacement in `none.rs` does.
    pub(crate) fn new(coding: Coding, limit: usize) -> Result<Self, VerifyError> {
        Ok(Self {
            coding,
            stream: None,
            room: limit,
            members: 0,
            blocks: 0,
            decoded: Buffer::default(),
            limit,
            rejected: None,
        })
    }

    /// Decodes the next encoded piece and hashes the decoded bytes.
    ///
    /// All memory is reserved in the budget before it is used: the decoded
    /// bytes, the decoder's state, and the encoded bytes, which are held while they
    /// are decoded.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the decoder is the last owner of a piece: its buffer is free afterwards"
    )]
    pub(crate) fn push(
        &mut self,
        piece: Bytes,
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let taken = match (&self.rejected, self.room.checked_sub(piece.len())) {
            (Some(error), _) => Err(NotTaken::Rejected(error.clone())),
            (None, None) => Err(self.rejection(VerifyErrorKind::BodyTooLarge)),
            (None, Some(_)) if piece.is_empty() => Ok(()),
            (None, Some(room)) => {
                self.room = room;
                self.take(&piece, running, reserved)
            }
        };
        if let Err(not_taken) = &taken {
            self.rejected = Some(match not_taken {
                NotTaken::Rejected(error) => error.clone(),
                NotTaken::NoRoom => self.error(VerifyErrorKind::BodyTooLarge),
            });
            self.decoded = Buffer::default();
            self.stream = None;
        }
        taken
    }

    fn take(
        &mut self,
        piece: &[u8],
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let state = if self.stream.is_none() { STATE_BYTES } else { 0 };
        reserved.grow(piece.len().saturating_add(state))?;
        self.decode(piece, running, reserved)
    }

    /// The whole decoded body, which has been hashed as it arrived.
    pub(crate) fn whole(self, _: &mut Running) -> Result<Bytes, VerifyError> {
        match (self.rejected, &self.stream) {
            (Some(error), _) => Err(error),
            (None, Some(stream)) if stream.is_end() => Ok(self.decoded.bytes.into()),
            (None, _) => Err(VerifyErrorKind::BodyIncomplete.into()),
        }
    }

    fn decode(
        &mut self,
        mut rest: &[u8],
        running: &mut Running,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => Box::new(Stream::new(self.coding)),
        };
        loop {
            let (decoded, progress) =
                stream.advance(&mut rest).map_err(|kind| self.rejection(kind))?;
            if !decoded.is_empty() {
                self.keep(decoded, reserved)?;
                running.update(decoded);
            }
            match progress {
                Progress::More => {}
                Progress::BlockEnd(block) => self.count_block(block)?,
                Progress::NeedsInput => break,
                Progress::End if rest.is_empty() => break,
                Progress::End => stream = self.next_member(rest)?,
            }
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// Counts a block. The tables of a block with Huffman codes are built before its first
    /// symbol, which takes as long as a hash of several KiB, even if the block is empty and takes
    /// 10 bits. So the number of blocks is limited by the number of decoded bytes, which is limited
    /// itself: a writer with small buffers does not reach it, and the time of all blocks is at most
    /// about two and a half times that of a body in large blocks.
    ///
    /// The tables of a dynamic block with 286 codes of up to 15 bits take about four times as long
    /// as those of a fixed block, so a dynamic block counts as four. The limit allows one such block
    /// for each KiB, because a writer that flushes each KiB ends that many.
    fn count_block(&mut self, block: BlockKind) -> Result<(), NotTaken> {
        self.blocks += match block {
            BlockKind::Dynamic => FIXED_A_DYNAMIC * STORED_A_FIXED,
            BlockKind::Fixed => STORED_A_FIXED,
            BlockKind::Stored => 1,
        };
        let allowed = MAX_SMALL_BLOCKS + self.decoded.bytes.len() / BYTES_A_BLOCK;
        if self.blocks > allowed * STORED_A_FIXED {
            return Err(self.rejected_parts(BLOCKS, MAX_SMALL_BLOCKS, BYTES_A_BLOCK));
        }
        Ok(())
    }

    /// The decoder for the bytes after the end of a stream. By RFC 1952, section
    /// 2.2, a gzip file has any number of members, one after another. Each needs a
    /// new decoder, so their number is limited as that of the blocks is.
    fn next_member(&mut self, rest: &[u8]) -> Result<Box<Stream>, NotTaken> {
        if self.coding != Coding::Gzip || rest.first() != Some(&gzip::MAGIC) {
            return Err(self.rejection(VerifyErrorKind::UnsupportedEncoding));
        }
        self.members += 1;
        let allowed = MAX_SMALL_MEMBERS + self.decoded.bytes.len() / BYTES_A_MEMBER;
        if self.members >= allowed {
            return Err(self.rejected_parts("gzip members", MAX_SMALL_MEMBERS, BYTES_A_MEMBER));
        }
        Ok(Box::new(Stream::new(self.coding)))
    }

    fn rejected_parts(&self, parts: &'static str, limit: usize, bytes_each: usize) -> NotTaken {
        NotTaken::Rejected(VerifyError::too_many_parts(parts, limit, bytes_each))
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
            VerifyErrorKind::UnsupportedEncoding => {
                VerifyError::invalid_stream(match self.coding {
                    Coding::Gzip => "gzip",
                    Coding::Deflate => "deflate",
                })
            }
            _ => kind.into(),
        }
    }
}

/// The decoder of one `zlib` stream or gzip member.
struct Stream {
    coding: Coding,
    part: Part,
    inflater: DecompressorOxide,
    block: BlockKind,
    /// The first bits of the next block, and their number, after the end of a block.
    next_block: Option<(u8, u8)>,
    /// The last decoded bytes, to which the next ones may refer.
    window: Box<[u8]>,
    /// Where the next decoded byte is written in the window.
    at: usize,
    /// Of the decoded bytes of a gzip member. The inflater checks a `zlib` stream itself.
    crc: Crc,
}

/// What comes next in the stream.
enum Part {
    Header(Header),
    /// Deflate blocks; also the header and the trailer of `zlib`.
    Blocks,
    Trailer(Trailer),
    End,
}

/// What a step of a [`Stream`] has come to.
enum Progress {
    More,
    /// The end of a deflate block.
    BlockEnd(BlockKind),
    /// All bytes that have arrived are decoded, and more must follow.
    NeedsInput,
    /// The end of the stream. Another one may follow.
    End,
}

/// How a deflate block is encoded (RFC 1951, section 3.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BlockKind {
    /// With Huffman codes that the block describes.
    Dynamic,
    /// With the Huffman codes of RFC 1951.
    Fixed,
    /// Not compressed. Needs no tables.
    Stored,
}

impl Stream {
    fn new(coding: Coding) -> Self {
        Self {
            coding,
            part: match coding {
                Coding::Gzip => Part::Header(Header::new()),
                Coding::Deflate => Part::Blocks,
            },
            inflater: DecompressorOxide::default(),
            block: BlockKind::Dynamic,
            // The first block follows the header of `zlib`, and counts as a dynamic one; that of a
            // gzip member begins with the next byte.
            next_block: match coding {
                Coding::Gzip => Some((0, 0)),
                Coding::Deflate => None,
            },
            window: vec![0; WINDOW_BYTES].into(),
            at: 0,
            crc: Crc::new(),
        }
    }

    fn is_end(&self) -> bool {
        matches!(self.part, Part::End)
    }

    /// Decodes some bytes, removes them from `rest`, and returns what they decode to.
    fn advance(&mut self, rest: &mut &[u8]) -> Result<(&[u8], Progress), VerifyErrorKind> {
        let (is_complete, next) = match &mut self.part {
            Part::Header(header) => (header.read(rest)?, Part::Blocks),
            Part::Blocks => return self.inflate(rest),
            Part::Trailer(trailer) => (trailer.read(rest, &self.crc)?, Part::End),
            Part::End => return Ok((&[], Progress::End)),
        };
        if !is_complete {
            return Ok((&[], Progress::NeedsInput));
        }
        self.part = next;
        Ok((&[], Progress::More))
    }

    fn inflate(&mut self, rest: &mut &[u8]) -> Result<(&[u8], Progress), VerifyErrorKind> {
        let flags = match self.coding {
            Coding::Gzip => TINFL_FLAG_IGNORE_ADLER32,
            Coding::Deflate => TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_COMPUTE_ADLER32,
        };
        let flags = flags | TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
        self.read_block_kind(rest);
        let (status, read, written) =
            decompress(&mut self.inflater, rest, &mut self.window, self.at, flags);
        *rest = &rest[read..];
        let progress = match status {
            TINFLStatus::NeedsMoreInput => Progress::NeedsInput,
            TINFLStatus::HasMoreOutput => Progress::More,
            TINFLStatus::BlockBoundary => {
                let state = self.inflater.block_boundary_state();
                self.next_block = state.map(|state| (state.bit_buf, state.num_bits));
                Progress::BlockEnd(self.block)
            }
            TINFLStatus::Done => {
                self.part = match self.coding {
                    Coding::Gzip => Part::Trailer(Trailer::default()),
                    Coding::Deflate => Part::End,
                };
                Progress::BlockEnd(self.block)
            }
            // A wrong checksum, or no deflate blocks.
            _ => return Err(VerifyErrorKind::UnsupportedEncoding),
        };
        let decoded = self.at..self.at + written;
        // The window is a ring.
        self.at = decoded.end % WINDOW_BYTES;
        let decoded = &self.window[decoded];
        if self.coding == Coding::Gzip {
            self.crc.update(decoded);
        }
        Ok((decoded, progress))
    }

    /// Reads the kind of a block that begins, if its first three bits have arrived.
    fn read_block_kind(&mut self, rest: &[u8]) {
        let Some((bits, count)) = self.next_block else { return };
        let next = rest.first().copied();
        if count < 3 && next.is_none() {
            return;
        }
        let bits = u16::from(bits) | u16::from(next.unwrap_or_default()) << count;
        // The first bit is that of the last block.
        self.block = match bits >> 1 & 0b11 {
            0 => BlockKind::Stored,
            1 => BlockKind::Fixed,
            _ => BlockKind::Dynamic,
        };
        self.next_block = None;
    }
}

/// The maximum distance of a reference, by RFC 1951.
const WINDOW_BYTES: usize = 32 * 1024;
/// The memory of a decoder besides the bytes: its window, and its tables.
const STATE_BYTES: usize = 48 * 1024;
/// One member is allowed for each of these decoded bytes, plus [`MAX_SMALL_MEMBERS`].
const BYTES_A_MEMBER: usize = 4 * 1024;
const MAX_SMALL_MEMBERS: usize = 128;
/// One fixed block is allowed for each of these decoded bytes, plus [`MAX_SMALL_BLOCKS`]. The blocks
/// of zlib and Go have 16,384 symbols by default, each of one or more bytes, and writers that flush
/// each KiB end one dynamic and one stored block with it. Those of zlib's `memLevel` 2 have 255
/// symbols, about 750 bytes of JSON; those of `memLevel` 1 have 127, so that a JSON body of more than
/// about 70 KiB can have too many.
const BYTES_A_BLOCK: usize = 256;
const MAX_SMALL_BLOCKS: usize = 512;
const BLOCKS: &str = "deflate blocks, of which a dynamic one counts as four";
/// How many fixed blocks count as one dynamic block.
const FIXED_A_DYNAMIC: usize = 4;
/// How many stored blocks count as one fixed block. An empty one ends a flush.
const STORED_A_FIXED: usize = 16;

#[cfg(test)]
mod tests;
