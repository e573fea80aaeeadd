//! Signing secrets: never empty, redacted in output, wiped when dropped.

pub(crate) mod asymmetric_text;
pub(crate) mod resolver;
pub(crate) mod secret_format;
pub(crate) mod tenants;

mod decode;
mod odd_form;
mod read;
mod secrets;
mod warning;

use std::fmt;

use zeroize::Zeroizing;

pub use secrets::Secrets;
pub use warning::{SecretWarning, SecretWarningKind};

use asymmetric_text::reject_asymmetric;

use crate::crypto::blank::is_blank;
use crate::error::{ConfigError, SecretProblem};
use crate::secret::secret_format::SecretFormat;
use crate::time::validity::Validity;

/// One signing secret.
///
/// [`Secret::new`] takes the secret as the provider shows it. The scheme decodes
/// it: `whsec_…` is text for Stripe and base64 for Svix. [`Secret::from_env`] and
/// [`Secret::from_file`] read the secret and do the same. The other constructors
/// set the format themselves and ignore the format of the scheme.
///
/// A secret is never empty. It has no `Display` and no equality, its `Debug` is
/// redacted, and its memory is wiped when it is dropped.
pub struct Secret {
    source: Source,
    name: Option<Box<str>>,
    validity: Validity,
}

enum Source {
    AsShown(Zeroizing<String>),
    Key(Zeroizing<Vec<u8>>),
}

impl Secret {
    /// Creates a secret from the text that the provider shows. The scheme decodes
    /// it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the text is empty or contains only white space.
    pub fn new(as_shown: impl Into<String>) -> Result<Self, ConfigError> {
        let text = Zeroizing::new(as_shown.into());
        not_blank(&text)?;
        Ok(Self { source: Source::AsShown(text), name: None, validity: Validity::ALWAYS })
    }

    /// Creates a secret whose key is the UTF-8 bytes of `text`, including a prefix
    /// such as `whsec_`.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the text is empty or contains only white space.
    pub fn from_text(text: impl Into<String>) -> Result<Self, ConfigError> {
        let text = Zeroizing::new(text.into());
        not_blank(&text)?;
        Self::from_bytes(text.as_bytes())
    }

    /// Creates a secret whose key is decoded from the hexadecimal `text`, in upper
    /// or lower case.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the text is empty or not hexadecimal, or decodes to
    /// only zero bytes.
    pub fn from_hex(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Hex)
    }

    /// Creates a secret whose key is decoded from the base64 `text`. Padding is
    /// optional.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the text is empty, decodes to no bytes or to only
    /// zero bytes, or is not base64 in the standard alphabet.
    pub fn from_base64(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Base64)
    }

    /// Creates a secret in the format of Standard Webhooks: the key is decoded from
    /// the base64 after the optional prefix `whsec_`. The prefix may be preceded by
    /// `v1,`.
    ///
    /// # Errors
    ///
    /// As [`from_base64`](Self::from_base64). Also if the text is several secrets
    /// joined by `|`, which only [`Secret::new`] accepts.
    pub fn from_whsec(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Whsec)
    }

    /// Creates a secret whose key is these bytes.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if there are no bytes, or only zero bytes.
    pub fn from_bytes(key: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let key = Zeroizing::new(key.as_ref().to_vec());
        if key.is_empty() {
            return Err(SecretProblem::Empty.into());
        }
        not_zero(&key)?;
        Ok(Self { source: Source::Key(key), name: None, validity: Validity::ALWAYS })
    }

    /// Reveals the secret: the text as it was given, or the decoded key. Use it to
    /// save a key that a provider sent in a handshake, or to show it to its owner.
    /// Never log it.
    #[must_use]
    pub fn dangerous_reveal(&self) -> &[u8] {
        match &self.source {
            Source::AsShown(text) => text.as_bytes(),
            Source::Key(key) => key,
        }
    }

    /// Sets the name of the secret. [`Verified`](crate::Verified) returns the name of
    /// the secret that matched. The name is not secret: it appears in logs.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into_boxed_str());
        self
    }

    /// Sets the start of the secret's validity, in Unix milliseconds, inclusive, by
    /// the verifier's clock. By default there is no start.
    ///
    /// Outside of its validity a secret is ignored: a signature does not match it. If no
    /// secret is valid, deliveries are rejected as
    /// [`Misconfigured`](crate::VerifyErrorKind::Misconfigured).
    /// A [`Signer`](crate::Signer) ignores the validity and signs with the secret.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets};
    ///
    /// // 2026-12-01T00:00:00Z: from then on, both are valid for one day.
    /// let change = 1_796_083_200_000;
    /// let secrets = Secrets::new(Secret::new("new")?.valid_from_unix_ms(change))
    ///     .with_previous(Secret::new("old")?.valid_until_unix_ms(change + 86_400_000));
    /// # Ok::<(), countersign_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn valid_from_unix_ms(mut self, unix_ms: i64) -> Self {
        self.validity.from_unix_ms = unix_ms;
        self
    }

    /// Sets the end of the secret's validity, in Unix milliseconds, inclusive, by
    /// the verifier's clock. By default there is no end.
    #[must_use]
    pub fn valid_until_unix_ms(mut self, unix_ms: i64) -> Self {
        self.validity.until_unix_ms = unix_ms;
        self
    }

    fn decoded(text: String, format: SecretFormat) -> Result<Self, ConfigError> {
        let key = format.decode_single(&Zeroizing::new(text))?;
        Ok(Self { source: Source::Key(key), name: None, validity: Validity::ALWAYS })
    }

    /// The [name](Self::named) of the secret, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether the secret is valid at this time, in Unix milliseconds.
    #[must_use]
    pub fn is_valid_at(&self, unix_ms: i64) -> bool {
        self.validity.contains(unix_ms)
    }

    pub(crate) fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether the scheme decodes the secret: it is the text that the provider shows. If not, a
    /// constructor has set the format.
    #[must_use]
    pub fn is_as_shown(&self) -> bool {
        matches!(self.source, Source::AsShown(_))
    }

    /// A copy of the secret, with its name and its validity. Dangerous: the secret is then in
    /// memory twice. The copy is wiped when it is dropped, too.
    #[must_use]
    pub fn dangerous_copy(&self) -> Self {
        let source = match &self.source {
            Source::AsShown(text) => Source::AsShown(text.clone()),
            Source::Key(key) => Source::Key(key.clone()),
        };
        Self { source, name: self.name.clone(), validity: self.validity }
    }

    /// The bytes of the key, decoded with `format`, unless it was given as bytes. For custom
    /// signing code; the bytes must not reach a log, an error or a response.
    ///
    /// # Errors
    ///
    /// The reason why the secret cannot be decoded.
    pub fn dangerous_key(&self, format: SecretFormat) -> Result<Zeroizing<Vec<u8>>, SecretProblem> {
        self.key(format)
    }

    /// The bytes of the key, decoded with `format`, unless the user set a format.
    pub(crate) fn key(&self, format: SecretFormat) -> Result<Zeroizing<Vec<u8>>, SecretProblem> {
        match &self.source {
            Source::AsShown(text) => format.decode(text),
            Source::Key(key) => Ok(key.clone()),
        }
    }

    /// The same for a scheme whose secrets are shared with the provider: rejects a public key, a
    /// certificate and a private key.
    ///
    /// # Errors
    ///
    /// [`SecretProblem::AsymmetricKey`], and the reason why the secret cannot be decoded.
    pub fn dangerous_shared_key(
        &self,
        format: SecretFormat,
    ) -> Result<Zeroizing<Vec<u8>>, SecretProblem> {
        reject_asymmetric(self.dangerous_reveal())?;
        let key = self.key(format)?;
        reject_asymmetric(&key)?;
        Ok(key)
    }

    /// The secret as text, decoded with `format`, for code that signs. The text must not reach a
    /// log, an error or a response.
    #[must_use]
    pub fn dangerous_text(&self, format: SecretFormat) -> String {
        let key = self.key(format).unwrap_or_default();
        String::from_utf8_lossy(&key).into_owned()
    }
}

/// Rejects a secret that is empty or blank: any client could compute its
/// signatures.
fn not_blank(text: &str) -> Result<(), SecretProblem> {
    match text {
        "" => Err(SecretProblem::Empty),
        _ if text.chars().all(is_blank) => Err(SecretProblem::Blank),
        _ => Ok(()),
    }
}

/// Rejects a key of only zero bytes: HMAC pads keys with zero bytes, so it is the same
/// as an empty key.
fn not_zero(key: &[u8]) -> Result<(), SecretProblem> {
    if key.iter().all(|byte| *byte == 0) { Err(SecretProblem::OnlyZeros) } else { Ok(()) }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_is_rejected_by_every_constructor() {
        for result in [
            Secret::new(""),
            Secret::from_text(""),
            Secret::from_hex(""),
            Secret::from_base64(""),
            Secret::from_whsec(""),
            Secret::from_bytes([]),
        ] {
            assert!(matches!(
                result,
                Err(ConfigError::Secret { problem: SecretProblem::Empty, .. })
            ));
        }
    }

    #[test]
    fn a_secret_of_only_white_space_is_rejected() {
        for blank in [" ", "   ", "\t\r\n", "\u{200b}", "\u{feff} \u{a0}", "\0"] {
            for result in [Secret::new(blank), Secret::from_text(blank)] {
                assert!(
                    matches!(
                        result,
                        Err(ConfigError::Secret { problem: SecretProblem::Blank, .. })
                    ),
                    "{blank:?}"
                );
            }
            let decoded = [Secret::from_hex(blank), Secret::from_base64(blank)];
            assert!(decoded.iter().all(Result::is_err), "{blank:?}");
        }
        for pair in [":", " : "] {
            let rejected = SecretFormat::Basic.decode(pair).unwrap_err();
            assert_eq!(rejected, SecretProblem::Blank, "{pair:?}");
        }
        // A decoded key may have any bytes.
        assert!(Secret::from_bytes([b' '; 32]).is_ok());
    }

    #[test]
    fn a_key_of_only_zero_bytes_is_rejected() {
        for result in [
            Secret::from_bytes([0]),
            Secret::from_bytes([0; 64]),
            Secret::from_hex("00".repeat(32)),
            Secret::from_base64("AAAA"),
            Secret::from_whsec("whsec_AAAAAAAAAAAAAAAAAAAAAA=="),
        ] {
            let Err(ConfigError::Secret { problem, .. }) = result else { panic!("{result:?}") };
            assert_eq!(problem, SecretProblem::OnlyZeros);
        }
        assert!(Secret::from_bytes([0, 0, 1]).is_ok() && Secret::from_text("0").is_ok());
    }

    #[test]
    fn a_secret_that_decodes_to_nothing_is_rejected() {
        let result = Secret::from_whsec("whsec_");
        assert!(matches!(
            result,
            Err(ConfigError::Secret { problem: SecretProblem::DecodesToNothing, .. })
        ));
    }

    #[test]
    fn invalid_base64_is_rejected_and_never_used_as_text() {
        for bad in ["whsec_not base64!", "whsec_@@@@", "whsec_A"] {
            let result = Secret::from_whsec(bad);
            assert!(
                matches!(
                    result,
                    Err(ConfigError::Secret { problem: SecretProblem::NotBase64, .. })
                ),
                "{bad}"
            );
        }
    }

    #[test]
    fn debug_names_a_secret_and_does_not_show_it() {
        let secret = Secret::new("hunter2").unwrap().named("2026-11");
        let shown = format!("{:?}", Secrets::new(secret));
        assert!(shown.contains("2026-11") && !shown.contains("hunter2"), "{shown}");
    }
}
