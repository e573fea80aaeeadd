//! Diagnoses one delivery.

use std::fmt;
use std::sync::{Arc, LazyLock};

use countersign_core::unchecked::UncheckedScheme;
use countersign_core::{Clock, ConfigError, Scheme, Secret, Secrets, SystemClock, Tolerance};

use super::cause::{Cause, CauseKind};
use super::diagnosis::Diagnosis;
use super::experiment::{Experiment, Experiments};
use super::fix::Audience;
use super::request::CapturedRequest;
use super::{handshake, heuristics, strategy};

/// Finds out why a delivery is rejected.
///
/// It verifies the delivery again and again with one thing changed: the secret
/// decoded in another way, the body serialized as another framework does it,
/// another URL, another scheme. If verification then succeeds, that change is the
/// cause.
///
/// For offline use, on a captured request. A diagnosis takes as long as some
/// hundred verifications. The result is for the owner of the secret only. It
/// contains neither the secret nor the signature that would have been right.
///
/// ```
/// use countersign_core::Secret;
/// use countersign_diagnose::{CapturedRequest, CauseKind, Diagnose};
/// use countersign_schemes as schemes;
///
/// let headers = [(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )];
/// let request = CapturedRequest::new(headers, "Hello, World!");
///
/// let pasted = Secret::new("It's a Secret to Everybody ")?;
/// let diagnosis = Diagnose::new(schemes::github(), pasted).diagnose(&request)?;
/// assert_eq!(diagnosis.causes()[0].kind(), CauseKind::SecretTrailingWhitespace);
/// # Ok::<(), countersign_core::ConfigError>(())
/// ```
pub struct Diagnose {
    scheme: Arc<UncheckedScheme>,
    /// Those of `BUILT_IN` by default.
    known: Option<Arc<[Arc<UncheckedScheme>]>>,
    secrets: Secrets,
    others: Vec<(CauseKind, Secret)>,
    clock: Box<dyn Clock>,
    tolerance: Option<Tolerance>,
    body_limit: Option<usize>,
    verify_token: Option<Secret>,
    audience: Audience,
}

impl Diagnose {
    /// Diagnoses deliveries of this scheme with the secrets of their endpoint.
    #[must_use]
    pub fn new(scheme: Scheme, secrets: impl Into<Secrets>) -> Self {
        Self {
            scheme: Arc::new(UncheckedScheme::new(scheme)),
            known: None,
            secrets: secrets.into(),
            others: Vec::new(),
            clock: Box::new(SystemClock::new()),
            tolerance: None,
            body_limit: None,
            verify_token: None,
            audience: Audience::default(),
        }
    }

    /// Sets the schemes of other providers, which the delivery may belong to. Defaults to all schemes
    /// of `countersign-schemes`.
    #[must_use]
    pub fn with_known_schemes(mut self, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        self.known = Some(unchecked(schemes));
        self
    }

    /// Adds the secret of another endpoint, which may have been mistaken for this
    /// one. If it matches, the cause names it.
    #[must_use]
    pub fn with_candidate(mut self, secret: Secret) -> Self {
        self.others.push((CauseKind::SecretOfAnotherEndpoint, secret));
        self
    }

    /// Adds an older secret of the endpoint, which it no longer accepts.
    #[must_use]
    pub fn with_retired(mut self, secret: Secret) -> Self {
        self.others.push((CauseKind::Rotated, secret));
        self
    }

    /// Sets the clock that timestamps are compared with. Defaults to the operating
    /// system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Sets how far a timestamp may be from the current time. Defaults to the
    /// scheme's tolerance.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// Sets the largest body that the endpoint accepts, in bytes. Defaults to the
    /// limit in the scheme's profile.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sets the token that was entered at the provider, for the schemes whose
    /// handshake contains it. Defaults to none.
    #[must_use]
    pub fn with_verify_token(mut self, token: Secret) -> Self {
        self.verify_token = Some(token);
        self
    }

    /// Sets who reads the diagnosis: fixes name the functions or options that these
    /// readers use. Defaults to [`Audience::Rust`].
    #[must_use]
    pub fn with_audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Finds out whether a request verifies and, if not, why. A secret that the
    /// scheme cannot use is a cause like any other.
    ///
    /// # Errors
    ///
    /// The same as [`Verifier::new`](countersign_core::Verifier::new), if the scheme lacks a
    /// feature, a URL or a secret.
    pub fn diagnose(&self, request: &CapturedRequest) -> Result<Diagnosis, ConfigError> {
        let full = Experiment {
            scheme: Arc::clone(&self.scheme),
            request: request.clone(),
            known: Arc::clone(self.known.as_ref().unwrap_or(&BUILT_IN)),
        };
        let matters = |name: &str| heuristics::is_header_that_matters(self.scheme.original(), name);
        let (request, headers_left_out) = request.clone().with_bounded_headers(matters);
        let trial = Experiment { request, ..full.clone() };
        let experiments = Experiments {
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
        let Some(rejection) = experiments.as_it_is(&full).transpose() else {
            return Ok(Diagnosis::verified(signed()));
        };
        let (handshake, causes) = match handshake::unsigned(&experiments, &trial) {
            Some((name, cause)) => (Some(name), vec![cause]),
            None => (signed(), strategy::causes(&experiments, &trial, rejection.as_ref())),
        };
        let causes: Vec<Cause> =
            causes.into_iter().map(|cause| cause.for_audience(self.audience)).collect();
        let is_found = causes.iter().any(|cause| cause.kind() != CauseKind::TamperedOrUnknown);
        match rejection {
            Ok(rejection) => Ok(Diagnosis::rejected(rejection, handshake, causes)),
            Err(problem) if is_found => Ok(Diagnosis::unusable(problem, handshake, causes)),
            Err(problem) => Err(problem),
        }
    }
}

impl fmt::Debug for Diagnose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Diagnose")
            .field("scheme", &self.scheme.original().name())
            .finish_non_exhaustive()
    }
}

fn unchecked(schemes: impl IntoIterator<Item = Scheme>) -> Arc<[Arc<UncheckedScheme>]> {
    schemes.into_iter().map(|scheme| Arc::new(UncheckedScheme::new(scheme))).collect()
}

static BUILT_IN: LazyLock<Arc<[Arc<UncheckedScheme>]>> =
    LazyLock::new(|| unchecked(countersign_schemes::all()));
