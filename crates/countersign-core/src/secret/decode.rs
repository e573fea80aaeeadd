//! Decodes secrets from the format in which a provider shows them.

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

use super::{Secret, Secrets, Source, not_zero};
use crate::crypto::blank::is_blank;
use crate::error::{ConfigError, SecretProblem};
use crate::secret::secret_format::SecretFormat;

/// A key, wiped when it is dropped.
type KeyBytes = Zeroizing<Vec<u8>>;

/// Secrets with one key each, and the index of the original secret of each.
type Split = (Secrets, Box<[usize]>);

impl Secrets {
    /// One secret for each key, if a text contains several keys. They share the
    /// name and the validity of the original secret. Also returns the index of the
    /// original secret for each. `None` if every text has one key.
    pub(crate) fn one_for_each_key(
        &self,
        format: SecretFormat,
    ) -> Result<Option<Split>, ConfigError> {
        let is_single = |secret: &Secret| match &secret.source {
            Source::AsShown(text) => !format.may_be_several(text),
            Source::Key(_) => true,
        };
        if self.live.iter().all(is_single) {
            return Ok(None);
        }
        let (mut live, mut numbers) = (Vec::new(), Vec::new());
        for (index, secret) in self.live.iter().enumerate() {
            let keys = match &secret.source {
                Source::AsShown(text) => format.keys(text),
                Source::Key(key) => Ok(vec![key.clone()]),
            };
            let keys =
                keys.map_err(|problem| ConfigError::Secret { problem, index: Some(index) })?;
            numbers.resize(numbers.len() + keys.len(), index);
            live.extend(keys.into_iter().map(|key| Secret {
                source: Source::Key(key),
                name: secret.name.clone(),
                validity: secret.validity,
            }));
        }
        Ok(Some((Self { live, resolver: self.resolver.clone() }, numbers.into())))
    }
}

impl Secret {
    /// Calls `seen` with every key that the secret has in any
    /// [format](SecretFormat), possibly several times with the same key. For a
    /// secret that was created with a format this is its only key.
    ///
    /// Two secrets with different texts can have the same key: `a&amp;b` in the
    /// format of WooCommerce and `a&b` in that of X (Twitter). Compare these keys
    /// to find a secret that two endpoints or tenants share. Never log them.
    pub fn for_each_possible_key(&self, mut seen: impl FnMut(&[u8])) {
        match &self.source {
            Source::AsShown(text) => {
                let formats = SecretFormat::ALL.iter();
                let keys = formats.filter_map(|(_, format)| format.keys(text).ok());
                keys.flatten().for_each(|key| seen(&key));
            }
            Source::Key(key) => seen(key),
        }
    }
}

impl SecretFormat {
    /// Decodes the key of a secret's text. If there are several, the one that signs.
    pub(crate) fn decode(self, text: &str) -> Result<KeyBytes, SecretProblem> {
        // `keys` always returns at least one.
        self.keys(text).map(|mut keys| keys.swap_remove(0))
    }

    /// Decodes the key of a text that must have exactly one key.
    pub(super) fn decode_single(self, text: &str) -> Result<KeyBytes, SecretProblem> {
        let mut keys = self.keys(text)?;
        match keys.pop() {
            Some(key) if keys.is_empty() => Ok(key),
            _ => Err(SecretProblem::Several),
        }
    }

    /// All keys of a secret's text, the one that signs first.
    fn keys(self, text: &str) -> Result<Vec<KeyBytes>, SecretProblem> {
        let keys = match self {
            Self::Whsec => text.split(JOINT).map(whsec_key).collect::<Result<_, _>>()?,
            Self::TextAndWhsec => both_readings(text),
            _ => vec![self.only_key(text)?],
        };
        if keys.iter().any(|key| key.is_empty()) {
            return Err(if text.is_empty() {
                SecretProblem::Empty
            } else {
                SecretProblem::DecodesToNothing
            });
        }
        keys.iter().try_for_each(|key| not_zero(key))?;
        Ok(keys)
    }

    /// Whether `text` may have more than one key.
    fn may_be_several(self, text: &str) -> bool {
        match self {
            Self::Whsec => text.contains(JOINT),
            Self::TextAndWhsec => true,
            _ => false,
        }
    }

    /// Decodes the key in the formats whose texts have one key.
    fn only_key(self, text: &str) -> Result<KeyBytes, SecretProblem> {
        Ok(match self {
            Self::Text | Self::TextAndWhsec => text_key(text),
            Self::Hex => {
                // `const_hex` would also accept the prefix `0x`, which is not hexadecimal.
                if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(SecretProblem::NotHex);
                }
                Zeroizing::new(const_hex::decode(text).map_err(|_| SecretProblem::NotHex)?)
            }
            Self::Base64 => base64_key(text)?,
            Self::Whsec => whsec_key(text)?,
            Self::WhsecOrText => match text.strip_prefix(WHSEC) {
                Some(encoded) => base64_key(encoded)?,
                None => text_key(text),
            },
            Self::Whpk => base64_key(text.strip_prefix("whpk_").unwrap_or(text))?,
            Self::HtmlEntities => Zeroizing::new(unescape_html(text).as_bytes().to_vec()),
            Self::Basic if !text.contains(':') => return Err(SecretProblem::NotUserAndPassword),
            Self::Basic if text.chars().all(|it| it == ':' || is_blank(it)) => {
                return Err(SecretProblem::Blank);
            }
            Self::Basic => Zeroizing::new(STANDARD.encode(text).into_bytes()),
        })
    }
}

/// Decodes the base64 after an optional `whsec_`. Some providers show the version of
/// the signature before that prefix (`v1,whsec_…`).
fn whsec_key(text: &str) -> Result<KeyBytes, SecretProblem> {
    let text = text.strip_prefix(SIGNATURE_VERSION).unwrap_or(text);
    base64_key(text.strip_prefix(WHSEC).unwrap_or(text))
}

/// The keys of a text that is used in two ways: the whole text as bytes, and the
/// decoded base64 after an optional `whsec_`, if it is base64. With the prefix the
/// decoded key signs, without it the text.
fn both_readings(text: &str) -> Vec<KeyBytes> {
    let encoded = text.strip_prefix(WHSEC);
    let decoded = base64_key(encoded.unwrap_or(text)).ok().filter(|key| !key.is_empty());
    let mut keys = Vec::from_iter(decoded);
    let at = if encoded.is_some() { keys.len() } else { 0 };
    keys.insert(at, text_key(text));
    keys
}

fn text_key(text: &str) -> KeyBytes {
    Zeroizing::new(text.as_bytes().to_vec())
}

fn base64_key(text: &str) -> Result<KeyBytes, SecretProblem> {
    PADDING_OPTIONAL.decode(text).map(Zeroizing::new).map_err(|_| SecretProblem::NotBase64)
}

/// Decodes the five characters that WordPress escapes in an attribute.
fn unescape_html(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, entity) = HTML_ENTITIES
            .iter()
            .find(|(_, entity)| rest.starts_with(entity))
            .copied()
            .unwrap_or(('&', "&"));
        plain.push(character);
        rest = &rest[entity.len()..];
    }
    plain.push_str(rest);
    plain
}

const HTML_ENTITIES: [(char, &str); 6] = [
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('"', "&quot;"),
    ('\'', "&#039;"),
    ('\'', "&#39;"),
];

const PADDING_OPTIONAL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const WHSEC: &str = "whsec_";

/// Separates several secrets in one text. It is not in the alphabet of base64.
const JOINT: char = '|';

const SIGNATURE_VERSION: &str = "v1,";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_decides_how_a_text_becomes_a_key() {
        let text = "whsec_YWJj";
        for (format, key) in [
            (SecretFormat::Text, &b"whsec_YWJj"[..]),
            (SecretFormat::Whsec, b"abc"),
            (SecretFormat::WhsecOrText, b"abc"),
        ] {
            assert_eq!(format.decode(text).unwrap().as_slice(), key, "{format:?}");
        }
        assert_eq!(SecretFormat::WhsecOrText.decode("YWJj").unwrap().as_slice(), b"YWJj");
        assert_eq!(SecretFormat::Whsec.decode("YWJj").unwrap().as_slice(), b"abc");
        assert_eq!(SecretFormat::Base64.decode("YQ").unwrap().as_slice(), b"a");
        assert_eq!(SecretFormat::Hex.decode("0aFF").unwrap().as_slice(), [0x0a, 0xff]);
        assert_eq!(
            SecretFormat::HtmlEntities.decode("a&amp;b&#039;&x&lt;").unwrap().as_slice(),
            b"a&b'&x<"
        );
        let basic = SecretFormat::Basic.decode("Aladdin:open sesame").unwrap();
        assert_eq!(basic.as_slice(), b"QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn the_possible_keys_of_a_text_are_its_keys_in_every_format() {
        for (word, format) in SecretFormat::ALL {
            let (text, key): (_, &[u8]) = match format {
                SecretFormat::Text => (" whsec_a", b" whsec_a"),
                SecretFormat::Hex => ("0aFF", b"\x0a\xff"),
                SecretFormat::Base64 => ("YWI", b"ab"),
                SecretFormat::Whsec => ("v1,whsec_YWJj|v1,whsec_ZGVm", b"def"),
                SecretFormat::WhsecOrText => ("whsec_YWJj", b"abc"),
                SecretFormat::TextAndWhsec => ("YWJj", b"abc"),
                SecretFormat::Whpk => ("whpk_YWJj", b"abc"),
                SecretFormat::HtmlEntities => ("a&amp;b&#039;", b"a&b'"),
                SecretFormat::Basic => ("a:b", b"YTpi"),
            };
            let mut keys = Vec::new();
            Secret::new(text).unwrap().for_each_possible_key(|key| keys.push(key.to_vec()));
            assert!(keys.iter().any(|possible| possible == key), "{word}: {keys:?}");
            for key in format.keys(text).unwrap() {
                assert!(keys.contains(&key), "{word}: {key:?}");
            }
        }
        let mut keys = Vec::new();
        let secret = Secret::from_bytes(b"a&amp;b").unwrap();
        secret.for_each_possible_key(|key| keys.push(key.to_vec()));
        assert_eq!(keys, [b"a&amp;b"]);
    }

    #[test]
    fn a_text_that_decodes_to_only_zero_bytes_is_rejected_in_every_format() {
        let base64 = "AAAAAAAAAAAAAAAAAAAAAA==";
        for (format, text) in [
            (SecretFormat::Hex, "00".repeat(32)),
            (SecretFormat::Base64, base64.to_owned()),
            (SecretFormat::Whsec, format!("whsec_{base64}")),
            (SecretFormat::Whsec, format!("whsec_YWJj|whsec_{base64}")),
            (SecretFormat::WhsecOrText, format!("whsec_{base64}")),
            (SecretFormat::TextAndWhsec, format!("whsec_{base64}")),
            (SecretFormat::TextAndWhsec, base64.to_owned()),
            (SecretFormat::Whpk, format!("whpk_{base64}")),
        ] {
            let rejected = format.decode(&text).unwrap_err();
            assert_eq!(rejected, SecretProblem::OnlyZeros, "{format:?}: {text}");
        }
        assert!(SecretFormat::Text.decode("0000").is_ok());
    }

    #[test]
    fn a_password_without_its_user_is_rejected() {
        let rejected = SecretFormat::Basic.decode("open sesame").unwrap_err();
        assert_eq!(rejected, SecretProblem::NotUserAndPassword);
    }

    #[test]
    fn a_version_prefix_of_a_secret_is_skipped() {
        for text in ["v1,whsec_YWJj", "whsec_YWJj", "v1,YWJj", "YWJj"] {
            assert_eq!(SecretFormat::Whsec.decode(text).unwrap().as_slice(), b"abc", "{text}");
        }
        // In plain text the version is part of the secret.
        assert_eq!(SecretFormat::Text.decode("v1,a").unwrap().as_slice(), b"v1,a");
    }

    #[test]
    fn a_secret_in_base64_is_read_with_and_without_its_padding() {
        for text in ["whsec_YWI=", "whsec_YWI"] {
            assert_eq!(SecretFormat::Whsec.decode(text).unwrap().as_slice(), b"ab", "{text}");
        }
    }

    #[test]
    fn joined_secrets_are_several_keys_under_one_name() {
        let joined = Secret::new("v1,whsec_YWJj|v1,whsec_ZGVm").unwrap().named("2026");
        let secrets = Secrets::new(joined).with_previous(Secret::new("whsec_Zw").unwrap());
        let (keys, numbers) = secrets.one_for_each_key(SecretFormat::Whsec).unwrap().unwrap();
        let keys: Vec<_> =
            keys.iter().map(|secret| (secret.name(), secret.dangerous_reveal())).collect();
        let named = Some("2026");
        assert_eq!(keys, [(named, &b"abc"[..]), (named, b"def"), (None, b"g")]);
        assert_eq!(*numbers, [0, 0, 1]);
    }

    #[test]
    fn joined_secrets_are_rejected_if_one_key_is_required() {
        let rejected = Secret::from_whsec("whsec_YWJj|whsec_ZGVm").unwrap_err();
        assert!(matches!(rejected, ConfigError::Secret { problem: SecretProblem::Several, .. }));
    }

    #[test]
    fn an_invalid_secret_among_joined_ones_is_named_by_its_number() {
        for (text, problem) in [
            ("whsec_YWJj|", SecretProblem::DecodesToNothing),
            ("whsec_YWJj|not base64!", SecretProblem::NotBase64),
        ] {
            assert_eq!(SecretFormat::Whsec.decode(text).unwrap_err(), problem, "{text}");
            let secrets = Secrets::new(Secret::new("whsec_YWJj").unwrap())
                .with_previous(Secret::new(text).unwrap());
            assert!(matches!(
                secrets.one_for_each_key(SecretFormat::Whsec),
                Err(ConfigError::Secret { problem: found, index: Some(1) }) if found == problem
            ));
        }
    }

    #[test]
    fn an_ambiguous_secret_is_both_keys_and_its_prefix_selects_the_signing_key() {
        let keys = |text| {
            let keys = SecretFormat::TextAndWhsec.keys(text).unwrap();
            keys.into_iter().map(|key| key.to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(keys("whsec_YWJj"), [&b"abc"[..], b"whsec_YWJj"]);
        assert_eq!(keys("YWJj"), [&b"YWJj"[..], b"abc"]);
        assert_eq!(keys("polar_whs_YWJj"), [&b"polar_whs_YWJj"[..]]);
        assert_eq!(keys("whsec_"), [&b"whsec_"[..]]);
    }
}
