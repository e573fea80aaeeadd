//! Why a delivery does not verify, found out by trying: offline, never on the
//! path of a request.
//!
//! | file | what it is |
//! | --- | --- |
//! | `request.rs` | a request that was captured |
//! | `cause.rs` | what can be the matter |
//! | `fix.rs` | what to do about it, in the words of what the reader uses |
//! | `diagnosis.rs` | what was found |
//! | `search.rs` | what is tried, in which order |
//! | `trial.rs` | one trial: a request, a scheme, secrets |
//! | `handshake.rs` | what is no delivery |
//! | `secrets.rs`, `headers.rs`, `digests.rs`, `url.rs`, `url_escapes.rs`, `time.rs`, `schemes.rs` | what is changed for a trial |
//! | `body.rs`, `compression.rs`, `charset.rs`, `stand_in.rs`, `form.rs`, `json.rs` | the same, of the body |
//! | `habits.rs` | how frameworks and providers write JSON |
//! | `rejected_form.rs` | what a scheme rejects although its signature is right |
//! | `looks.rs`, `secret_looks.rs` | what can only be told from appearances |
//! | `hints.rs` | what else to look at |

mod body;
mod cause;
mod charset;
mod compression;
mod diagnosis;
mod digests;
mod fix;
mod form;
mod habits;
mod handshake;
mod headers;
mod hints;
mod json;
mod looks;
mod rejected_form;
mod request;
mod schemes;
mod search;
mod secret_looks;
mod secrets;
mod stand_in;
mod time;
mod trial;
mod url;
mod url_escapes;

use std::fmt;
use std::sync::Arc;

pub use cause::{Cause, CauseKind};
pub use diagnosis::Diagnosis;
pub use fix::Audience;
pub use request::CapturedRequest;

use crate::clock::{Clock, SystemClock};
use crate::error::ConfigError;
use crate::scheme::{Scheme, Tolerance};
use crate::secret::{Secret, Secrets};
use trial::{Bench, Trial};

/// Finds out why a delivery is refused, by verifying it again and again with one
/// thing changed: the secret read in another way, the body written as another
/// framework writes it, another URL, another scheme.
///
/// For use offline, on a request that was captured: it takes the time of some
/// hundred verifications, and what it answers is for whoever owns the secret.
/// It says neither the secret nor the signature that would have been right.
///
/// ```
/// use countersign_core::{CapturedRequest, CauseKind, Diagnose, Scheme, Secret};
///
/// let headers = [(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )];
/// let request = CapturedRequest::new(headers, "Hello, World!");
///
/// let pasted = Secret::new("It's a Secret to Everybody ")?;
/// let diagnosis = Diagnose::new(Scheme::named("github")?, pasted).diagnose(&request)?;
/// assert_eq!(diagnosis.causes()[0].kind(), CauseKind::SecretTrailingWhitespace);
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
pub struct Diagnose {
    scheme: Arc<Scheme>,
    secrets: Secrets,
    others: Vec<(CauseKind, Secret)>,
    clock: Box<dyn Clock>,
    tolerance: Option<Tolerance>,
    body_limit: Option<usize>,
    verify_token: Option<Secret>,
    audience: Audience,
}

impl Diagnose {
    /// For deliveries of this scheme, and with the secrets of their endpoint.
    #[must_use]
    pub fn new(scheme: Scheme, secrets: impl Into<Secrets>) -> Self {
        Self {
            scheme: Arc::new(scheme),
            secrets: secrets.into(),
            others: Vec::new(),
            clock: Box::new(SystemClock::new()),
            tolerance: None,
            body_limit: None,
            verify_token: None,
            audience: Audience::default(),
        }
    }

    /// Adds the secret of another endpoint, which may have been taken for this
    /// one. Where it matches it is told by its name.
    #[must_use]
    pub fn with_candidate(mut self, secret: Secret) -> Self {
        self.others.push((CauseKind::SecretOfAnotherEndpoint, secret));
        self
    }

    /// Adds a secret that the endpoint had before, and accepts no longer.
    #[must_use]
    pub fn with_retired(mut self, secret: Secret) -> Self {
        self.others.push((CauseKind::Rotated, secret));
        self
    }

    /// Judges timestamps by this clock. Defaults to the operating system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// How far a timestamp may be off. Defaults to what the scheme says.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// The largest body that the endpoint accepts, in bytes. Defaults to what the
    /// scheme's profile says.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// The token that was entered at the provider, for the schemes whose handshake
    /// shows it. Defaults to none.
    #[must_use]
    pub fn with_verify_token(mut self, token: Secret) -> Self {
        self.verify_token = Some(token);
        self
    }

    /// Who reads the diagnosis: its fixes name what they use. Defaults to
    /// [`Audience::Rust`].
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Says whether a request verifies and, where it does not, why. A secret that
    /// the scheme cannot use is a cause like any other.
    ///
    /// # Errors
    ///
    /// As [`Verifier::new`](crate::Verifier::new), where the scheme lacks a
    /// feature, a URL or a secret.
    pub fn diagnose(&self, request: &CapturedRequest) -> Result<Diagnosis, ConfigError> {
        let full = Trial { scheme: Arc::clone(&self.scheme), request: request.clone() };
        let matters = |name: &str| looks::is_header_that_matters(&self.scheme, name);
        let (request, headers_left_out) = request.clone().with_bounded_headers(matters);
        let trial = Trial { scheme: Arc::clone(&self.scheme), request };
        let bench = Bench {
            given: &self.secrets,
            others: &self.others,
            now_ms: self.clock.now_unix_ms(),
            tolerance: self.tolerance,
            body_limit: self.body_limit,
            verify_token: self.verify_token.as_ref(),
            headers_left_out,
            memo: Default::default(),
            spent: Default::default(),
            tried: Default::default(),
        };
        let signed = || handshake::signed(&trial);
        let Some(refusal) = bench.as_it_is(&full).transpose() else {
            return Ok(Diagnosis::verified(signed()));
        };
        let (handshake, causes) = match handshake::unsigned(&bench, &trial) {
            Some((name, cause)) => (Some(name), vec![cause]),
            None => (signed(), search::causes(&bench, &trial, refusal.as_ref())),
        };
        let causes: Vec<Cause> =
            causes.into_iter().map(|cause| cause.for_audience(self.audience)).collect();
        let is_found = causes.iter().any(|cause| cause.kind() != CauseKind::TamperedOrUnknown);
        match refusal {
            Ok(refusal) => Ok(Diagnosis::refused(refusal, handshake, causes)),
            Err(problem) if is_found => Ok(Diagnosis::unusable(problem, handshake, causes)),
            Err(problem) => Err(problem),
        }
    }
}

impl fmt::Debug for Diagnose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnose").field("scheme", &self.scheme.name()).finish_non_exhaustive()
    }
}
