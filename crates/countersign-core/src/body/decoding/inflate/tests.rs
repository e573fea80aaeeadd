use std::io::Write;

use flate2::write::{GzEncoder, ZlibEncoder};
use flate2::{Compression, Crc, GzBuilder};

use super::*;
use crate::body::budget::BufferBudget;
use crate::request::headers::RepeatedHeader;
use crate::scheme::Scheme;
use crate::verify::Verifier;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// Text that is longer than one buffer, with some repetition.
fn text() -> Vec<u8> {
    (0..40_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_string().into_bytes())
        .collect()
}

/// Decodes a body that arrives in pieces of this length.
fn decoded(
    coding: Coding,
    encoded: &[u8],
    piece: usize,
    limit: usize,
) -> Result<Bytes, VerifyErrorKind> {
    let mut decoder = Decoder::new(coding, limit).unwrap();
    let budget = BufferBudget::new(usize::MAX);
    let (mut running, mut reserved) = (Running::Nothing, budget.reserve());
    for piece in encoded.chunks(piece) {
        match decoder.push(Bytes::copy_from_slice(piece), &mut running, &mut reserved) {
            Ok(()) => {}
            Err(NotTaken::Rejected(error)) => return Err(error.kind()),
            Err(NotTaken::NoRoom) => panic!("the budget is unlimited"),
        }
        let holds = decoder.decoded.bytes.capacity();
        assert!(holds <= limit);
        assert_eq!(budget.used(), STATE_BYTES + holds + limit - decoder.room);
    }
    decoder.whole(&mut running).map_err(|error| error.kind())
}

#[test]
fn a_body_decodes_to_the_same_bytes_in_pieces_of_any_size() {
    let text = text();
    for (coding, encoded) in [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text))] {
        for piece in [1, 2, 7, 1000, 8 * 1024, encoded.len() - 1, encoded.len()] {
            assert!(
                decoded(coding, &encoded, piece, text.len()) == Ok(text.clone().into()),
                "{coding:?}, {piece}"
            );
        }
    }
}

#[test]
fn the_decoded_body_may_be_as_long_as_the_limit_and_no_longer() {
    let text = text();
    for (coding, encoded) in [(Coding::Gzip, gzip(&text)), (Coding::Deflate, deflate(&text))] {
        assert!(decoded(coding, &encoded, 4096, text.len()).is_ok());
        let rejected = decoded(coding, &encoded, 4096, text.len() - 1);
        assert_eq!(rejected, Err(VerifyErrorKind::BodyTooLarge));
    }
}

#[test]
fn the_encoded_body_has_the_same_limit() {
    let noise: Vec<u8> = (0..100_u8).collect();
    let encoded = gzip(&noise);
    assert!(encoded.len() > noise.len());
    let rejected = decoded(Coding::Gzip, &encoded, encoded.len(), encoded.len() - 1);
    assert_eq!(rejected, Err(VerifyErrorKind::BodyTooLarge));
    assert!(decoded(Coding::Gzip, &encoded, encoded.len(), encoded.len()).is_ok());
}

#[test]
fn a_decompression_bomb_is_buffered_only_up_to_the_limit() {
    const LIMIT: usize = 1024 * 1024;
    for (coding, bomb) in [
        (Coding::Gzip, gzip(&vec![0; 10 * LIMIT])),
        (Coding::Deflate, deflate(&vec![0; 10 * LIMIT])),
    ] {
        let mut decoder = Decoder::new(coding, LIMIT).unwrap();
        let push = |decoder: &mut Decoder, piece| {
            decoder.push(piece, &mut Running::Nothing, &mut BufferPermit::uncounted())
        };
        let is_too_large = |pushed| {
            matches!(
                pushed,
                Err(NotTaken::Rejected(error)) if error.kind() == VerifyErrorKind::BodyTooLarge
            )
        };
        assert!(is_too_large(push(&mut decoder, bomb.into())));
        assert_eq!(decoder.decoded.bytes.capacity(), 0);
        // It stops decoding and stays rejected.
        assert!(is_too_large(push(&mut decoder, Bytes::new())));
        assert!(decoder.whole(&mut Running::Nothing).is_err());
    }
}

#[test]
fn a_decompression_bomb_is_decoded_only_up_to_the_budget() {
    const BUDGET: usize = 1024 * 1024;
    for (coding, bomb) in [
        (Coding::Gzip, gzip(&vec![0; 10 * BUDGET])),
        (Coding::Deflate, deflate(&vec![0; 10 * BUDGET])),
    ] {
        let budget = BufferBudget::new(BUDGET);
        let mut reserved = budget.reserve();
        let mut decoder = Decoder::new(coding, 100 * BUDGET).unwrap();
        let pushed = decoder.push(bomb.into(), &mut Running::Nothing, &mut reserved);
        assert!(matches!(pushed, Err(NotTaken::NoRoom)));
        assert!(budget.used() <= BUDGET);
        assert_eq!(decoder.decoded.bytes.capacity(), 0);
        assert!(decoder.whole(&mut Running::Nothing).is_err());
    }
}

#[test]
fn a_decoder_does_not_keep_the_buffer_of_a_piece() {
    let buffer = Bytes::from(gzip(&text()));
    let mut decoder = Decoder::new(Coding::Gzip, usize::MAX).unwrap();
    for end in [1, 5, 20, 1000] {
        let piece = buffer.slice(..end);
        let mut decoder = Decoder::new(Coding::Gzip, usize::MAX / 2).unwrap();
        let pushed = decoder.push(piece, &mut Running::Nothing, &mut BufferPermit::uncounted());
        assert!(pushed.is_ok() && buffer.is_unique());
    }
    let all = decoder.push(buffer.clone(), &mut Running::Nothing, &mut BufferPermit::uncounted());
    assert!(all.is_ok() && buffer.is_unique());
}

#[test]
fn a_gzip_body_with_several_members_decodes_to_all_of_them() {
    let text = text();
    let (first, rest) = text.split_at(1000);
    let (second, third) = rest.split_at(0);
    let encoded = [gzip(first), gzip(second), gzip(third)].concat();
    for piece in [1, 2, 7, 1000, encoded.len() - 1, encoded.len()] {
        let decoded = decoded(Coding::Gzip, &encoded, piece, text.len());
        assert!(decoded == Ok(text.clone().into()), "{piece}");
    }
    let over = decoded(Coding::Gzip, &encoded, 1000, text.len() - 1);
    assert_eq!(over, Err(VerifyErrorKind::BodyTooLarge));
    for cut in [1, 10, gzip(third).len() - 1] {
        let cut_off = &encoded[..encoded.len() - cut];
        let rejected = decoded(Coding::Gzip, cut_off, 1000, text.len());
        assert_eq!(rejected, Err(VerifyErrorKind::BodyIncomplete), "{cut}");
    }
}

#[test]
fn the_number_of_gzip_members_is_limited() {
    let empty = gzip(b"");
    let members = |count| decoded(Coding::Gzip, &empty.repeat(count), 1 << 20, 1 << 20);
    assert!(members(128).is_ok());
    assert_eq!(members(129), Err(VerifyErrorKind::BodyTooLarge));
    let text = rejected(Coding::Gzip, &empty.repeat(129)).to_string();
    assert!(text.ends_with(
        "it has too many gzip members; the limit is 128, and one for each 4096 decoded bytes"
    ));
}

#[test]
fn a_writer_with_one_gzip_member_per_buffer_stays_within_the_limit() {
    let text: Vec<u8> = text().into_iter().cycle().take(1 << 20).collect();
    let encoded: Vec<u8> = text.chunks(4 * 1024).flat_map(gzip).collect();
    assert!(decoded(Coding::Gzip, &encoded, 1000, text.len()) == Ok(text.into()));
}

/// The error of a body that arrives in one piece, and is rejected.
fn rejected(coding: Coding, encoded: &[u8]) -> VerifyError {
    let mut decoder = Decoder::new(coding, 1 << 20).unwrap();
    let mut reserved = BufferPermit::uncounted();
    let piece = Bytes::copy_from_slice(encoded);
    let Err(NotTaken::Rejected(error)) = decoder.push(piece, &mut Running::Nothing, &mut reserved)
    else {
        panic!("the body is decoded");
    };
    // The decoder stays rejected, with the same error.
    assert_eq!(decoder.whole(&mut Running::Nothing), Err(error.clone()));
    error
}

/// Writes bits, the lowest first, as in deflate blocks.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl Bits {
    fn put(&mut self, value: u64, count: u32) {
        self.held |= value << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn align(&mut self) {
        self.put(0, (8 - self.count) % 8);
    }
}

/// A block that decodes to very little.
#[derive(Debug, Clone, Copy)]
enum Block {
    EmptyStored,
    EmptyFixed,
    EmptyDynamic,
    /// Three bytes, by a reference to the byte before them.
    OneMatch,
}

impl Block {
    fn write(self, bits: &mut Bits) {
        match self {
            Self::EmptyStored => {
                bits.put(0, 2);
                bits.align();
                bits.put(0xffff_0000, 32);
            }
            Self::EmptyFixed => {
                bits.put(1, 2);
                bits.put(0, 7);
            }
            Self::EmptyDynamic => {
                // 257 literals and lengths, 1 distance, and 18 lengths of codes, of which those
                // of 18 and of 1 are used.
                bits.put(2, 2);
                bits.put(0, 5);
                bits.put(0, 5);
                bits.put(14, 4);
                for number in 0..18 {
                    bits.put(u64::from(number == 2 || number == 17), 3);
                }
                // 256 symbols without a code, and two codes of one bit.
                for zeros in [138, 118] {
                    bits.put(1, 1);
                    bits.put(zeros - 11, 7);
                }
                bits.put(0, 2);
                // The end of the block.
                bits.put(0, 1);
            }
            Self::OneMatch => {
                bits.put(1, 2);
                bits.put(0b100_0000, 7);
                bits.put(0, 5);
                bits.put(0, 7);
            }
        }
    }
}

/// A gzip body of this number of blocks, and what it decodes to. The last one is a fixed block
/// with the text `0`, the first of two or more too.
fn blocks(block: Block, count: usize) -> (Vec<u8>, Vec<u8>) {
    let mut bits = Bits::default();
    let literal = |bits: &mut Bits, is_last| {
        bits.put(is_last, 1);
        bits.put(1, 2);
        bits.put(0b110, 8);
        bits.put(0, 7);
    };
    literal(&mut bits, 0);
    for _ in 0..count - 2 {
        bits.put(0, 1);
        block.write(&mut bits);
    }
    literal(&mut bits, 1);
    bits.align();
    let matches = if let Block::OneMatch = block { count - 2 } else { 0 };
    let decoded = vec![b'0'; 3 * matches + 2];
    (gzip_of(bits.bytes, &decoded), decoded)
}

/// A gzip body of these deflate blocks, which decode to `decoded`.
fn gzip_of(blocks: Vec<u8>, decoded: &[u8]) -> Vec<u8> {
    let mut crc = Crc::new();
    crc.update(decoded);
    let mut encoded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    encoded.extend(blocks);
    encoded.extend(crc.sum().to_le_bytes());
    encoded.extend(crc.amount().to_le_bytes());
    encoded
}

#[test]
fn the_number_of_deflate_blocks_is_limited() {
    const LIMIT: usize = 1 << 20;
    for (block, max) in [
        // The first and the last block are fixed, and 16 stored ones count as a fixed one.
        (Block::EmptyStored, 2 + 510 * 16),
        (Block::EmptyFixed, 512),
        // Each counts as four fixed ones.
        (Block::EmptyDynamic, 2 + 510 / 4),
        // They decode to 1,550 bytes.
        (Block::OneMatch, 512 + 1550 / 256),
    ] {
        for piece in [1, 1000] {
            let (encoded, text) = blocks(block, max);
            let accepted = decoded(Coding::Gzip, &encoded, piece, LIMIT);
            assert!(accepted == Ok(text.into()), "{block:?}");
            let (encoded, _) = blocks(block, max + 1);
            let rejected = decoded(Coding::Gzip, &encoded, piece, LIMIT);
            assert_eq!(rejected, Err(VerifyErrorKind::BodyTooLarge), "{block:?}");
        }
    }
    // Counted for all members together.
    let (encoded, _) = blocks(Block::EmptyFixed, 256);
    assert!(decoded(Coding::Gzip, &encoded.repeat(2), 1000, LIMIT).is_ok());
    let over = encoded.repeat(3);
    assert_eq!(decoded(Coding::Gzip, &over, 1000, LIMIT), Err(VerifyErrorKind::BodyTooLarge));
    let text = rejected(Coding::Gzip, &over).to_string();
    assert!(text.ends_with(
        "it has too many deflate blocks, of which a dynamic one counts as four; the limit is 512, \
         and one for each 256 decoded bytes"
    ));
}

/// The tables of a dynamic block take longer, wherever the block is.
#[test]
fn a_dynamic_block_counts_as_four_at_any_position() {
    const LIMIT: usize = 1 << 20;
    let member = |first: Block, second: Block| {
        let mut bits = Bits::default();
        for (block, is_last) in [(first, 0), (second, 1)] {
            bits.put(is_last, 1);
            block.write(&mut bits);
        }
        bits.align();
        gzip_of(bits.bytes, b"")
    };
    for (first, second) in
        [(Block::EmptyDynamic, Block::EmptyFixed), (Block::EmptyFixed, Block::EmptyDynamic)]
    {
        let member = member(first, second);
        // 102 members count as 510 fixed blocks.
        for piece in [1, 1000] {
            assert!(decoded(Coding::Gzip, &member.repeat(102), piece, LIMIT).is_ok());
            let rejected = decoded(Coding::Gzip, &member.repeat(103), piece, LIMIT);
            assert_eq!(rejected, Err(VerifyErrorKind::BodyTooLarge), "{first:?}, {piece}");
        }
    }
}

#[test]
fn padding_allows_no_more_empty_blocks_than_its_length_does() {
    const LIMIT: usize = 1 << 20;
    let write = |empty: usize| {
        let mut bits = Bits::default();
        let padding = vec![b'a'; 32 * 1024];
        for _ in 0..2 {
            bits.put(0, 3);
            bits.align();
            bits.put(32 * 1024, 16);
            bits.put(!(32 * 1024) & 0xffff, 16);
            for byte in &padding {
                bits.put(u64::from(*byte), 8);
            }
        }
        for last in 1..=empty {
            bits.put(u64::from(last == empty), 1);
            Block::EmptyFixed.write(&mut bits);
        }
        bits.align();
        gzip_of(bits.bytes, &padding.repeat(2))
    };
    // 64 KiB allow 256 more. The two stored blocks count as one.
    let max = 512 + 256 - 1;
    assert!(decoded(Coding::Gzip, &write(max), 1000, LIMIT).is_ok());
    let rejected = decoded(Coding::Gzip, &write(max + 1), 1000, LIMIT);
    assert_eq!(rejected, Err(VerifyErrorKind::BodyTooLarge));
}

#[test]
fn a_writer_that_flushes_each_buffer_stays_within_the_block_limit() {
    const LIMIT: usize = 1 << 20;
    let text: Vec<u8> = text().into_iter().cycle().take(LIMIT).collect();
    for buffer in [1024, 2 * 1024, 4 * 1024, 8 * 1024] {
        let (mut gzip, mut deflate) = (
            GzEncoder::new(Vec::new(), Compression::default()),
            ZlibEncoder::new(Vec::new(), Compression::default()),
        );
        for buffer in text.chunks(buffer) {
            gzip.write_all(buffer).unwrap();
            gzip.flush().unwrap();
            deflate.write_all(buffer).unwrap();
            deflate.flush().unwrap();
        }
        for (coding, encoded) in
            [(Coding::Gzip, gzip.finish().unwrap()), (Coding::Deflate, deflate.finish().unwrap())]
        {
            let decoded = decoded(coding, &encoded, 1000, LIMIT);
            assert!(decoded == Ok(text.clone().into()), "{coding:?}, {buffer}");
        }
    }
}

/// zlib ends a block after this number of symbols, if its buffers are small: 127 with `memLevel` 1,
/// 255 with `memLevel` 2. Here each symbol is one byte, the worst case.
#[test]
fn a_writer_with_small_buffers_stays_within_the_block_limit() {
    for (symbols, length) in [(127, 70 * 1024), (255, 160 * 1024), (1024, 1 << 20)] {
        let text: Vec<u8> = text().into_iter().cycle().take(length).collect();
        let mut bits = Bits::default();
        let count = text.chunks(symbols).len();
        for (index, block) in text.chunks(symbols).enumerate() {
            bits.put(u64::from(index + 1 == count), 1);
            bits.put(1, 2);
            for byte in block {
                // The codes of literals below 144, whose first bit is the highest.
                bits.put(u64::from((0x30 + byte).reverse_bits()), 8);
            }
            bits.put(0, 7);
            // A flush for each 16 blocks, about 2 KiB.
            if index % 16 == 15 && index + 1 < count {
                bits.put(0, 1);
                Block::EmptyStored.write(&mut bits);
            }
        }
        bits.align();
        let encoded = gzip_of(bits.bytes, &text);
        let decoded = decoded(Coding::Gzip, &encoded, 1000, 2 << 20);
        assert!(decoded == Ok(text.into()), "{symbols}");
    }
}

#[test]
fn every_field_of_a_gzip_header_is_read_in_pieces_of_any_size() {
    let text = b"the quick brown fox";
    let builder = || GzBuilder::new().mtime(1_760_000_000);
    let headers = [
        builder(),
        builder().extra("extra"),
        builder().extra(""),
        builder().filename("name"),
        builder().filename("").comment("a comment"),
        builder().extra(vec![0; 1000]).filename("name").comment("a comment"),
    ];
    for (number, header) in headers.into_iter().enumerate() {
        let mut encoder = header.write(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        let encoded = encoder.finish().unwrap();
        // Without a header, the same length is left.
        let header_length = encoded.len() - (gzip_default(text).len() - 10);
        let (header, rest) = encoded.split_at(header_length);
        let mut with_checksum = header.to_vec();
        with_checksum[3] |= 2;
        let mut crc = Crc::new();
        crc.update(&with_checksum);
        with_checksum.extend(&crc.sum().to_le_bytes()[..2]);
        let with_checksum = [&with_checksum, rest].concat();
        for encoded in [encoded.clone(), with_checksum.clone()] {
            for piece in [1, 3, encoded.len()] {
                let decoded = decoded(Coding::Gzip, &encoded, piece, 10_000);
                assert_eq!(decoded, Ok(Bytes::from_static(text)), "{number}, {piece}");
            }
        }
        let mut wrong_checksum = with_checksum;
        wrong_checksum[header_length] ^= 1;
        let mut reserved = encoded;
        reserved[3] |= 0x20;
        for encoded in [wrong_checksum, reserved] {
            let rejected = decoded(Coding::Gzip, &encoded, 3, 10_000);
            assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{number}");
        }
    }
}

fn gzip_default(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_gzip_trailer_that_does_not_match_is_rejected() {
    let encoded = gzip(b"the quick brown fox");
    for place in encoded.len() - 8..encoded.len() {
        let mut other = encoded.clone();
        other[place] ^= 1;
        let rejected = decoded(Coding::Gzip, &other, 5, 1000);
        assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{place}");
    }
}

#[test]
fn the_error_of_a_corrupt_body_does_not_say_that_its_encoding_is_not_supported() {
    let text = b"the quick brown fox";
    for (coding, encoded, name) in
        [(Coding::Gzip, gzip(text), "gzip"), (Coding::Deflate, deflate(text), "deflate")]
    {
        let mut wrong_checksum = encoded.clone();
        // Of gzip, the checksum is before the length.
        let place = if coding == Coding::Gzip { encoded.len() - 8 } else { encoded.len() - 1 };
        wrong_checksum[place] ^= 1;
        let followed = [&encoded[..], b"x"].concat();
        for corrupt in [wrong_checksum, followed, b"{\"id\":1}".to_vec()] {
            let error = rejected(coding, &corrupt);
            assert_eq!(error.kind(), VerifyErrorKind::UnsupportedEncoding);
            assert_eq!(
                error.to_string(),
                format!(
                    "the body is not a valid {name} stream: it is corrupt, or bytes follow its end"
                )
            );
        }
    }
}

#[test]
fn a_body_truncated_at_any_byte_is_incomplete() {
    let text = b"the quick brown fox jumps over the lazy dog, and over the lazy dog again";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        for end in 0..encoded.len() {
            let rejected = decoded(coding, &encoded[..end], 5, 1000);
            assert_eq!(rejected, Err(VerifyErrorKind::BodyIncomplete), "{coding:?}, {end}");
        }
    }
}

#[test]
fn bytes_after_the_end_of_the_stream_are_rejected() {
    let text = b"the quick brown fox";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        for garbage in [&b"\0"[..], b"garbage", &deflate(text)] {
            let whole = [&encoded, garbage].concat();
            for piece in [1, encoded.len(), whole.len()] {
                let rejected = decoded(coding, &whole, piece, 1000);
                assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{coding:?}");
            }
        }
    }
}

#[test]
fn a_body_with_another_encoding_than_announced_is_rejected_without_a_panic() {
    let text = b"the quick brown fox jumps over the lazy dog, and over the lazy dog again";
    for (coding, encoded) in [(Coding::Gzip, gzip(text)), (Coding::Deflate, deflate(text))] {
        let other = if coding == Coding::Gzip { Coding::Deflate } else { Coding::Gzip };
        for not_it in [b"{\"id\":1,\"type\":\"ping\"}".to_vec(), vec![0xff; 64]] {
            let rejected = decoded(coding, &not_it, 64, 1000);
            assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{coding:?}");
        }
        assert_eq!(
            decoded(other, &encoded, 64, 1000),
            Err(VerifyErrorKind::UnsupportedEncoding),
            "{other:?}"
        );
        for bit in 0..8 * encoded.len() {
            let mut flipped = encoded.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Some bits of a header have no meaning; no flipped bit changes the text.
            if let Ok(decoded) = decoded(coding, &flipped, 3, 1000) {
                assert_eq!(decoded, &text[..], "{coding:?}, {bit}");
            }
        }
    }
}

#[test]
fn only_a_scheme_that_signs_the_decoded_body_accepts_an_encoding() {
    let raw = Scheme::builder("raw").signature_header("X-Signature").signed_payload("{body}");
    let decoded = raw.clone().body_view(crate::scheme::BodyView::Decoded).build().unwrap();
    let raw = raw.build().unwrap();
    let coding = |scheme: &Scheme, encoding: &str| {
        Coding::of(scheme, Ok(Some(encoding.as_bytes()))).map_err(|error| error.kind())
    };
    for (encoding, expected) in [
        ("gzip", Some(Coding::Gzip)),
        ("X-GZip", Some(Coding::Gzip)),
        (" deflate ", Some(Coding::Deflate)),
        ("identity", None),
    ] {
        assert_eq!(coding(&decoded, encoding), Ok(expected), "{encoding}");
    }
    for encoding in ["br", "zstd", "compress", "gzip, gzip", "gzip, identity", "gzip,br", ""] {
        let rejected = coding(&decoded, encoding);
        assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
    for encoding in ["gzip", "deflate", "br"] {
        let rejected = coding(&raw, encoding);
        assert_eq!(rejected, Err(VerifyErrorKind::UnsupportedEncoding), "{encoding}");
    }
    assert!(Coding::of(&decoded, Err(RepeatedHeader)).is_err());
    assert!(Verifier::new(decoded, crate::secret::Secret::new("secret").unwrap()).is_ok());
}
