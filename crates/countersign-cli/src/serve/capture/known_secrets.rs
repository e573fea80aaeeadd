//! Finds known secrets, in all their usual encodings, so that no file contains one.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use countersign::Secret;
use memchr::{memchr, memmem};
use zeroize::Zeroizing;

use super::escapes;
use crate::secrets::possible_keys;

/// All secrets of all endpoints, because a delivery may be sent to the wrong endpoint. Secrets are
/// never removed: a secret that is no longer accepted here may still be accepted elsewhere.
pub(in crate::serve) struct KnownSecrets {
    /// `None` if nothing is captured, so that secrets need not be known.
    forms: Option<RwLock<Forms>>,
}

impl KnownSecrets {
    pub(in crate::serve) fn new() -> Self {
        Self { forms: Some(RwLock::default()) }
    }

    /// For a program that captures nothing.
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

    /// Whether the bytes contain a secret: as plain text, in hexadecimal, in base64 at most twice,
    /// or with any of these escaped as in URLs, string literals or XML, up to [`MAX_ESCAPES`] times.
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        let Some(forms) = &self.forms else { return false };
        let forms = forms.read().unwrap_or_else(PoisonError::into_inner);
        // Only in some places of a URL is `+` a space.
        forms.are_in_escaped(bytes)
            || spaced(bytes).is_some_and(|spaced| forms.are_in_escaped(&spaced))
    }
}

/// The encoded forms of the secrets. Tenants can have very many secrets, so forms are indexed by
/// their first bytes, and the search time does not depend on their number.
#[derive(Default)]
struct Forms {
    /// Texts shorter than the indexed beginning.
    short: Vec<Form>,
    long: Begun,
    /// Lowercase hexadecimal.
    hex: Begun,
}

type Form = Zeroizing<Vec<u8>>;
type Begun = HashMap<[u8; BEGINNING], Vec<Form>>;

impl Forms {
    fn add(&mut self, secret: &Secret) {
        let text = secret.dangerous_reveal();
        if text.len() < BEGINNING && !self.short.iter().any(|known| **known == text) {
            self.short.push(Zeroizing::new(text.to_vec()));
        }
        insert(&mut self.long, Zeroizing::new(text.to_vec()));
        // A secret that itself looks escaped is decoded together with the text that contains it.
        let mut plain = escapes::decoded(text);
        while let Some(text) = plain {
            plain = escapes::decoded(&text);
            insert(&mut self.long, text);
        }
        self.add_encoded(text);
        // Only the scheme knows which of them is the key; all of them must be hidden.
        let keys = possible_keys(secret).into_iter();
        for key in keys.filter(|key| key.len() >= BEGINNING && **key != text) {
            self.add_encoded(&key);
            insert(&mut self.long, key);
        }
    }

    fn add_encoded(&mut self, bytes: &[u8]) {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        insert(&mut self.hex, Zeroizing::new(hex.into_bytes()));
        for alphabet in [&STANDARD, &URL_SAFE] {
            let encoder = GeneralPurpose::new(alphabet, UNPADDED);
            for shift in 0..3 {
                insert(&mut self.long, in_the_midst_of(&encoder, bytes, shift));
            }
        }
    }

    fn add_all(&mut self, others: &Self) {
        for form in &others.short {
            if !self.short.contains(form) {
                self.short.push(form.clone());
            }
        }
        for (mine, theirs) in [(&mut self.long, &others.long), (&mut self.hex, &others.hex)] {
            theirs.values().flatten().for_each(|form| insert(mine, form.clone()));
        }
    }

    /// Whether a secret is in the text, or in what it decodes to.
    fn are_in_escaped(&self, text: &[u8]) -> bool {
        let mut plain: Option<Form> = None;
        for _ in 0..=MAX_ESCAPES {
            let text = plain.as_ref().map_or(text, |plain| &plain[..]);
            let is_in = self.are_in(text)
                || self.are_in_base64(text)
                || (plain.is_some() && spaced(text).is_some_and(|spaced| self.are_in(&spaced)));
            if is_in {
                return true;
            }
            match escapes::decoded(text) {
                Some(decoded) => plain = Some(decoded),
                None => return false,
            }
        }
        // It is escaped more often than any program needs.
        true
    }

    /// Whether a secret is in what a part of the text encodes in base64. The search for encoded
    /// forms finds only what is encoded once.
    fn are_in_base64(&self, text: &[u8]) -> bool {
        let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
        let runs = text.split(|byte| !is_base64(byte)).filter(|run| run.len() >= MIN_RUN);
        // A character before it may belong to something else, such as a path.
        runs.flat_map(|run| (0..4).map(move |start| &run[start..])).any(|run| {
            let decoded = from_base64(run);
            let is_in = |bytes: &[u8]| self.are_long_in(bytes);
            is_in(&decoded) || escapes::decoded(&decoded).is_some_and(|plain| is_in(&plain))
        })
    }

    fn are_in(&self, bytes: &[u8]) -> bool {
        self.short.iter().any(|form| memmem::find(bytes, form).is_some()) || self.are_long_in(bytes)
    }

    fn are_long_in(&self, bytes: &[u8]) -> bool {
        let lower = Zeroizing::new(bytes.to_ascii_lowercase());
        is_any_in(&self.long, bytes) || is_any_in(&self.hex, &lower)
    }
}

fn insert(begun: &mut Begun, form: Form) {
    if let Some(beginning) = form.first_chunk() {
        let forms = begun.entry(*beginning).or_default();
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
}

fn is_any_in(begun: &Begun, bytes: &[u8]) -> bool {
    let starts = (0..bytes.len()).map(|start| &bytes[start..]);
    let mut starts = starts.filter_map(|rest| Some((begun.get(rest.first_chunk()?)?, rest)));
    !begun.is_empty() && starts.any(|(forms, rest)| forms.iter().any(|form| rest.starts_with(form)))
}

/// The text with a space for each `+`, if it has one.
fn spaced(bytes: &[u8]) -> Option<Form> {
    memchr(b'+', bytes)?;
    let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    Some(Zeroizing::new(bytes.iter().map(space).collect()))
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

/// The base64 characters that encode these bytes regardless of the bytes before and after them, if
/// the number of bytes before them is `shift` modulo three.
fn in_the_midst_of(encoder: &GeneralPurpose, bytes: &[u8], shift: usize) -> Form {
    let shifted = Zeroizing::new([&[0; 2][..shift], bytes].concat());
    let encoded = Zeroizing::new(encoder.encode(&*shifted));
    let of_both = [0, 2, 3][shift];
    let cut = usize::from(!shifted.len().is_multiple_of(3));
    let certain = encoded.as_bytes().get(of_both..encoded.len() - cut).unwrap_or_default();
    Zeroizing::new(certain.to_vec())
}

const UNPADDED: GeneralPurposeConfig = GeneralPurposeConfig::new().with_encode_padding(false);
/// Shorter forms would match by chance. The plain secret is searched for at any length.
const BEGINNING: usize = 8;
/// The length of the shortest text in base64 that is decoded: of [`BEGINNING`] bytes.
const MIN_RUN: usize = BEGINNING * 4 / 3;
/// How many times a text can be escaped.
const MAX_ESCAPES: usize = 4;

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;

    use super::*;

    fn hidden(secret: &str) -> KnownSecrets {
        let hidden = KnownSecrets::new();
        hidden.add(&Secret::new(secret).unwrap());
        hidden
    }

    /// The secrets of a configuration that is reloaded while the program has the others.
    fn running_again(running: &KnownSecrets) -> KnownSecrets {
        let fresh = running.for_reload();
        fresh.add(&Secret::new("the new secret").unwrap());
        fresh
    }

    fn escaped(text: &str, escape: impl Fn(u16) -> String) -> String {
        text.encode_utf16().map(escape).collect()
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = "It's a \"Secret\" / to Everybody";
        let hidden = hidden(secret);
        let base64 = |text: &str| general_purpose::STANDARD.encode(text);
        for text in [
            format!("Bearer {secret}."),
            format!("Basic {}", base64(&format!("user:{secret}"))),
            base64(&format!("u:{secret}!")),
            base64(secret),
            general_purpose::URL_SAFE_NO_PAD.encode(format!("?>{secret}")),
            secret.bytes().map(|byte| format!("{byte:02X}")).collect(),
            serde_json::json!({ "a": secret }).to_string(),
            serde_json::json!({ "a": secret }).to_string().replace('/', "\\/"),
            "a=It%27s+a+%22Secret%22+%2f+to%20Everybody&b".to_owned(),
            escaped(secret, |unit| format!("\\u{unit:04x}")),
            escaped(secret, |unit| format!("\\\\u{unit:04X}")),
            serde_json::json!(serde_json::json!({ "a": secret }).to_string()).to_string(),
            escaped(secret, |unit| format!("&#{unit};")),
            escaped(secret, |unit| format!("&#x{unit:X};")),
            "<a>It&apos;s a &quot;Secret&quot; / to Everybody</a>".to_owned(),
            escaped(secret, |unit| format!("\\x{unit:02x}")),
            escaped(secret, |unit| format!("\\u{{{unit:x}}}")),
            escaped(secret, |unit| format!("%25{unit:02X}")),
            escaped(secret, |unit| format!("%252525{unit:02X}")),
            escaped(secret, |unit| format!("%5Cu{unit:04x}")),
            escaped(secret, |unit| format!("%26%23{unit}%3B")),
            "a=It%2527s%2Ba%2B%2522Secret%2522%2B%252f%2Bto%2BEverybody".to_owned(),
            base64(&base64(secret)),
            format!("/x/{}", base64(&format!("user:{}", base64(&format!("user:{secret}"))))),
            base64(&escaped(secret, |unit| format!("%{unit:02X}"))),
            general_purpose::URL_SAFE_NO_PAD.encode(base64(secret)).replace('Q', "%51"),
        ] {
            assert!(hidden.is_in(text.as_bytes()), "{text}");
        }
        for text in ["", "It's a secret", "{\"a\":1}", "%zz+%", "\\", "\\u", "&", "&#;&#x;"] {
            assert!(!hidden.is_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_secret_that_looks_escaped_is_found_in_text_that_is_escaped() {
        let secret = r"100%25 of \u0041ll &amp; %41";
        let hidden = hidden(secret);
        let json = serde_json::json!({ "a": secret, "b": "50%25", "\"": 1 }).to_string();
        for text in [secret, &json, &json.replace('%', "%25")] {
            assert!(hidden.is_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_escaped_too_often_counts_as_a_secret_and_ordinary_text_does_not() {
        let hidden = hidden("the secret itself");
        assert!(hidden.is_in(b"%2525252541"));
        let bytes: Vec<u8> = (0..10_000_u32).flat_map(|it| (it * it * 7).to_be_bytes()).collect();
        let base64 = general_purpose::STANDARD.encode(&bytes);
        for text in [&bytes[..], base64.as_bytes(), br#"{"a":"b\n50% & more","c":"%2541"}"#] {
            assert!(!hidden.is_in(text));
        }
    }

    #[test]
    fn what_a_secret_decodes_to_is_found_too() {
        let key = b"\x00\xff a key of bytes \x80\x81";
        let base64 = general_purpose::STANDARD.encode(key);
        let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        for secret in [base64.clone(), format!("whsec_{base64}"), hex.to_uppercase()] {
            let hidden = hidden(&secret);
            for text in [&key[..], base64.as_bytes(), hex.as_bytes()] {
                assert!(hidden.is_in(&[b"a ", text, b" b"].concat()), "{secret}: {text:?}");
            }
        }
    }

    #[test]
    fn a_secret_whose_key_is_unescaped_is_found_in_both_forms() {
        let (escaped, key) = ("ab&amp;cd-&#039;secret&#039;", "ab&cd-'secret'");
        for secret in [escaped, key] {
            let hidden = hidden(secret);
            for text in [escaped, key, "ab%26cd-%27secret%27", "ab\\u0026cd-'secret'"] {
                assert!(hidden.is_in(text.as_bytes()), "{secret}: {text}");
            }
        }
        assert!(hidden(escaped).is_in(general_purpose::STANDARD.encode(key).as_bytes()));
    }

    #[test]
    fn a_short_secret_is_found_as_it_is_and_hides_nothing_else() {
        let hidden = hidden("abcd");
        assert!(hidden.is_in(b"xabcdx"));
        assert!(!hidden.is_in(&[0xab, 0xcd]));
        assert!(!hidden.is_in(b"YWJjZA"));
    }

    #[test]
    fn what_is_read_again_is_hidden_besides() {
        let running = hidden("the old secret");
        running.add_all(&hidden("the new secret"));
        running.add_all(&hidden("the new secret"));
        assert!(running.is_in(b"the old secret") && running.is_in(b"the new secret"));
        let forms = running.forms.unwrap().into_inner().unwrap();
        assert_eq!(forms.hex.values().flatten().count(), 2);
        let fresh = running_again(&hidden("the old secret"));
        assert!(fresh.is_in(b"the new secret") && !fresh.is_in(b"the old secret"));
        let nothing = KnownSecrets::nothing();
        assert!(!running_again(&nothing).is_in(b"the new secret"));
        nothing.add(&Secret::new("secret").unwrap());
        assert!(!nothing.is_in(b"secret"));
    }
}
