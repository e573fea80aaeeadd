//! Replacement for the decoder if the feature `compression` is off. Nothing is
//! decoded, and `Verifier::new` rejects the schemes that need the feature.

use bytes::Bytes;

use super::Coding;
use crate::body::NotTaken;
use crate::body::budget::BufferPermit;
use crate::crypto::mac::Running;
use crate::error::{VerifyError, VerifyErrorKind};

/// Has no values.
pub(crate) enum Decoder {}

impl Decoder {
    pub(crate) fn new(_: Coding, _: usize) -> Result<Self, VerifyError> {
        Err(VerifyErrorKind::UnsupportedEncoding.into())
    }

    pub(crate) fn push(
        &mut self,
        _: Bytes,
        _: &mut Running,
        _: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        match *self {}
    }

    pub(crate) fn whole(self, _: &mut Running) -> Result<Bytes, VerifyError> {
        match self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::error::ConfigError;
    use crate::scheme::{BodyView, Scheme};
    use crate::secret::Secret;
    use crate::verify::Verifier;

    #[test]
    fn a_scheme_that_signs_the_decoded_body_requires_the_feature() {
        let scheme = Scheme::builder("acme")
            .signature_header("X-Signature")
            .signed_payload("{body}")
            .body_view(BodyView::Decoded);
        let rejected = Verifier::new(scheme.build().unwrap(), Secret::new("secret").unwrap());
        let asked_for =
            matches!(rejected, Err(ConfigError::FeatureRequired { feature: "compression", .. }));
        assert!(asked_for);
    }
}
