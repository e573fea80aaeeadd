//! Secrets that can be used, and that are most likely not what the provider shows.

use std::fmt;

use super::{Secret, Secrets};
use crate::scheme::{Algorithm, Scheme};

/// A secret of an endpoint that looks wrong, and that is used all the same. Holds
/// nothing of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretWarning {
    kind: SecretWarningKind,
    index: usize,
    name: Option<Box<str>>,
}

/// What looks wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SecretWarningKind {
    /// Its key has fewer than 16 bytes: it can be found by trying.
    #[non_exhaustive]
    Short {
        /// How many it has.
        bytes: usize,
    },
    /// It has quotes around it.
    InQuotes,
    /// It has white space around it.
    SurroundingWhitespace,
}

impl SecretWarning {
    /// What looks wrong.
    #[must_use]
    pub fn kind(&self) -> SecretWarningKind {
        self.kind
    }

    /// Which of the secrets it is, counted from 0.
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

impl Secrets {
    /// What looks wrong about these secrets, if this scheme uses them: a service
    /// logs it when it starts. Nothing here keeps them from being used.
    ///
    /// ```
    /// use countersign_core::{Scheme, Secret, Secrets};
    ///
    /// let secrets = Secrets::new(Secret::new("'a' ")?.named("GITHUB_SECRET"));
    /// for warning in secrets.warnings(&Scheme::named("github")?) {
    ///     eprintln!("warning: {warning}");
    /// }
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn warnings(&self, scheme: &Scheme) -> Vec<SecretWarning> {
        let secrets = self.iter().enumerate();
        let warnings = secrets.flat_map(|(index, secret)| {
            let name = secret.name().map(Box::from);
            kinds(secret, scheme).map(move |kind| SecretWarning { kind, index, name: name.clone() })
        });
        warnings.collect()
    }
}

fn kinds(secret: &Secret, scheme: &Scheme) -> impl Iterator<Item = SecretWarningKind> + use<> {
    let text = std::str::from_utf8(secret.dangerous_reveal()).unwrap_or_default();
    // What is in PEM ends in a line break.
    let trimmed = if text.contains("-----") { text } else { text.trim_matches(is_blank) };
    let spaced = (trimmed != text).then_some(SecretWarningKind::SurroundingWhitespace);
    let quoted = unquoted(trimmed).is_some().then_some(SecretWarningKind::InQuotes);
    spaced.into_iter().chain(quoted).chain(short(secret, scheme))
}

/// A shared secret that is too short. Public keys have a length of their own.
fn short(secret: &Secret, scheme: &Scheme) -> Option<SecretWarningKind> {
    let bytes = match scheme.algorithm() {
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 | Algorithm::Jwt => {
            return None;
        }
        // What is shown is the token; a password is shown with its user.
        Algorithm::Token => secret.dangerous_reveal().len(),
        _ => secret.key(scheme.secret_format()).ok()?.len(),
    };
    (bytes < LEAST_BYTES).then_some(SecretWarningKind::Short { bytes })
}

/// What stands in quotes.
pub(crate) fn unquoted(text: &str) -> Option<&str> {
    QUOTES.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
}

/// White space, and what is as invisible: it comes along when a text is copied
/// from a page.
pub(crate) fn is_blank(character: char) -> bool {
    character.is_whitespace() || character.is_control() || INVISIBLE.contains(&character)
}

impl fmt::Display for SecretWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "the secret `{name}` ")?,
            None => write!(f, "secret {} ", self.index)?,
        }
        match self.kind {
            SecretWarningKind::Short { bytes } => write!(
                f,
                "has a key of {bytes} bytes, and one under {LEAST_BYTES} can be found by trying: \
                 paste the whole of it, or make a longer one"
            ),
            SecretWarningKind::InQuotes => {
                f.write_str("has quotes around it: if the provider shows none, remove them")
            }
            SecretWarningKind::SurroundingWhitespace => {
                f.write_str("has white space around it: if the provider shows none, remove it")
            }
        }
    }
}

/// 128 bits.
const LEAST_BYTES: usize = 16;
const QUOTES: [(char, char); 6] =
    [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('«', '»')];
const INVISIBLE: [char; 3] = ['\u{200b}', '\u{2060}', '\u{feff}'];

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(scheme: &str, text: &str) -> Vec<SecretWarningKind> {
        let secrets = Secrets::new(Secret::new(text).unwrap());
        let warnings = secrets.warnings(&Scheme::named(scheme).unwrap());
        warnings.iter().map(SecretWarning::kind).collect()
    }

    #[test]
    fn a_short_secret_one_in_quotes_and_one_with_white_space_around_it_are_warned_of() {
        use SecretWarningKind::{InQuotes, Short, SurroundingWhitespace};
        let long = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";
        for (scheme, text, expected) in [
            ("github", "a", &[Short { bytes: 1 }][..]),
            ("svix", "whsec_abcd", &[Short { bytes: 3 }]),
            ("svix", long, &[]),
            ("github", "0123456789abcdef", &[]),
            ("github", "\"0123456789abcdef\"", &[InQuotes]),
            ("github", "‘0123456789abcdef’\u{200b}", &[SurroundingWhitespace, InQuotes]),
            ("github", "0123456789abcdef\n", &[SurroundingWhitespace]),
            ("gitlab-token", "token", &[Short { bytes: 5 }]),
            ("github", "'", &[Short { bytes: 1 }]),
        ] {
            assert_eq!(kinds(scheme, text), expected, "{scheme}: {text}");
        }
    }

    #[test]
    fn a_public_key_is_not_short_and_pem_may_end_in_a_line_break() {
        let key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(kinds("discord", key), []);
        let pem = "WEBHOOK\n-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n";
        assert_eq!(kinds("paypal", pem), []);
    }

    #[test]
    fn a_warning_names_the_secret_and_shows_nothing_of_it() {
        let secrets = Secrets::new(Secret::new("'hunter2'").unwrap().named("GITHUB"))
            .with_previous(Secret::new("hunter2").unwrap());
        let warnings = secrets.warnings(&Scheme::named("github").unwrap());
        let told: Vec<String> = warnings.iter().map(SecretWarning::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].starts_with("the secret `GITHUB` has quotes"), "{told:?}");
        assert!(told[2].starts_with("secret 1 has a key of 7 bytes"), "{told:?}");
        let shown = format!("{told:?}{warnings:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert_eq!((warnings[2].index(), warnings[2].name()), (1, None));
    }
}
