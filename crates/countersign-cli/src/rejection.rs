//! Why a receiver rejects a delivery that is signed correctly.

use std::time::Duration;

use countersign::diagnose::{Cause, Diagnose};
use countersign::scheme::{Algorithm, BodyView};
use countersign::{Scheme, Secrets, Tolerance, VerifyError, VerifyErrorKind};

use crate::request::Request;

/// Why a receiver rejects a delivery despite a correct signature. It is still signed: the user may
/// want to test the rejection.
pub(crate) struct Rejection {
    error: VerifyError,
    why: String,
}

impl Rejection {
    /// `None` if the delivery verifies, regardless of the time at which it is sent.
    pub(crate) fn of(scheme: Scheme, secrets: Secrets, signed: &Request) -> Option<Self> {
        if is_asymmetric(scheme.algorithm()) {
            // The private key can sign, but not verify.
            let has_encoding = scheme.body_view() == BodyView::Raw && is_encoded(signed);
            return has_encoding
                .then(|| Self::because(VerifyErrorKind::UnsupportedEncoding.into()));
        }
        let any_time = Tolerance::symmetric(Duration::ZERO)
            .dangerous_without_past_limit()
            .dangerous_without_future_limit();
        let diagnosis = Diagnose::new(scheme, secrets)
            .with_tolerance(any_time)
            .diagnose(&signed.captured())
            .ok()?;
        let rejection = Self::because(diagnosis.rejection()?.clone());
        let cause = diagnosis.causes().first().filter(|cause| cause.is_certain());
        Some(match cause.map(Cause::detail) {
            Some(detail) => Self { why: detail.to_owned(), ..rejection },
            None => rejection,
        })
    }

    fn because(error: VerifyError) -> Self {
        Self { why: error.to_string(), error }
    }

    pub(crate) fn description(&self) -> String {
        let (code, status) = (self.error.code(), self.error.status());
        format!("a receiver rejects this delivery: {code} (status {status}): {}", self.why)
    }
}

/// Whether signing and verifying use different keys.
fn is_asymmetric(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 | Algorithm::Jwt
    )
}

fn is_encoded(request: &Request) -> bool {
    let mut encodings = request.values("content-encoding");
    encodings.any(|encoding| !encoding.trim_ascii().eq_ignore_ascii_case(b"identity"))
}
