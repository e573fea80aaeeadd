//! Verifies signatures with unchecked schemes, for tools.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::keyring::Keyring;
use super::{SecretSource, Verified, Verifier};
use crate::error::{ConfigError, VerifyError};
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::UncheckedScheme;
use crate::secret::Secrets;
use crate::time::clock::Clock;
use crate::time::tolerance::Tolerance;

/// Finds out whether a signature of a delivery matches an unchecked scheme, for tools.
///
/// It ignores what a [`Verifier`] rejects although the signature matches: the age of the timestamp,
/// the size of the body, the form of the body and the timestamp, and handshakes. So it must not
/// decide whether a delivery is received, and its result is not a [`Verified`].
pub struct UncheckedVerifier(Verifier);

impl UncheckedVerifier {
    /// Creates a verifier. `url` is the URL that the provider calls, for the schemes that sign it.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`] and [`Verifier::with_public_url`].
    pub fn new(
        scheme: &UncheckedScheme,
        url: Option<PublicUrl>,
        secrets: impl Into<Secrets>,
    ) -> Result<Self, ConfigError> {
        let lenient = scheme.lenient();
        if url.is_none() {
            Verifier::reject_unknown_url(&lenient)?;
        }
        // Custom signing code gets the original: it could keep a copy.
        let prepared = if lenient.is_data() { &lenient } else { scheme.original() };
        let keyring = Keyring::prepare(prepared, &secrets.into())?;
        let mut verifier = Verifier::build(lenient, keyring, SecretSource::Inside, url)?
            .with_body_limit(usize::MAX)
            .with_tolerance(any_time());
        Arc::make_mut(&mut verifier.inner).original = Some(scheme.shared_original());
        Ok(Self(verifier))
    }

    /// Sets the clock by which secrets are valid. Defaults to the operating system's clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self(self.0.with_clock(clock))
    }

    /// Finds out whether a signature matches.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the reason why none matches.
    pub fn verify<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
        body: impl Into<Bytes>,
    ) -> Result<SignatureMatch, VerifyError> {
        self.0.verify(head, body).map(SignatureMatch)
    }
}

impl fmt::Debug for UncheckedVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UncheckedVerifier")
            .field("scheme", &self.0.scheme().name())
            .finish_non_exhaustive()
    }
}

/// A signature of a delivery matches, from an [`UncheckedVerifier`]. It says nothing about whether a
/// receiver accepts the delivery.
#[must_use]
pub struct SignatureMatch(Verified);

impl SignatureMatch {
    /// The index of the secret that signed the delivery.
    #[must_use]
    pub fn secret_index(&self) -> usize {
        self.0.secret_index()
    }

    /// The signed timestamp, in Unix milliseconds; `None` if none is read.
    #[must_use]
    pub fn signed_at_unix_ms(&self) -> Option<i64> {
        self.0.signed_at_unix_ms()
    }

    /// The signed body: decoded, if the scheme signs the decoded body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        self.0.body()
    }

    /// Returns the [`body`](Self::body) and drops the rest.
    #[must_use]
    pub fn into_body(self) -> Bytes {
        self.0.into_body()
    }
}

impl fmt::Debug for SignatureMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureMatch")
            .field("secret_index", &self.secret_index())
            .finish_non_exhaustive()
    }
}

fn any_time() -> Tolerance {
    Tolerance::symmetric(Duration::ZERO)
        .dangerous_without_past_limit()
        .dangerous_without_future_limit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom::{
        BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignatureCoverage, SignedRequest,
        VerifyRequest,
    };
    use crate::error::VerifyErrorKind;
    use crate::scheme::Scheme;
    use crate::secret::Secret;
    use crate::time::unit::TimestampUnit;
    use crate::verify::sign::Signer;

    fn secret() -> Secret {
        Secret::new("secret").unwrap()
    }

    #[test]
    fn a_signature_can_match_although_a_receiver_rejects_the_delivery() {
        let scheme = Scheme::builder("acme")
            .signature_header("X-Signature")
            .signed_payload("{ts}{body}")
            .timestamp_header("X-Timestamp", TimestampUnit::Seconds)
            .build()
            .unwrap();
        let signer = Signer::new(scheme.clone(), secret()).unwrap().at_unix_ms(1000);
        let headers = signer.sign(b"body").unwrap();
        let verifier = Verifier::new(scheme.clone(), secret()).unwrap();
        let rejected = verifier.verify(&headers, "body").unwrap_err();
        assert_eq!(rejected.kind(), VerifyErrorKind::MalformedTimestamp);

        let unchecked = UncheckedScheme::new(scheme.clone());
        let verifier = UncheckedVerifier::new(&unchecked, None, secret()).unwrap();
        let found = verifier.verify(&headers, "body").unwrap();
        assert_eq!((found.secret_index(), found.signed_at_unix_ms()), (0, Some(1000)));
        assert_eq!(found.body(), "body");
        assert!(verifier.verify(&headers, "other").is_err());

        let unread = unchecked.with_literal_timestamp("1");
        let verifier = UncheckedVerifier::new(&unread, None, secret()).unwrap();
        assert_eq!(verifier.verify(&headers, "body").unwrap().signed_at_unix_ms(), None);
        assert_eq!(unread.original(), &scheme);
    }

    #[test]
    fn a_url_is_required_if_the_changed_scheme_signs_it() {
        let scheme = Scheme::builder("acme").signature_header("X-Signature");
        let scheme = UncheckedScheme::new(scheme.signed_payload("{body}").build().unwrap());
        let scheme = scheme.with_signed_payload("{url}{body}").unwrap();
        let error = UncheckedVerifier::new(&scheme, None, secret()).unwrap_err();
        assert!(matches!(error, ConfigError::UrlRequired { .. }), "{error}");
    }

    /// Signs the body, and keeps the scheme that it is given.
    struct Body;

    impl CustomScheme for Body {
        type Key = (Scheme, MacKey);

        fn covers(&self) -> SignatureCoverage {
            SignatureCoverage::Body
        }

        fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<Self::Key, ConfigError> {
            Ok((scheme.clone(), MacKey::new(scheme, secret)?))
        }

        fn begin(
            &self,
            request: &VerifyRequest<'_>,
            keys: LiveKeys<Self::Key>,
        ) -> Result<BodyCheck, VerifyError> {
            for (scheme, _) in keys.iter().map(|key| key.key()) {
                for given in [scheme, request.scheme()] {
                    assert_eq!(given.body_begins_with(), b"{");
                    assert_eq!(given.timestamp_unit(), Some(TimestampUnit::Seconds));
                }
            }
            assert!(request.body_begins_with().is_empty());
            assert_eq!(request.timestamp()?.1, 1);
            Err(VerifyErrorKind::SignatureMismatch.into())
        }

        fn sign(&self, _: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
            Ok(SignedRequest::with_headers([("X-Signature", String::new())]))
        }
    }

    #[test]
    fn custom_signing_code_gets_the_original_scheme() {
        let scheme = Scheme::builder("acme")
            .signature_header("X-Signature")
            .signed_payload("the body")
            .timestamp_header("X-Timestamp", TimestampUnit::Seconds)
            .body_begins_with("{")
            .rule(Body)
            .build()
            .unwrap();
        let changed = UncheckedScheme::new(scheme).with_timestamp_unit(TimestampUnit::Milliseconds);
        let verifier = UncheckedVerifier::new(&changed, None, secret()).unwrap();
        let rejected = verifier.verify(&[("x-timestamp", "1")], "body").unwrap_err();
        assert_eq!(rejected.kind(), VerifyErrorKind::SignatureMismatch);
    }
}
