//! Finds known secrets, in all their usual encodings, so that no file contains one.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use countersign::Secret;
use memchr::{memchr, memchr_iter, memmem};
use zeroize::Zeroizing;

use super::escapes;
use crate::secrets::possible_keys;

/// All secrets of all endpoints, because a delivery may be sent to the wrong endpoint. Secrets are
/// never removed: a secret that is no longer accepted here may still be accepted elsewhere.
pub(in crate::serve) struct KnownSecrets {
    /// `None` if nothing is captured or printed, so that secrets need not be known.
    forms: Option<RwLock<Forms>>,
}

impl KnownSecrets {
    pub(in crate::serve) fn new() -> Self {
        Self { forms: Some(RwLock::default()) }
    }

    /// For a program that captures and prints no bodies.
    pub(in crate::serve) fn nothing() -> Self {
        Self { forms: None }
    }

    pub(in crate::serve) fn add(&self, secret: &Secret) {
        if let Some(forms) = &self.forms {
            let mut forms = forms.write().unwrap_or_else(PoisonError::into_inner);
            forms.add(secret);
        }
    }

    /// For the secrets of a reloaded configuration: empty, and used if these are. Whether the
    /// program captures is determined at its start, not by the reloaded configuration.
    pub(in crate::serve) fn for_reload(&self) -> Self {
        Self { forms: self.forms.as_ref().map(|_| RwLock::default()) }
    }

    /// Adds the secrets of a reloaded configuration.
    pub(in crate::serve) fn add_all(&self, fresh: &Self) {
        let (Some(forms), Some(fresh)) = (&self.forms, &fresh.forms) else { return };
        let fresh = fresh.read().unwrap_or_else(PoisonError::into_inner);
        forms.write().unwrap_or_else(PoisonError::into_inner).add_all(&fresh);
    }

    /// Whether the name of a header contains a secret. Names are lowercase, whatever was sent.
    pub(super) fn is_in_name(&self, name: &str) -> bool {
        let is_in_lowercase = |forms: &RwLock<Forms>| {
            forms.read().unwrap_or_else(PoisonError::into_inner).are_in_lowercase(name)
        };
        self.is_in(name.as_bytes()) || self.forms.as_ref().is_some_and(is_in_lowercase)
    }

    /// Whether the bytes contain a secret: as plain text, or in hexadecimal or base64, which can be
    /// nested in [`MAX_LAYERS`] layers of these, and each of them escaped as in URLs, string literals
    /// or XML, up to [`MAX_ESCAPES`] times.
    pub(in crate::serve) fn is_in(&self, bytes: &[u8]) -> bool {
        let Some(forms) = &self.forms else { return false };
        let forms = forms.read().unwrap_or_else(PoisonError::into_inner);
        let mut work = Work::for_text(bytes);
        let mut are_in = |text: &[u8]| forms.are_in_escaped(text, MAX_LAYERS, false, &mut work);
        // Only in some places of a URL is `+` a space.
        are_in(bytes) || spaced(bytes).is_some_and(|spaced| are_in(&spaced))
    }
}

/// The encoded forms of the secrets. Tenants can have very many secrets, so forms are indexed by
/// their first bytes, and the search time does not depend on their number.
#[derive(Default)]
struct Forms {
    /// Texts shorter than the indexed beginning.
    short: Vec<Form>,
    long: ByBeginning,
    /// Lowercase hexadecimal.
    hex: ByBeginning,
    /// The secrets in lowercase, for names that are not case-sensitive.
    lowercase: ByBeginning,
}

/// The bytes that may still be searched. Every layer of base64 is decoded from four positions, so
/// that without a limit a text of nested layers would cost a multiple of its length. The limit does not
/// grow with a long text much: while one is searched, other deliveries wait.
struct Work(usize);

impl Work {
    fn for_text(text: &[u8]) -> Self {
        let proportional = text.len().saturating_mul(MAX_WORK).saturating_add(MIN_WORK);
        Self(proportional.min(text.len().saturating_mul(2).saturating_add(MAX_SEARCHED)))
    }

    /// Returns whether the bytes may be searched. A text with too many layers counts as a secret.
    fn spend(&mut self, bytes: usize) -> bool {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.unwrap_or_default();
        rest.is_some()
    }
}

/// The place at which a text was found.
#[derive(Clone, Copy)]
struct Place {
    /// How many layers of base64 or hexadecimal may be decoded in it.
    layers: usize,
    /// Whether it was in base64 or hexadecimal.
    is_decoded: bool,
    /// Whether it was decoded or unescaped. `+` can be a space in it.
    is_inner: bool,
}

type Form = Zeroizing<Vec<u8>>;

/// Forms by their beginning. Almost no place of a text has the beginning of one, so a small table rules
/// most of them out.
#[derive(Default)]
struct ByBeginning {
    forms: HashMap<[u8; BEGINNING], Vec<Form>>,
    /// A bit for each hash of the first four bytes. Empty until there is a form.
    possible: Vec<u64>,
}

impl ByBeginning {
    fn insert(&mut self, form: Form) {
        let Some(beginning) = form.first_chunk::<BEGINNING>() else { return };
        self.possible.resize(POSSIBLE_BITS / 64, 0);
        let (word, bit) = place(beginning);
        if let Some(word) = self.possible.get_mut(word) {
            *word |= bit;
        }
        let forms = self.forms.entry(*beginning).or_default();
        if !forms.contains(&form) {
            forms.push(form);
        }
    }

    fn values(&self) -> impl Iterator<Item = &Vec<Form>> {
        self.forms.values()
    }

    fn is_any_in(&self, bytes: &[u8]) -> bool {
        if self.forms.is_empty() {
            return false;
        }
        bytes.windows(BEGINNING).enumerate().any(|(at, beginning)| {
            let Some(beginning) = beginning.first_chunk::<BEGINNING>() else { return false };
            let (word, bit) = place(beginning);
            self.possible.get(word).is_some_and(|word| word & bit != 0)
                && self
                    .forms
                    .get(beginning)
                    .is_some_and(|forms| forms.iter().any(|form| bytes[at..].starts_with(form)))
        })
    }
}

/// The word and the bit of a beginning in the table.
fn place(beginning: &[u8; BEGINNING]) -> (usize, u64) {
    let [one, two, three, four, ..] = *beginning;
    // The multiplier of Fibonacci hashing.
    let hash = u32::from_le_bytes([one, two, three, four]).wrapping_mul(0x9E37_79B1);
    let hash = (hash >> (32 - POSSIBLE_BITS.trailing_zeros())) as usize;
    (hash / 64, 1 << (hash % 64))
}

impl Forms {
    fn add(&mut self, secret: &Secret) {
        let text = secret.dangerous_reveal();
        if text.len() < BEGINNING && !self.short.iter().any(|known| **known == text) {
            self.short.push(Zeroizing::new(text.to_vec()));
        }
        self.long.insert(Zeroizing::new(text.to_vec()));
        self.lowercase.insert(Zeroizing::new(text.to_ascii_lowercase()));
        // A secret that itself looks escaped is decoded together with the text that contains it.
        let mut plain = escapes::decoded(text);
        while let Some(text) = plain {
            plain = escapes::decoded(&text);
            self.long.insert(text);
        }
        self.add_encoded(text);
        // Only the scheme knows which of them is the key; all of them must be hidden.
        let keys = possible_keys(secret).into_iter();
        for key in keys.filter(|key| key.len() >= BEGINNING && **key != text) {
            self.add_encoded(&key);
            self.long.insert(key);
        }
    }

    fn add_encoded(&mut self, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.hex.insert(Zeroizing::new(hex.into_bytes()));
        for alphabet in [&STANDARD, &URL_SAFE] {
            let encoder = GeneralPurpose::new(alphabet, UNPADDED);
            for shift in 0..3 {
                self.long.insert(context_free_base64(&encoder, bytes, shift));
            }
        }
    }

    fn add_all(&mut self, others: &Self) {
        for form in &others.short {
            if !self.short.contains(form) {
                self.short.push(form.clone());
            }
        }
        for (mine, theirs) in [
            (&mut self.long, &others.long),
            (&mut self.hex, &others.hex),
            (&mut self.lowercase, &others.lowercase),
        ] {
            theirs.values().flatten().for_each(|form| mine.insert(form.clone()));
        }
    }

    /// Whether a secret is in the text, or in what it decodes to. `layers` is the maximum number of
    /// nested layers of base64 or hexadecimal that are decoded. In decoded bytes, short secrets
    /// would be found by chance.
    fn are_in_escaped(
        &self,
        text: &[u8],
        layers: usize,
        is_decoded: bool,
        work: &mut Work,
    ) -> bool {
        let place = Place { layers, is_decoded, is_inner: is_decoded };
        self.are_in_text(text, MAX_ESCAPES, place, work)
    }

    /// The same for a text that is decoded at most `escapes` times.
    fn are_in_text(&self, text: &[u8], escapes: usize, place: Place, work: &mut Work) -> bool {
        if !work.spend(text.len()) {
            return true;
        }
        let are_in = |text: &[u8]| match place.is_decoded {
            true => self.are_long_in(text),
            false => self.are_in(text),
        };
        let spaced = spaced(text).filter(|_| place.is_inner);
        if are_in(text)
            || self.are_in_encoded(text, place.layers, work)
            || spaced.as_ref().is_some_and(|spaced| are_in(spaced))
        {
            return true;
        }
        let Some(decoded) = escapes::decoded(text) else { return false };
        let Some(escapes) = escapes.checked_sub(1) else {
            // It is escaped more often than any program needs.
            return true;
        };
        let place = Place { is_inner: true, ..place };
        // If a form has an escaped `+`, its other ones are spaces.
        let has_escaped = pluses(&decoded) > pluses(text);
        let of_form = spaced.filter(|_| has_escaped).and_then(|form| escapes::decoded(&form));
        self.are_in_text(&decoded, escapes, place, work)
            || of_form.is_some_and(|form| self.are_in_text(&form, escapes, place, work))
    }

    /// Whether a secret is in what a part of the text encodes in base64 or hexadecimal. The search
    /// for encoded forms finds only what is encoded once.
    fn are_in_encoded(&self, text: &[u8], layers: usize, work: &mut Work) -> bool {
        let Some(layers) = layers.checked_sub(1) else { return false };
        let mut rest = text;
        while let Some((run, after)) = next_run(rest) {
            rest = after;
            if run.len() < MIN_RUN {
                continue;
            }
            let mut characters: Form = Zeroizing::new(Vec::with_capacity(run.len()));
            characters.extend(run.iter().copied().filter(is_base64));
            // A character before it may belong to something else, such as a path.
            for start in 0..4 {
                let decoded = characters.get(start..).map(from_base64).unwrap_or_default();
                if self.are_in_escaped(&decoded, layers, true, work) {
                    return true;
                }
            }
        }
        let is_digit = u8::is_ascii_hexdigit;
        for run in text.split(|byte| !is_digit(byte)).filter(|run| run.len() >= 2 * BEGINNING) {
            for start in 0..2 {
                let decoded = from_hex(&run[start..]);
                if self.are_in_escaped(&decoded, layers, true, work) {
                    return true;
                }
            }
        }
        false
    }

    /// Whether a secret in lowercase is in a name, or in what it decodes to.
    fn are_in_lowercase(&self, name: &str) -> bool {
        let mut text: Form = Zeroizing::new(name.to_ascii_lowercase().into_bytes());
        for _ in 0..=MAX_ESCAPES {
            if self.lowercase.is_any_in(&text) {
                return true;
            }
            match escapes::decoded(&text) {
                Some(decoded) => text = Zeroizing::new(decoded.to_ascii_lowercase()),
                None => return false,
            }
        }
        true
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        self.short.iter().any(|form| memmem::find(bytes, form).is_some()) || self.are_long_in(bytes)
    }

    fn are_long_in(&self, bytes: &[u8]) -> bool {
        let lower = Zeroizing::new(bytes.to_ascii_lowercase());
        self.long.is_any_in(bytes) || self.hex.is_any_in(&lower)
    }
}

/// The text with a space for each `+`, if it has one.
fn spaced(bytes: &[u8]) -> Option<Form> {
    memchr(b'+', bytes)?;
    let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    Some(Zeroizing::new(bytes.iter().map(space).collect()))
}

fn pluses(bytes: &[u8]) -> usize {
    memchr_iter(b'+', bytes).count()
}

fn is_base64(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)
}

/// The next run of base64 characters and the text after it. Base64 can be written in lines, which
/// can be indented, or quoted with `>`: the run contains what is between lines.
fn next_run(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = &text[text.iter().position(is_base64)?..];
    let mut begins_line = false;
    let ends = |byte: &u8| {
        begins_line = match byte {
            b'\r' | b'\n' => true,
            b' ' | b'\t' | b'>' => begins_line,
            _ => false,
        };
        !begins_line && !is_base64(byte)
    };
    Some(text.split_at(text.iter().position(ends).unwrap_or(text.len())))
}

/// The bytes that a run of characters of either alphabet encodes.
fn from_base64(run: &[u8]) -> Form {
    let sextet = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(run.len() / 4 * 3 + 2));
    for group in run.chunks(4) {
        let bits = group.iter().fold(0, |bits, byte| (bits << 6) | u32::from(sextet(*byte)));
        // A last group of two or three characters encodes one or two bytes.
        let bits = bits << (6 * (4 - group.len()) + 8);
        bytes.extend_from_slice(&bits.to_be_bytes()[..group.len() - 1]);
    }
    bytes
}

/// The bytes that a run of hexadecimal digits encodes, without a last single digit.
fn from_hex(run: &[u8]) -> Form {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    };
    let (pairs, _) = run.as_chunks::<2>();
    Zeroizing::new(pairs.iter().map(|[high, low]| (digit(*high) << 4) | digit(*low)).collect())
}

/// The base64 characters that encode these bytes regardless of the bytes before and after them, if
/// the number of bytes before them is `shift` modulo three.
fn context_free_base64(encoder: &GeneralPurpose, bytes: &[u8], shift: usize) -> Form {
    let shifted = Zeroizing::new([&[0; 2][..shift], bytes].concat());
    let encoded = Zeroizing::new(encoder.encode(&*shifted));
    let of_both = [0, 2, 3][shift];
    let cut = usize::from(!shifted.len().is_multiple_of(3));
    let certain = encoded.as_bytes().get(of_both..encoded.len() - cut).unwrap_or_default();
    Zeroizing::new(certain.to_vec())
}

const UNPADDED: GeneralPurposeConfig = GeneralPurposeConfig::new().with_encode_padding(false);
/// 32 KiB in each index.
const POSSIBLE_BITS: usize = 1 << 18;
/// Shorter forms would match by chance. The plain secret is searched for at any length.
const BEGINNING: usize = 8;
/// The length of the shortest text in base64 that is decoded: of [`BEGINNING`] bytes.
const MIN_RUN: usize = BEGINNING * 4 / 3;
/// How many times a text can be escaped.
const MAX_ESCAPES: usize = 4;
/// How many layers of base64 or hexadecimal are decoded.
const MAX_LAYERS: usize = 4;
/// The bytes that are searched at most, as a multiple of the text's, and at least for any text.
const MAX_WORK: usize = 64;
const MIN_WORK: usize = 64 * 1024;
/// The bytes that are searched at most for one text, beside the text itself and its form with spaces: a
/// fraction of a second. Of ordinary bodies, only those with many megabytes of base64 need more, and
/// count as secret.
const MAX_SEARCHED: usize = 48 * 1024 * 1024;

#[cfg(test)]
mod tests;
