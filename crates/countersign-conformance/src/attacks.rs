//! Attacks on an endpoint, and what a sound one answers.
//!
//! | file | what it is |
//! | --- | --- |
//! | `kind.rs` | the kinds, in words |
//! | `signed.rs`, `event.rs`, `json.rs` | deliveries with a signature, and their bodies |
//! | `forger.rs`, `tag.rs` | how they are spoilt |
//! | `request.rs`, `wire.rs` | a request, for a service and for a connection |
//! | `expected.rs`, `card.rs` | what is answered, and the report card |

mod card;
mod event;
mod expected;
mod forger;
mod json;
mod kind;
mod request;
mod signed;
mod tag;
mod wire;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use countersign_core::{Clock, ConfigError, PublicUrl, Scheme, Secret, SystemClock, Tolerance};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use tokio::time::timeout;

pub use card::{Mark, ReportCard};
pub use expected::{AttackAnswer, Expected};
pub use kind::AttackKind;
pub use request::{AttackBody, AttackRequest, Pace};

use forger::Forger;

/// Makes attacks on an endpoint, from its scheme and its secret.
///
/// ```
/// use countersign_conformance::{AttackAnswer, Attacks, Pace};
/// use countersign_core::{Scheme, Secret, Verifier};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), countersign_core::ConfigError> {
/// let verifier = Verifier::new(Scheme::named("stripe")?, Secret::new("whsec_test")?)?;
///
/// let attacks = Attacks::new(Scheme::named("stripe")?, "whsec_test")?.prepare()?;
/// let card = attacks
///     .run(async |attack| {
///         // In the place of an endpoint, which reads the body itself.
///         let request = attack.request();
///         match verifier.verify(request.headers(), request.body().clone()) {
///             _ if attack.pace() != Pace::Whole => AttackAnswer::Closed,
///             Ok(_) => AttackAnswer::Status(200),
///             Err(refused) => AttackAnswer::Status(refused.status()),
///         }
///     })
///     .await;
/// assert!(card.is_clean(), "{card}");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Attacks(Forger);

impl Attacks {
    /// Attacks on an endpoint of this scheme that knows this secret, given as
    /// the provider shows it: the private key, where the endpoint knows the
    /// public one.
    ///
    /// The genuine deliveries are of sample events with whatever the scheme
    /// reads in a body.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where the secret is empty.
    pub fn new(scheme: Scheme, secret: impl Into<String>) -> Result<Self, ConfigError> {
        let unix_ms = SystemClock::new().now_unix_ms();
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self(Forger {
            secret: Secret::new(secret)?,
            method: Method::POST,
            target: Uri::from_static("/"),
            url: None,
            headers,
            body: event::sample(&scheme, unix_ms),
            id: None,
            unix_ms,
            tolerance: scheme.tolerance(),
            body_limit: scheme.profile().body_limit(),
            scheme,
        }))
    }

    /// Where the requests go: a path for a service at hand, a URL for one
    /// elsewhere. Defaults to `/`.
    pub fn to(mut self, target: Uri) -> Self {
        self.0.target = target;
        self
    }

    /// By which method. Defaults to `POST`.
    pub fn with_method(mut self, method: Method) -> Self {
        self.0.method = method;
        self
    }

    /// The URL that is signed, for the schemes that sign it. Required there.
    pub fn with_url(mut self, url: PublicUrl) -> Self {
        self.0.url = Some(url);
        self
    }

    /// A header of every request, in the place of any of its name; the scheme's
    /// own are added. Defaults to `Content-Type: application/json`.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// All headers of every request, but for the scheme's own, which are added. Those that are given
    /// several times are sent several times.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers = headers;
        self
    }

    /// The body of the genuine deliveries. Defaults to a sample.
    ///
    /// Where the scheme's time stands in the body it is written there anew, and
    /// where an attack needs an event of its own, so is the event's id. Every
    /// other byte is sent as it is given.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let now = self.0.unix_ms;
        self.0.body = event::dated(&self.0.scheme, &body, now).unwrap_or(body);
        self
    }

    /// The id of the genuine deliveries, for the schemes that sign one. Defaults
    /// to one that is made of the time.
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.0.id = Some(id.into());
        self
    }

    /// When the deliveries are signed that are neither stale nor ahead, in Unix
    /// milliseconds. Defaults to now, by the clock of the operating system; an
    /// endpoint under a [`ManualClock`](countersign_core::ManualClock) needs
    /// that clock's time.
    pub fn at_unix_ms(mut self, unix_ms: i64) -> Self {
        self.0.unix_ms = unix_ms;
        let dated = event::dated(&self.0.scheme, &self.0.body, unix_ms);
        if let Some(body) = dated {
            self.0.body = body;
        }
        self
    }

    /// The endpoint's tolerance, where it is not the scheme's. Means nothing
    /// where the scheme signs no time.
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.0.tolerance = self.0.tolerance.and(Some(tolerance));
        self
    }

    /// The largest body that the endpoint takes, where it is not what the scheme
    /// says.
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.0.body_limit = bytes;
        self
    }

    /// The attack of one kind.
    ///
    /// # Errors
    ///
    /// [`NoAttack`] where the scheme knows of nothing that could be attacked so,
    /// or where nothing can be signed.
    pub fn attack(&self, kind: AttackKind) -> Result<Attack, NoAttack> {
        self.0.forge(kind)
    }

    /// The attacks of all kinds that there are for the scheme.
    ///
    /// # Errors
    ///
    /// Where not even a genuine delivery can be signed: see
    /// [`Signer::sign_request`](countersign_core::Signer::sign_request).
    pub fn prepare(&self) -> Result<AttackList, ConfigError> {
        let mut list = AttackList { attacks: Vec::new(), left_out: Vec::new() };
        for kind in AttackKind::ALL {
            match self.attack(*kind) {
                Ok(attack) => list.attacks.push(attack),
                Err(NoAttack::Config(error)) if *kind == AttackKind::Genuine => return Err(error),
                Err(why) => list.left_out.push((*kind, why)),
            }
        }
        Ok(list)
    }
}

impl fmt::Debug for Attacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attacks").field("scheme", &self.0.scheme.name()).finish_non_exhaustive()
    }
}

/// Why there is no attack of a kind.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoAttack {
    /// There is nothing to attack; the text says why.
    NotApplicable(&'static str),
    /// Nothing can be signed.
    Config(ConfigError),
}

impl fmt::Display for NoAttack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApplicable(why) => f.write_str(why),
            Self::Config(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for NoAttack {}

impl From<ConfigError> for NoAttack {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// One attack: the requests that make it, in their order.
#[derive(Debug, Clone)]
pub struct Attack {
    kind: AttackKind,
    requests: Vec<AttackRequest>,
    expected_runs: Option<usize>,
    event: Option<String>,
}

impl Attack {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> AttackKind {
        self.kind
    }

    /// Its requests, to be sent one after the other.
    #[must_use]
    pub fn requests(&self) -> &[AttackRequest] {
        &self.requests
    }

    /// How often a sound receiver runs its handler for all of them; `None` where
    /// the body has no place for an event's id, so that other attacks may have
    /// sent the same event, or if a repeat is handled by default.
    #[must_use]
    pub fn expected_runs(&self) -> Option<usize> {
        self.expected_runs
    }

    /// With what the id of its event ends, and no other's, so that the event can
    /// be looked up in the application; `None` where it does not matter how often
    /// it was handled, or where the body has no place for it.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.event.as_deref()
    }
}

/// Attacks on one endpoint, the genuine delivery first.
#[derive(Debug)]
pub struct AttackList {
    attacks: Vec<Attack>,
    left_out: Vec<(AttackKind, NoAttack)>,
}

impl AttackList {
    /// The attacks, in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Attack> {
        self.attacks.iter()
    }

    /// The kinds that there is no attack of, and why.
    pub fn left_out(&self) -> impl Iterator<Item = (AttackKind, &NoAttack)> {
        self.left_out.iter().map(|(kind, why)| (*kind, why))
    }

    /// Sends every request with `deliver`, one after the other, and marks what
    /// it answers. Nobody is waited for longer than [10 s](Self::PATIENCE).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with its timer.
    pub async fn run(
        &self,
        mut deliver: impl AsyncFnMut(&AttackRequest) -> AttackAnswer,
    ) -> ReportCard {
        let mut card = ReportCard::new();
        for attack in self {
            card.mark(attack, answers(attack, &mut deliver).await);
        }
        card
    }

    /// The same, and counts how often the handler runs: `handled` says how often
    /// it has until now. Only so can a receiver be held to handling a replay no
    /// second time.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn run_counted(
        &self,
        mut deliver: impl AsyncFnMut(&AttackRequest) -> AttackAnswer,
        handled: impl Fn() -> usize,
    ) -> ReportCard {
        let mut card = ReportCard::new();
        for attack in self {
            let before = handled();
            let answers = answers(attack, &mut deliver).await;
            card.mark_counted(attack, answers, handled().saturating_sub(before));
        }
        card
    }

    /// How long an answer is waited for: longer than any sound receiver takes to
    /// give a slow body up, and than most providers wait.
    pub const PATIENCE: Duration = Duration::from_secs(10);
}

impl<'a> IntoIterator for &'a AttackList {
    type Item = &'a Attack;
    type IntoIter = std::slice::Iter<'a, Attack>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

async fn answers(
    attack: &Attack,
    deliver: &mut impl AsyncFnMut(&AttackRequest) -> AttackAnswer,
) -> Vec<AttackAnswer> {
    let mut answers = Vec::new();
    for request in attack.requests() {
        let answer = timeout(AttackList::PATIENCE, deliver(request)).await;
        answers.push(answer.unwrap_or(AttackAnswer::Silent));
    }
    answers
}
