//! One experiment: a request, a scheme and secrets, verified without a limit on the
//! timestamp.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use countersign_core::unchecked::{UncheckedScheme, UncheckedVerifier};
use countersign_core::{
    Algorithm, ConfigError, PublicUrl, Secret, Secrets, Tolerance, Verifier, VerifyError,
    VerifyErrorKind,
};

use super::cause::{Cause, CauseKind};
use super::request::CapturedRequest;
use super::secrets;

/// What is verified: the captured request, unchanged or with a change.
#[derive(Clone)]
pub(super) struct Experiment {
    pub(super) scheme: Arc<UncheckedScheme>,
    pub(super) request: CapturedRequest,
    /// The schemes of other providers.
    pub(super) known: Arc<[Arc<UncheckedScheme>]>,
}

impl Experiment {
    pub(super) fn with_body(&self, body: impl Into<Bytes>) -> Self {
        Self { request: self.request.clone().with_body(body), ..self.clone() }
    }

    pub(super) fn with_headers(&self, headers: Vec<(String, Vec<u8>)>) -> Self {
        Self { request: self.request.clone().with_headers(headers), ..self.clone() }
    }

    pub(super) fn with_scheme(&self, scheme: impl Into<Arc<UncheckedScheme>>) -> Self {
        Self { scheme: scheme.into(), ..self.clone() }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.request.body()
    }

    /// How many variations of one kind may be tried. There are fewer for a larger
    /// request.
    pub(super) fn affordable(&self, max: usize) -> usize {
        (MAX_BYTES / self.size().max(1)).clamp(MIN_EXPERIMENTS, max)
    }

    /// How many variations may be tried of a kind that has thousands: together they
    /// cost at most an eighth of all work.
    pub(super) fn affordable_variations(&self) -> usize {
        let signature_checks = match self.scheme.algorithm() {
            Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 => PUBLIC_OVERHEAD,
            _ => 0,
        };
        let once = self.cost(1).saturating_add(signature_checks);
        usize::try_from(MAX_WORK / 8 / once).unwrap_or(usize::MAX).max(MIN_VARIATIONS)
    }

    /// The cost of verifying it with this number of secrets, in hashed bytes.
    fn cost(&self, secrets: usize) -> u64 {
        let once = self.size().saturating_add(OVERHEAD);
        u64::try_from(once.saturating_mul(secrets)).unwrap_or(u64::MAX)
    }

    /// The size of the body, and of the headers beyond those of a normal request.
    /// Each experiment searches the headers, and many experiments copy them.
    fn size(&self) -> usize {
        let headers = self.request.header_bytes().saturating_sub(OVERHEAD);
        self.body().len().saturating_add(headers)
    }
}

/// An experiment, and the cause if it verifies.
pub(super) struct Try {
    pub(super) cause: Cause,
    pub(super) trial: Experiment,
}

/// Experiments, created one after another.
pub(super) type Tries<'a> = Box<dyn Iterator<Item = Try> + 'a>;

/// Which secrets an experiment uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    Given,
    /// The given secrets, all variations of them, and the other secrets.
    All,
}

/// The result of an experiment that verified.
pub(super) struct Success {
    /// The cause in the secret, if it is not one of the given ones.
    pub(super) secret: Option<Cause>,
    pub(super) signed_at_ms: Option<i64>,
    /// The signed body: decoded, if the scheme signs the decoded body.
    pub(super) body: Bytes,
    /// The length of the encoded or the decoded body, whichever is longer.
    pub(super) body_length: usize,
}

/// Runs experiments, and keeps what they share.
pub(super) struct Experiments<'a> {
    pub(super) given: &'a Secrets,
    pub(super) others: &'a [(CauseKind, Secret)],
    pub(super) now_ms: i64,
    /// Overrides the scheme's.
    pub(super) tolerance: Option<Tolerance>,
    /// Overrides the scheme's.
    pub(super) body_limit: Option<usize>,
    pub(super) verify_token: Option<&'a Secret>,
    /// The number of header lines that are not tried.
    pub(super) headers_left_out: usize,
    pub(super) memo: RefCell<Option<Memo>>,
    pub(super) spent: Cell<u64>,
    pub(super) tried: Cell<usize>,
}

/// The verifiers of the previous experiment. Most experiments differ only in the
/// request.
pub(super) struct Memo {
    scheme: Arc<UncheckedScheme>,
    url: Option<String>,
    with: With,
    verifiers: Option<Rc<Verifiers>>,
}

/// Verifiers, and for each of their secrets the cause if that secret matches.
type Verifiers = Vec<(UncheckedVerifier, Vec<Option<Cause>>)>;

impl Experiments<'_> {
    /// The error of a verifier for the unchanged request; `None` if it verifies.
    pub(super) fn as_it_is(&self, trial: &Experiment) -> Result<Option<VerifyError>, ConfigError> {
        let Some(given) = secrets::with_resolver_of(self.given, self.given.iter()) else {
            return Ok(Some(VerifyErrorKind::Misconfigured.into()));
        };
        let scheme = trial.scheme.original().clone();
        let verifier = match public_url(&trial.scheme, trial.request.url())? {
            Some(url) => Verifier::with_public_url(url, scheme, given)?,
            None => Verifier::new(scheme, given)?,
        };
        let now_ms = self.now_ms;
        let mut verifier = verifier.with_clock(move || now_ms);
        if let Some(tolerance) = self.tolerance {
            verifier = verifier.with_tolerance(tolerance);
        }
        if let Some(limit) = self.body_limit {
            verifier = verifier.with_body_limit(limit);
        }
        Ok(verifier.verify(trial.request.head(), trial.request.body().clone()).err())
    }

    /// Whether the request has a signature of its scheme that does not match.
    pub(super) fn is_mismatched(&self, trial: &Experiment) -> bool {
        let verifiers = self.verifiers(trial, With::Given);
        verifiers.is_some_and(|verifiers| {
            verifiers.iter().any(|(verifier, _)| {
                let request = &trial.request;
                let rejected = verifier.verify(request.head(), request.body().clone()).err();
                rejected.is_some_and(|it| it.kind() == VerifyErrorKind::SignatureMismatch)
            })
        })
    }

    /// Runs an experiment. Returns `None` if it does not verify. Ignores how old the
    /// timestamp is.
    pub(super) fn run(&self, trial: &Experiment, with: With) -> Option<Success> {
        let verifiers = self.verifiers(trial, with)?;
        self.tried.set(self.tried.get() + 1);
        let request = &trial.request;
        verifiers.iter().find_map(|(verifier, causes)| {
            self.spent.set(self.spent.get().saturating_add(trial.cost(causes.len())));
            let matched = verifier.verify(request.head(), request.body().clone()).ok()?;
            let secret = causes.get(matched.secret_index()).cloned().flatten();
            Some(Success {
                secret,
                signed_at_ms: matched.signed_at_unix_ms(),
                body_length: matched.body().len().max(request.body().len()),
                body: matched.into_body(),
            })
        })
    }

    /// Whether all work is used up. Limits the pairs of changes: there are very many,
    /// and a large body makes each of them expensive.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get() > MAX_WORK
    }

    fn verifiers(&self, trial: &Experiment, with: With) -> Option<Rc<Verifiers>> {
        let url = trial.request.url();
        let mut memo = self.memo.borrow_mut();
        if let Some(memo) = &*memo
            && Arc::ptr_eq(&memo.scheme, &trial.scheme)
            && memo.url.as_deref() == url
            && memo.with == with
        {
            return memo.verifiers.clone();
        }
        let verifiers = self.prepare(&trial.scheme, url, with).map(Rc::new);
        let scheme = Arc::clone(&trial.scheme);
        let url = url.map(str::to_owned);
        *memo = Some(Memo { scheme, url, with, verifiers: verifiers.clone() });
        verifiers
    }

    fn prepare(
        &self,
        scheme: &UncheckedScheme,
        url: Option<&str>,
        with: With,
    ) -> Option<Verifiers> {
        let mut live: Vec<(Option<Cause>, Secret)> =
            self.given.iter().map(|secret| (None, secret.dangerous_copy())).collect();
        if with == With::Given {
            return self.verifier(scheme, url, live).map(|one| vec![one]);
        }
        let more = secrets::all(self.given, self.others, scheme, self.now_ms);
        let more = more.into_iter().map(|(cause, secret)| (Some(cause), secret));
        if scheme.is_data() {
            live.extend(more);
            return self.verifier(scheme, url, live).map(|one| vec![one]);
        }
        // Custom signing code may use the second secret for another purpose than the first one.
        let each = more.filter_map(|secret| self.verifier(scheme, url, vec![secret]));
        Some(each.collect())
    }

    /// A verifier with all secrets that the scheme can use.
    fn verifier(
        &self,
        scheme: &UncheckedScheme,
        url: Option<&str>,
        mut live: Vec<(Option<Cause>, Secret)>,
    ) -> Option<(UncheckedVerifier, Vec<Option<Cause>>)> {
        let url = public_url(scheme, url).ok()?;
        loop {
            let secrets = live.iter().map(|(_, secret)| secret);
            let secrets = secrets::with_resolver_of(self.given, secrets)?;
            match UncheckedVerifier::new(scheme, url.clone(), secrets) {
                Ok(verifier) => {
                    let now_ms = self.now_ms;
                    let verifier = verifier.with_clock(move || now_ms);
                    return Some((verifier, live.into_iter().map(|(cause, _)| cause).collect()));
                }
                Err(ConfigError::Secret { index: Some(index), .. }) if index < live.len() => {
                    live.remove(index);
                }
                Err(_) => return None,
            }
        }
    }
}

/// The URL, if the scheme signs it.
fn public_url(
    scheme: &UncheckedScheme,
    url: Option<&str>,
) -> Result<Option<PublicUrl>, ConfigError> {
    url.filter(|_| scheme.signs_url()).map(PublicUrl::new).transpose()
}

/// The maximum of hashed bytes for variations of one kind.
const MAX_BYTES: usize = 64 * 1024 * 1024;
const MIN_EXPERIMENTS: usize = 40;
/// The cost of an experiment besides hashing, in hashed bytes.
const OVERHEAD: usize = 4 * 1024;
/// The cost of one check with a public key, in hashed bytes.
const PUBLIC_OVERHEAD: u64 = 64 * 1024;
const MIN_VARIATIONS: usize = 8;
/// The maximum of all work, in hashed bytes: some tenths of a second.
pub(super) const MAX_WORK: u64 = 128 * 1024 * 1024;
