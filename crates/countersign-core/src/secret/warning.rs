//! Warnings for secrets that are usable but probably not what the provider shows.

use std::borrow::Cow;
use std::fmt;

use super::odd_form::odd_form;
use super::{Secret, Secrets};
use crate::crypto::algorithm::Algorithm;
use crate::crypto::blank::{BYTE_ORDER_MARK, is_blank};
use crate::secret::secret_format::SecretFormat;

/// A warning that a secret of an endpoint looks wrong. The secret is used anyway. The
/// warning contains no part of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretWarning {
    kind: SecretWarningKind,
    index: usize,
    name: Option<Box<str>>,
}

/// What looks wrong with a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretWarningKind {
    /// Its key has fewer than 16 bytes: it can be found by brute force.
    #[non_exhaustive]
    Short {
        /// The length of the key, in bytes.
        bytes: usize,
    },
    /// It has quotes around it.
    InQuotes,
    /// It has white space around it.
    SurroundingWhitespace,
    /// It begins with a byte order mark, which some editors add to a file.
    ByteOrderMark,
    /// It is a JSON object, not a value in it.
    Json,
    /// It is masked or cut off: it has `***` or `•••` in it, or ends with `...`.
    Masked,
    /// It has several lines.
    SeveralLines,
    /// It begins with the name of a variable and `=`.
    WithName,
}

impl SecretWarning {
    /// What looks wrong with the secret.
    #[must_use]
    pub fn kind(&self) -> SecretWarningKind {
        self.kind
    }

    /// The index of the secret, counted from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The secret's [name](Secret::named).
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

impl SecretWarningKind {
    /// What looks wrong, as the rest of a sentence that begins with "the secret".
    #[must_use]
    pub fn problem(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Short { bytes } => {
                return Cow::Owned(format!(
                    "has a key of {bytes} bytes, and a key under {MIN_BYTES} bytes can be found by \
                     brute force"
                ));
            }
            Self::InQuotes => "has quotes around it",
            Self::SurroundingWhitespace => "has white space around it",
            Self::ByteOrderMark => "begins with a byte order mark",
            Self::Json => "is JSON",
            Self::Masked => "is masked or cut off: characters are replaced by `*` or dots",
            Self::SeveralLines => "has several lines",
            Self::WithName => "begins with the name of a variable and `=`",
        })
    }

    /// How to fix it.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::Short { .. } => "paste all of it, or create a longer secret",
            Self::InQuotes => "if the provider shows none, remove them",
            Self::SurroundingWhitespace => "if the provider shows none, remove it",
            Self::ByteOrderMark => "save it as UTF-8 without one",
            Self::Json => "store only the value of the secret, without the JSON around it",
            Self::Masked => "let the provider show the whole secret, and store that",
            Self::SeveralLines => "store only the secret, and each secret in its own place",
            Self::WithName => "store only what follows the `=`",
        }
    }
}

impl SecretWarning {
    /// The warnings about secrets that are used with this algorithm and in this format.
    pub(crate) fn all(secrets: &Secrets, algorithm: Algorithm, format: SecretFormat) -> Vec<Self> {
        let secrets = secrets.iter().enumerate();
        let warnings = secrets.flat_map(|(index, secret)| {
            let name = secret.name().map(Box::from);
            let kinds = kinds(secret, algorithm, format);
            kinds.map(move |kind| Self { kind, index, name: name.clone() })
        });
        warnings.collect()
    }
}

fn kinds(
    secret: &Secret,
    algorithm: Algorithm,
    format: SecretFormat,
) -> impl Iterator<Item = SecretWarningKind> + use<> {
    let text = std::str::from_utf8(secret.dangerous_reveal()).unwrap_or_default();
    let bare = text.strip_prefix(BYTE_ORDER_MARK);
    let marked = bare.is_some().then_some(SecretWarningKind::ByteOrderMark);
    let text = bare.unwrap_or(text);
    // PEM ends in a line break.
    let trimmed = if text.contains("-----") { text } else { text.trim_matches(is_blank) };
    let spaced = (trimmed != text).then_some(SecretWarningKind::SurroundingWhitespace);
    let quoted = unquoted(trimmed).is_some().then_some(SecretWarningKind::InQuotes);
    let form = form(text.trim_matches(is_blank), algorithm);
    marked
        .into_iter()
        .chain(spaced)
        .chain(quoted)
        .chain(form)
        .chain(short(secret, algorithm, format))
}

/// What is around or missing in a shared secret. Users choose tokens freely, and keys can be JSON or have lines.
fn form(text: &str, algorithm: Algorithm) -> Option<SecretWarningKind> {
    let is_checked = algorithm.is_shared() && algorithm != Algorithm::Token;
    is_checked.then(|| odd_form(text)).flatten()
}

/// A warning if a shared secret is too short. Public keys have fixed lengths.
fn short(secret: &Secret, algorithm: Algorithm, format: SecretFormat) -> Option<SecretWarningKind> {
    let bytes = match algorithm {
        algorithm if !algorithm.is_shared() => return None,
        // The text is the token; a password is given together with its user.
        Algorithm::Token => secret.dangerous_reveal().len(),
        _ => secret.key(format).ok()?.len(),
    };
    (bytes < MIN_BYTES).then_some(SecretWarningKind::Short { bytes })
}

/// The text between quotes; `None` if there are no quotes.
fn unquoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
}

impl fmt::Display for SecretWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "the secret `{name}` ")?,
            None => write!(f, "secret {} ", self.index)?,
        }
        write!(f, "{}: {}", self.kind.problem(), self.kind.fix())
    }
}

/// 128 bits.
const MIN_BYTES: usize = 16;
const QUOTES: [(char, char); 6] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»')];
