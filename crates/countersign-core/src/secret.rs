//! Signing secrets: never empty, never shown, wiped when dropped.

mod format;
mod read;
mod warning;

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

pub use warning::{SecretWarning, SecretWarningKind};

use crate::error::{ConfigError, SecretProblem};
use crate::rule::KeyResolver;
use crate::scheme::{Scheme, SecretFormat};
use crate::validity::Validity;

/// One signing secret.
///
/// [`Secret::new`] takes it as the provider shows it and leaves the decoding to
/// the scheme, which knows that `whsec_…` is text at Stripe and base64 at Svix.
/// So do [`Secret::from_env`] and [`Secret::from_file`], which read it first. The
/// other constructors say the format themselves, whatever the scheme says.
///
/// A secret is never empty, has no `Display` and no equality, its `Debug` is
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
    /// The secret as the provider shows it, to be decoded as the scheme says.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where it is empty, or nothing but white space.
    pub fn new(as_shown: impl Into<String>) -> Result<Self, ConfigError> {
        let text = Zeroizing::new(as_shown.into());
        not_blank(&text)?;
        Ok(Self { source: Source::AsShown(text), name: None, validity: Validity::ALWAYS })
    }

    /// The UTF-8 bytes of `text` are the key, `whsec_` and all.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where it is empty, or nothing but white space.
    pub fn from_text(text: impl Into<String>) -> Result<Self, ConfigError> {
        let text = Zeroizing::new(text.into());
        not_blank(&text)?;
        Self::from_bytes(text.as_bytes())
    }

    /// The key is what the hexadecimal `text` decodes to; either case will do.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where it is empty or is not hexadecimal.
    pub fn from_hex(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Hex)
    }

    /// The key is what the base64 `text` decodes to; padding is optional.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where it is empty, decodes to nothing, or is not
    /// base64 of the standard alphabet.
    pub fn from_base64(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Base64)
    }

    /// The key is what the base64 behind the optional prefix `whsec_` decodes
    /// to, as Standard Webhooks has it. `v1,` may stand in front of the prefix.
    ///
    /// # Errors
    ///
    /// As [`from_base64`](Self::from_base64), and if it is several joined by `|`,
    /// which only [`Secret::new`] takes.
    pub fn from_whsec(text: impl Into<String>) -> Result<Self, ConfigError> {
        Self::decoded(text.into(), SecretFormat::Whsec)
    }

    /// These bytes are the key.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where there are none.
    pub fn from_bytes(key: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let key = Zeroizing::new(key.as_ref().to_vec());
        if key.is_empty() {
            return Err(SecretProblem::Empty.into());
        }
        Ok(Self { source: Source::Key(key), name: None, validity: Validity::ALWAYS })
    }

    /// The secret itself: its text as it was given, or the key that it was
    /// decoded to. For a key that a provider has handed over and that has to be
    /// kept or shown to its owner; it must reach no log.
    #[must_use]
    pub fn dangerous_reveal(&self) -> &[u8] {
        match &self.source {
            Source::AsShown(text) => text.as_bytes(),
            Source::Key(key) => key,
        }
    }

    /// Gives the secret a name, by which [`Verified`](crate::Verified) says
    /// which one matched. The name is not secret: it appears in logs.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into().into_boxed_str());
        self
    }

    /// From when on it is accepted, in Unix milliseconds, by the verifier's
    /// clock: that millisecond is the first. Defaults to always.
    ///
    /// Outside of its time a secret has signed nothing, as if it were not there.
    /// A [`Signer`](crate::Signer) signs with it all the same.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets};
    ///
    /// // 2026-12-01T00:00:00Z: from there on for a day, both.
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

    /// Until when it is accepted, in Unix milliseconds, by the verifier's clock:
    /// that millisecond is the last. Defaults to always.
    #[must_use]
    pub fn valid_until_unix_ms(mut self, unix_ms: i64) -> Self {
        self.validity.until_unix_ms = unix_ms;
        self
    }

    fn decoded(text: String, format: SecretFormat) -> Result<Self, ConfigError> {
        let key = format.decode_single(&Zeroizing::new(text))?;
        Ok(Self { source: Source::Key(key), name: None, validity: Validity::ALWAYS })
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn validity(&self) -> Validity {
        self.validity
    }

    /// The key's bytes, decoded by `format` unless the user has said a format.
    pub(crate) fn key(&self, format: SecretFormat) -> Result<Zeroizing<Vec<u8>>, SecretProblem> {
        match &self.source {
            Source::AsShown(text) => format.decode(text),
            Source::Key(key) => Ok(key.clone()),
        }
    }
}

#[cfg(feature = "diagnose")]
pub(crate) use warning::{is_blank, unquoted};

#[cfg(feature = "diagnose")]
impl Secret {
    /// The same secret a second time.
    pub(crate) fn again(&self) -> Self {
        let source = match &self.source {
            Source::AsShown(text) => Source::AsShown(text.clone()),
            Source::Key(key) => Source::Key(key.clone()),
        };
        Self { source, name: self.name.clone(), validity: self.validity }
    }

    /// The same, accepted at any time.
    pub(crate) fn again_at_any_time(&self) -> Self {
        Self { validity: Validity::ALWAYS, ..self.again() }
    }

    /// Whether it is the scheme that says how it is decoded.
    pub(crate) fn is_as_shown(&self) -> bool {
        matches!(self.source, Source::AsShown(_))
    }
}

impl Secret {
    /// The secret as text, for the schemes that show it as a token.
    pub(crate) fn text(&self, format: SecretFormat) -> String {
        let key = self.key(format).unwrap_or_default();
        String::from_utf8_lossy(&key).into_owned()
    }
}

/// A secret that is empty or blank is one that was forgotten: anybody could
/// compute its signatures.
fn not_blank(text: &str) -> Result<(), SecretProblem> {
    match text {
        "" => Err(SecretProblem::Empty),
        _ if text.chars().all(warning::is_blank) => Err(SecretProblem::Blank),
        _ => Ok(()),
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The live secrets of one endpoint, the current one first.
///
/// While a secret is being rotated both are live: a delivery is accepted when
/// any of them has signed it, and [`Verified`](crate::Verified) says which.
///
/// ```
/// use countersign_core::{Secret, Secrets};
///
/// let secrets = Secrets::new(Secret::new("new")?.named("2026-11"))
///     .with_previous(Secret::new("old")?.named("2026-05"));
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
pub struct Secrets {
    live: Vec<Secret>,
    resolver: Option<Arc<dyn KeyResolver>>,
}

impl Secrets {
    /// The current secret.
    #[must_use]
    pub fn new(current: Secret) -> Self {
        Self { live: vec![current], resolver: None }
    }

    /// No secret, but public keys that are looked up by what a delivery says of
    /// them, for the schemes whose deliveries name their key.
    #[must_use]
    pub fn resolved(resolver: impl KeyResolver + 'static) -> Self {
        Self { live: Vec::new(), resolver: Some(Arc::new(resolver)) }
    }

    /// Looks those public keys up that are not among the secrets, for the
    /// schemes whose deliveries name their key.
    #[must_use]
    pub fn with_resolver(mut self, resolver: impl KeyResolver + 'static) -> Self {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Adds one that is still accepted. Each is tried in the order given, at
    /// the cost of one more MAC for what none before it has signed.
    #[must_use]
    pub fn with_previous(mut self, previous: Secret) -> Self {
        self.live.push(previous);
        self
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Secret> {
        self.live.iter()
    }

    pub(crate) fn resolver(&self) -> Option<&Arc<dyn KeyResolver>> {
        self.resolver.as_ref()
    }

    /// The names of the secrets; behind them, without one, the resolver's keys.
    pub(crate) fn names(&self) -> impl Iterator<Item = Option<&str>> {
        self.iter().map(Secret::name).chain(self.resolver.as_ref().map(|_| None))
    }

    /// For the schemes whose deliveries name no key.
    pub(crate) fn refuse_resolver(&self, scheme: &Scheme) -> Result<(), ConfigError> {
        match self.resolver {
            Some(_) => Err(ConfigError::Resolver { scheme: scheme.name().to_owned() }),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "diagnose")]
impl Secrets {
    /// The same secrets a second time.
    pub(crate) fn again(&self) -> Self {
        self.with_live(self.live.iter().map(Secret::again).collect())
    }

    /// Others, with the same resolver.
    pub(crate) fn with_live(&self, live: Vec<Secret>) -> Self {
        Self { live, resolver: self.resolver.clone() }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("live", &self.live)
            .field("resolver", &self.resolver.is_some())
            .finish()
    }
}

impl From<Secret> for Secrets {
    fn from(current: Secret) -> Self {
        Self::new(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_secret_is_refused_by_every_constructor() {
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
    fn a_secret_of_nothing_but_white_space_is_refused() {
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
            let refused = SecretFormat::Basic.decode(pair).unwrap_err();
            assert_eq!(refused, SecretProblem::Blank, "{pair:?}");
        }
        // A key that was decoded may be any bytes.
        assert!(Secret::from_bytes([b' '; 32]).is_ok());
    }

    #[test]
    fn a_secret_that_decodes_to_nothing_is_refused() {
        let result = Secret::from_whsec("whsec_");
        assert!(matches!(
            result,
            Err(ConfigError::Secret { problem: SecretProblem::DecodesToNothing, .. })
        ));
    }

    #[test]
    fn what_is_not_base64_is_refused_and_never_used_as_text() {
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
