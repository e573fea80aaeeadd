//! One trial: a request, a scheme and secrets, judged whatever the time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::cause::{Cause, CauseKind};
use super::request::CapturedRequest;
use super::secrets;
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::scheme::{Algorithm, Boundaries, Scheme, Tolerance};
use crate::secret::{Secret, Secrets};
use crate::url::PublicUrl;
use crate::verifier::Verifier;

/// What is judged: the request as it was captured, or with something changed.
#[derive(Clone)]
pub(super) struct Trial {
    pub(super) scheme: Arc<Scheme>,
    pub(super) request: CapturedRequest,
}

impl Trial {
    pub(super) fn with_body(&self, body: impl Into<Bytes>) -> Self {
        Self { request: self.request.clone().with_body(body), ..self.clone() }
    }

    pub(super) fn with_headers(&self, headers: Vec<(String, Vec<u8>)>) -> Self {
        Self { request: self.request.clone().with_headers(headers), ..self.clone() }
    }

    pub(super) fn with_scheme(&self, scheme: Scheme) -> Self {
        Self { scheme: Arc::new(scheme), ..self.clone() }
    }

    pub(super) fn body(&self) -> &[u8] {
        self.request.body()
    }

    /// How many variations of one kind may be tried: the larger the body, the
    /// fewer.
    pub(super) fn affordable(&self, most: usize) -> usize {
        (MOST_BYTES / self.size().max(1)).clamp(LEAST_TRIALS, most)
    }

    /// How many variations may be tried of a kind that has thousands: as many
    /// as cost no more than an eighth of all work.
    pub(super) fn affordable_variations(&self) -> usize {
        let signature_checks = match self.scheme.algorithm() {
            Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256 => PUBLIC_OVERHEAD,
            _ => 0,
        };
        let once = self.cost(1).saturating_add(signature_checks);
        usize::try_from(MOST_WORK / 8 / once).unwrap_or(usize::MAX).max(LEAST_VARIATIONS)
    }

    /// What judging it with so many secrets costs, in bytes hashed.
    fn cost(&self, secrets: usize) -> u64 {
        let once = self.size().saturating_add(OVERHEAD);
        u64::try_from(once.saturating_mul(secrets)).unwrap_or(u64::MAX)
    }

    /// The body, and the headers beyond those that every request has: they are
    /// searched in each trial, and copied for many.
    fn size(&self) -> usize {
        let headers = self.request.header_bytes().saturating_sub(OVERHEAD);
        self.body().len().saturating_add(headers)
    }
}

/// A trial, and what is the cause if it verifies.
pub(super) struct Try {
    pub(super) cause: Cause,
    pub(super) trial: Trial,
}

/// What is changed for trials, one after another.
pub(super) type Tries<'a> = Box<dyn Iterator<Item = Try> + 'a>;

/// Which secrets a trial is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum With {
    Given,
    /// These, everything that can be made of them, and the others.
    All,
}

/// A trial has verified.
pub(super) struct Proved {
    /// What is the matter with the secret, where it is not one of those given.
    pub(super) secret: Option<Cause>,
    pub(super) signed_at_ms: Option<i64>,
    /// As it is signed: decoded, if the scheme has it so.
    pub(super) body: Bytes,
    /// Of the body, encoded or decoded, whichever is longer.
    pub(super) body_length: usize,
}

/// Where trials are run, and what they share.
pub(super) struct Bench<'a> {
    pub(super) given: &'a Secrets,
    pub(super) others: &'a [(CauseKind, Secret)],
    pub(super) now_ms: i64,
    /// In the place of the scheme's.
    pub(super) tolerance: Option<Tolerance>,
    /// In the place of the scheme's.
    pub(super) body_limit: Option<usize>,
    pub(super) verify_token: Option<&'a Secret>,
    /// How many lines of headers the request has besides those that are tried.
    pub(super) headers_left_out: usize,
    pub(super) memo: RefCell<Option<Memo>>,
    pub(super) spent: Cell<u64>,
    pub(super) tried: Cell<usize>,
}

/// The judge of the trial before: most differ in the request alone.
pub(super) struct Memo {
    scheme: Arc<Scheme>,
    url: Option<String>,
    with: With,
    judge: Option<Rc<Judge>>,
}

/// Verifiers, and for each of their secrets what it means where that one matches.
struct Judge(Vec<(Verifier, Vec<Option<Cause>>)>);

impl Bench<'_> {
    /// What a verifier says: nothing where it verifies.
    pub(super) fn as_it_is(&self, trial: &Trial) -> Result<Option<VerifyError>, ConfigError> {
        let verifier = verifier(&trial.scheme, trial.request.url(), self.given.again())?;
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

    /// Whether a trial has a signature of its scheme, and a wrong one.
    pub(super) fn is_mismatched(&self, trial: &Trial) -> bool {
        let judge = self.judge(trial, With::Given);
        judge.is_some_and(|judge| {
            judge.0.iter().any(|(verifier, _)| {
                let request = &trial.request;
                let refused = verifier.verify(request.head(), request.body().clone()).err();
                refused.is_some_and(|it| it.kind() == VerifyErrorKind::SignatureMismatch)
            })
        })
    }

    /// Whether a trial verifies, its time left aside.
    pub(super) fn run(&self, trial: &Trial, with: With) -> Option<Proved> {
        let judge = self.judge(trial, with)?;
        self.tried.set(self.tried.get() + 1);
        let request = &trial.request;
        judge.0.iter().find_map(|(verifier, causes)| {
            self.spent.set(self.spent.get().saturating_add(trial.cost(causes.len())));
            let verified = verifier.verify(request.head(), request.body().clone()).ok()?;
            let secret = causes.get(verified.secret_index()).cloned().flatten();
            Some(Proved {
                secret,
                signed_at_ms: verified.signed_at_unix_ms(),
                body_length: verified.body().len().max(request.body().len()),
                body: verified.into_body(),
            })
        })
    }

    /// Whether there is work left for what is tried in pairs: there is no end of
    /// those, and a large body makes each of them dear.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.get() > MOST_WORK
    }

    fn judge(&self, trial: &Trial, with: With) -> Option<Rc<Judge>> {
        let url = trial.request.url();
        let mut memo = self.memo.borrow_mut();
        if let Some(memo) = &*memo
            && Arc::ptr_eq(&memo.scheme, &trial.scheme)
            && memo.url.as_deref() == url
            && memo.with == with
        {
            return memo.judge.clone();
        }
        let judge = self.prepare(&trial.scheme, url, with).map(Rc::new);
        let scheme = Arc::clone(&trial.scheme);
        let url = url.map(str::to_owned);
        *memo = Some(Memo { scheme, url, with, judge: judge.clone() });
        judge
    }

    fn prepare(&self, scheme: &Scheme, url: Option<&str>, with: With) -> Option<Judge> {
        let mut live: Vec<(Option<Cause>, Secret)> =
            self.given.iter().map(|secret| (None, secret.again())).collect();
        if with == With::Given {
            return self.verifier(scheme, url, live).map(|one| Judge(vec![one]));
        }
        let more = secrets::all(self.given, self.others, scheme, self.now_ms);
        let more = more.into_iter().map(|(cause, secret)| (Some(cause), secret));
        if scheme.is_data() {
            live.extend(more);
            return self.verifier(scheme, url, live).map(|one| Judge(vec![one]));
        }
        // To a rule, the second secret may be something else than another first one.
        let each = more.filter_map(|secret| self.verifier(scheme, url, vec![secret]));
        Some(Judge(each.collect()))
    }

    /// A verifier with all those secrets that the scheme can take.
    fn verifier(
        &self,
        scheme: &Scheme,
        url: Option<&str>,
        mut live: Vec<(Option<Cause>, Secret)>,
    ) -> Option<(Verifier, Vec<Option<Cause>>)> {
        let scheme = lenient(scheme);
        loop {
            let secrets = live.iter().map(|(_, secret)| secret.again()).collect();
            match verifier(&scheme, url, self.given.with_live(secrets)) {
                Ok(verifier) => {
                    let now_ms = self.now_ms;
                    let verifier = verifier
                        .with_clock(move || now_ms)
                        .with_body_limit(usize::MAX)
                        .with_tolerance(any_time());
                    return Some((verifier, live.into_iter().map(|(cause, _)| cause).collect()));
                }
                Err(ConfigError::Secret { index: Some(index), .. }) if index < live.len() => {
                    live.remove(index);
                }
                Err(_) => return None,
            }
            if live.is_empty() && self.given.resolver().is_none() {
                return None;
            }
        }
    }
}

/// The scheme without what it asks of a request so that what is signed has one
/// reading. That is for a receiver; here, whatever was signed is to be found, and
/// `rejected_form.rs` says what a receiver rejects of it.
fn lenient(scheme: &Scheme) -> Scheme {
    let mut lenient = scheme.clone().without_handshakes();
    lenient.boundaries = Boundaries { id: scheme.boundaries.id.clone(), ..Boundaries::default() };
    lenient
}

fn verifier(scheme: &Scheme, url: Option<&str>, secrets: Secrets) -> Result<Verifier, ConfigError> {
    match url {
        Some(url) if scheme.signs_url() => {
            Verifier::at(PublicUrl::new(url)?, scheme.clone(), secrets)
        }
        _ => Verifier::new(scheme.clone(), secrets),
    }
}

fn any_time() -> Tolerance {
    Tolerance::symmetric(std::time::Duration::ZERO)
        .dangerous_without_past_limit()
        .dangerous_without_future_limit()
}

/// What is hashed for the sake of variations of one kind, at the most.
const MOST_BYTES: usize = 64 * 1024 * 1024;
const LEAST_TRIALS: usize = 40;
/// What a trial costs besides hashing, as so many bytes hashed.
const OVERHEAD: usize = 4 * 1024;
/// The same of a signature that is checked with a public key.
const PUBLIC_OVERHEAD: u64 = 64 * 1024;
const LEAST_VARIATIONS: usize = 8;
/// Some tenths of a second.
pub(super) const MOST_WORK: u64 = 128 * 1024 * 1024;
