//! What all schemes have in common whose secrets are keys of the scheme's MAC.

use countersign_core::custom::{
    BodyCheck, CustomScheme, LiveKeys, MacKey, SignRequest, SignatureCoverage, SignedRequest,
    VerifyRequest,
};
use countersign_core::{ConfigError, Scheme, Secret, Secrets, VerifyError};

/// Signing code that consists of two functions: `begin` verifies and `sign` signs, as the methods of
/// a [`CustomScheme`] do.
pub(super) struct MacScheme<B, S> {
    begin: B,
    sign: S,
    coverage: SignatureCoverage,
    headers: Vec<&'static str>,
    check: fn(&Secrets) -> Result<(), ConfigError>,
}

impl<B, S> MacScheme<B, S>
where
    B: Fn(&VerifyRequest<'_>, LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> + Send + Sync,
    S: Fn(&SignRequest<'_>) -> Result<SignedRequest, ConfigError> + Send + Sync,
{
    /// The signature covers the body.
    pub(super) fn new(begin: B, sign: S) -> Self {
        Self {
            begin,
            sign,
            coverage: SignatureCoverage::Body,
            headers: Vec::new(),
            check: |_| Ok(()),
        }
    }

    /// Sets what the signature covers instead.
    pub(super) fn with_coverage(self, coverage: SignatureCoverage) -> Self {
        Self { coverage, ..self }
    }

    /// Sets the headers that the code reads in addition to those of the description.
    pub(super) fn with_headers(self, headers: impl Into<Vec<&'static str>>) -> Self {
        Self { headers: headers.into(), ..self }
    }

    /// Checks the secrets of a verifier together.
    pub(super) fn with_check(self, check: fn(&Secrets) -> Result<(), ConfigError>) -> Self {
        Self { check, ..self }
    }
}

impl<B, S> CustomScheme for MacScheme<B, S>
where
    B: Fn(&VerifyRequest<'_>, LiveKeys<MacKey>) -> Result<BodyCheck, VerifyError> + Send + Sync,
    S: Fn(&SignRequest<'_>) -> Result<SignedRequest, ConfigError> + Send + Sync,
{
    type Key = MacKey;

    fn covers(&self) -> SignatureCoverage {
        self.coverage.clone()
    }

    fn headers(&self) -> Vec<&str> {
        self.headers.clone()
    }

    fn key(&self, scheme: &Scheme, secret: &Secret) -> Result<MacKey, ConfigError> {
        MacKey::new(scheme, secret)
    }

    fn check(&self, scheme: &Scheme, secrets: &Secrets, _: &[MacKey]) -> Result<(), ConfigError> {
        secrets.reject_resolver(scheme)?;
        (self.check)(secrets)
    }

    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        keys: LiveKeys<MacKey>,
    ) -> Result<BodyCheck, VerifyError> {
        (self.begin)(request, keys)
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        (self.sign)(request)
    }
}
