//! Computes MACs while the body arrives. The only module that compares tags.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as STRICT;
use base64_simd::AsOut;
use hmac::block_api::HmacCore;
use hmac::digest::Output;
use hmac::digest::block_api::{Buffer, CoreProxy, EagerHash, FixedOutputCore, UpdateCore};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use smallvec::SmallVec;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::crypto::algorithm::Algorithm;
use crate::crypto::algorithm::Encoding;
use crate::crypto::inline_buf::InlineBuf;
use crate::crypto::key_identity::KeyIdentity;
use crate::error::SecretProblem;

/// A prepared key. For an HMAC, both padded blocks of the key are already hashed.
#[derive(Clone)]
pub(crate) enum Key {
    HmacSha1(HmacCore<Sha1>),
    HmacSha256(HmacCore<Sha256>),
    HmacSha512(HmacCore<Sha512>),
    /// A plain digest: started with the secret if the secret comes first, and the
    /// secret itself if it comes last.
    Sha256 {
        begun: Sha256,
        last: Zeroizing<Vec<u8>>,
    },
    /// The digest of a token, so that the comparison does not depend on its length.
    Token(Zeroizing<[u8; 32]>),
    #[cfg(feature = "asymmetric")]
    Public(crate::crypto::asymmetric::PublicKey),
    /// The scheme's rule holds the key and verifies with it.
    OfRule,
}

/// The position of the secret in a message that is hashed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    First,
    Last,
}

impl Key {
    /// Prepares a key. `place` is for the algorithms that hash the secret with the message.
    pub(crate) fn new(
        algorithm: Algorithm,
        place: Option<SecretPlace>,
        key: &Zeroizing<Vec<u8>>,
    ) -> Result<Self, KeyError> {
        Ok(match algorithm {
            Algorithm::HmacSha1 => Self::HmacSha1(hmac(key)),
            Algorithm::HmacSha256 => Self::HmacSha256(hmac(key)),
            Algorithm::HmacSha512 => Self::HmacSha512(hmac(key)),
            Algorithm::Sha256 => match place {
                Some(SecretPlace::First) => Self::Sha256 {
                    begun: Sha256::new_with_prefix(key.as_slice()),
                    last: Zeroizing::default(),
                },
                _ => Self::Sha256 { begun: Sha256::new(), last: key.clone() },
            },
            Algorithm::Token => Self::Token(Zeroizing::new(Sha256::digest(key).into())),
            #[cfg(feature = "asymmetric")]
            Algorithm::Ed25519 | Algorithm::EcdsaP256 => {
                Self::Public(crate::crypto::asymmetric::PublicKey::new(algorithm, key)?)
            }
            #[cfg(not(feature = "asymmetric"))]
            Algorithm::Ed25519 | Algorithm::EcdsaP256 => {
                return Err(KeyError::FeatureRequired("asymmetric"));
            }
            Algorithm::Keccak256 | Algorithm::RsaSha256 | Algorithm::Jwt => Self::OfRule,
        })
    }

    /// The identity of a public key. Shared keys are not kept as they were given.
    pub(crate) fn public_identity(&self) -> Option<KeyIdentity> {
        #[cfg(feature = "asymmetric")]
        if let Self::Public(key) = self {
            return Some(key.identity());
        }
        None
    }

    /// Starts the MAC of a message with the bytes that are signed before the body.
    pub(crate) fn begin(&self, before: &[u8]) -> Running {
        let mut running = match self {
            Self::HmacSha1(mac) => Running::HmacSha1(running(mac)),
            Self::HmacSha256(mac) => Running::HmacSha256(running(mac)),
            Self::HmacSha512(mac) => Running::HmacSha512(running(mac)),
            Self::Sha256 { begun, .. } => Running::Sha256(begun.clone()),
            Self::Token(_) | Self::OfRule => Running::Nothing,
            #[cfg(feature = "asymmetric")]
            Self::Public(_) => Running::Nothing,
        };
        running.update(before);
        running
    }

    /// Whether any of the presented tags is this key's tag of the message.
    ///
    /// `running` is the MAC that this key started, updated up to the end of the
    /// body. If it is `None`, the MAC is computed here.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn matches(
        &self,
        running: Option<Box<Running>>,
        message: &Message<'_>,
        tags: &Tags,
    ) -> bool {
        match (self, running) {
            #[cfg(feature = "asymmetric")]
            (Self::Public(key), _) => tags.iter().any(|tag| key.verifies(message, tag)),
            (Self::Token(token), _) => tags.contain(token.as_slice()),
            (_, Some(running)) => tags.contain(&self.finish(*running, message.after)),
            (_, None) => tags.contain(&self.tag(message)),
        }
    }

    /// The tag of a whole message. The HMAC kinds do not use a [`Running`]: it is
    /// as large as its largest kind, and moving it costs as much as hashing another
    /// block.
    pub(crate) fn tag(&self, message: &Message<'_>) -> Tag {
        match self {
            Self::HmacSha1(mac) => tag(mac, message),
            Self::HmacSha256(mac) => tag(mac, message),
            Self::HmacSha512(mac) => tag(mac, message),
            key => {
                let mut running = key.begin(message.before);
                running.update(message.body);
                key.finish(running, message.after)
            }
        }
    }

    fn finish(&self, mut running: Running, after: &[u8]) -> Tag {
        running.update(after);
        match running {
            Running::HmacSha1(mac) => Tag::from_slice(&mac.finalize().into_bytes()),
            Running::HmacSha256(mac) => Tag::from_slice(&mac.finalize().into_bytes()),
            Running::HmacSha512(mac) => Tag::from_slice(&mac.finalize().into_bytes()),
            Running::Sha256(mut digest) => {
                if let Self::Sha256 { last, .. } = self {
                    digest.update(last.as_slice());
                }
                Tag::from_slice(&digest.finalize())
            }
            Running::Nothing => Tag::new(),
        }
    }
}

/// The HMAC of a whole message, as [`Hmac`] computes it, without moving its state.
fn tag<D: EagerHash>(mac: &HmacCore<D>, message: &Message<'_>) -> Tag {
    let mut mac = mac.clone();
    let mut buffer = Buffer::<HmacCore<D>>::default();
    for part in [message.before, message.body, message.after] {
        buffer.digest_blocks(part, |blocks| mac.update_blocks(blocks));
    }
    let mut tag = Output::<HmacCore<D>>::default();
    mac.finalize_fixed_core(&mut buffer, &mut tag);
    Tag::from_slice(&tag)
}

fn running<D: EagerHash>(mac: &HmacCore<D>) -> Hmac<D> {
    Hmac::compose(mac.clone(), Buffer::<HmacCore<D>>::default())
}

/// A key cannot be prepared.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// The secret is not suitable.
    Secret(SecretProblem),
    /// This build lacks a feature.
    FeatureRequired(&'static str),
}

impl From<SecretProblem> for KeyError {
    fn from(problem: SecretProblem) -> Self {
        Self::Secret(problem)
    }
}

/// The signed payload: the bytes before the body, the body, and the bytes after it.
pub(crate) struct Message<'a> {
    pub(crate) before: &'a [u8],
    pub(crate) body: &'a [u8],
    pub(crate) after: &'a [u8],
}

/// A MAC that was started and not finished.
pub(crate) enum Running {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
    Sha256(Sha256),
    /// For algorithms that need the whole message at once, or no message.
    Nothing,
}

impl Running {
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::HmacSha1(mac) => mac.update(bytes),
            Self::HmacSha256(mac) => mac.update(bytes),
            Self::HmacSha512(mac) => mac.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
            Self::Nothing => {}
        }
    }
}

/// A computed tag, stored on the stack: it has room for the longest digest.
pub(crate) type Tag = SmallVec<[u8; 64]>;

/// The decoded tags that a request presents. Each has a length that the scheme's
/// tags can have, and is stored after a byte with that length. Two tags of 32 bytes
/// need no allocation.
#[derive(Default)]
pub(crate) struct Tags(InlineBuf<66>);

/// The maximum number of signatures. It limits the cost of a request with long
/// headers. Providers send two signatures while a secret rotates.
pub(crate) const MAX_TAGS: usize = 16;

/// The maximum number of signatures that are verified with a public key: each reads
/// the whole message again.
pub const MAX_PUBLIC_TAGS: usize = 4;

/// The maximum number of signatures for this algorithm.
pub(crate) fn max_tags(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 => MAX_PUBLIC_TAGS,
        _ => MAX_TAGS,
    }
}

impl Tags {
    /// Decodes one signature and adds it, if it has the right alphabet and the
    /// length of the algorithm's tags. Ignores it otherwise.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn push(&mut self, text: &[u8], algorithm: Algorithm, encoding: Encoding) {
        let mut room = [0; MAX_DECODED];
        if let Some(tag) = decode(text, algorithm, encoding, &mut room) {
            self.0.extend_from_slice(&[tag.len() as u8]);
            self.0.extend_from_slice(tag);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (&length, behind) = rest.split_first()?;
            let (tag, behind) = behind.split_at(usize::from(length));
            rest = behind;
            Some(tag)
        })
    }

    /// Whether `expected` is one of the tags. Always compares every byte of every
    /// tag.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn contain(&self, expected: &[u8]) -> bool {
        self.iter().fold(false, |found, tag| found | is_same(tag, expected))
    }
}

/// Whether two digests are equal. The comparison takes constant time.
#[must_use]
pub fn is_same(left: &[u8], right: &[u8]) -> bool {
    same(left, right).into()
}

/// Compares two tags, eight bytes at a time. The time depends only on their
/// lengths.
fn same(left: &[u8], right: &[u8]) -> Choice {
    if left.len() != right.len() {
        return Choice::from(0);
    }
    let (left_words, left_rest) = left.as_chunks::<8>();
    let (right_words, right_rest) = right.as_chunks::<8>();
    let mut difference = 0;
    for (left, right) in left_words.iter().zip(right_words) {
        difference |= u64::from_ne_bytes(*left) ^ u64::from_ne_bytes(*right);
    }
    for (left, right) in left_rest.iter().zip(right_rest) {
        difference |= u64::from(left ^ right);
    }
    difference.ct_eq(&0)
}

/// Decodes the tag in `text`; `None` if it is not a valid tag of the algorithm.
fn decode<'a>(
    text: &[u8],
    algorithm: Algorithm,
    encoding: Encoding,
    room: &'a mut [u8; MAX_DECODED],
) -> Option<&'a [u8]> {
    let Some(lengths) = tag_lengths(algorithm) else {
        // A token: any non-empty text of any length, so its digest is compared.
        let digest = &mut room[..32];
        digest.copy_from_slice(&Sha256::digest(text));
        return (!text.is_empty()).then_some(digest);
    };
    let length = match encoding {
        Encoding::Hex => {
            // Rejects the prefix `0x`, which `const_hex` would skip.
            let length = text.len() / 2;
            if !text.len().is_multiple_of(2)
                || !lengths.contains(&length)
                || text.starts_with(b"0x")
            {
                return None;
            }
            const_hex::decode_to_slice(text, &mut room[..length]).ok()?;
            length
        }
        Encoding::Base64 => {
            if text.len() > MAX_DECODED / 3 * 4 {
                return None;
            }
            base64_simd::STANDARD.decode(text, room.as_mut_slice().as_out()).ok()?.len()
        }
        Encoding::Text => return None,
    };
    lengths.contains(&length).then_some(&room[..length])
}

/// The possible lengths of a tag, in bytes; `None` if any length is possible, as for
/// a token.
fn tag_lengths(algorithm: Algorithm) -> Option<std::ops::RangeInclusive<usize>> {
    match algorithm {
        Algorithm::HmacSha1 => Some(20..=20),
        Algorithm::HmacSha256 | Algorithm::Sha256 | Algorithm::Keccak256 => Some(32..=32),
        Algorithm::HmacSha512 | Algorithm::Ed25519 => Some(64..=64),
        // A DER sequence of two integers of at most 33 bytes.
        Algorithm::EcdsaP256 => Some(8..=72),
        Algorithm::Token | Algorithm::RsaSha256 | Algorithm::Jwt => None,
    }
}

/// Encodes a tag as its scheme does. Plain text is for tokens, which have no tag.
#[must_use]
pub fn encode(tag: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Hex => const_hex::encode(tag),
        Encoding::Base64 => STRICT.encode(tag),
        Encoding::Text => String::new(),
    }
}

fn hmac<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes keys of any length")
}

/// The size of a decoding buffer. The longest tag, that of
/// [`Algorithm::EcdsaP256`], has 72 bytes, and the base64 decoder also needs room
/// for padding.
const MAX_DECODED: usize = 75;

#[cfg(test)]
mod tests {
    use super::*;

    /// The accepted texts must not depend on the processor: the decoder has a code
    /// path for each instruction set.
    #[test]
    fn a_base64_tag_is_decoded_as_strictly_as_by_a_plain_decoder() {
        let read = |text: &[u8]| {
            let room = &mut [0; MAX_DECODED];
            decode(text, Algorithm::HmacSha256, Encoding::Base64, room).map(<[u8]>::to_vec)
        };
        let plain = |text: &[u8]| STRICT.decode(text).ok().filter(|tag| tag.len() == 32);
        let tag: [u8; 32] = std::array::from_fn(|at| (at * 37) as u8);
        let text = STRICT.encode(tag).into_bytes();
        assert_eq!(read(&text), Some(tag.to_vec()));
        for at in 0..text.len() {
            for byte in 0..=u8::MAX {
                let mut other = text.clone();
                other[at] = byte;
                assert_eq!(read(&other), plain(&other), "{byte} at {at}");
                other.truncate(at);
                assert_eq!(read(&other), None, "cut at {at}");
            }
        }
        for longer in ["=", "A", "AAAA", "\n", " ", "\0"] {
            assert_eq!(read(&[&text, longer.as_bytes()].concat()), None, "{longer:?}");
            assert_eq!(read(&[longer.as_bytes(), &text].concat()), None, "{longer:?}");
        }
    }
}
