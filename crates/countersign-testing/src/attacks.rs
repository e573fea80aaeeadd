//! Attacks on an endpoint, and the responses of a correct receiver.
//!
//! | file | contents |
//! | --- | --- |
//! | `kind.rs` | the kinds of attack and their descriptions |
//! | `signed.rs`, `event.rs`, `json.rs` | signed deliveries and their bodies |
//! | `builder.rs`, `tag.rs` | how deliveries are corrupted |
//! | `request.rs`, `wire.rs` | a request, for a service and for a connection |
//! | `expected.rs`, `report.rs` | the responses, and the report |

mod builder;
mod event;
mod expected;
mod json;
mod kind;
mod report;
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

pub use expected::{AttackAnswer, Expected};
pub use kind::AttackKind;
pub use report::{AttackReport, AttackResult};
pub use request::{AttackBody, AttackRequest, Pace};

use builder::AttackBuilder;

/// Creates attacks on an endpoint from its scheme and its secret.
///
/// ```
/// use countersign_testing::{AttackAnswer, Attacks, Pace};
/// use countersign_core::{Secret, Verifier};
/// use countersign_schemes as schemes;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), countersign_core::ConfigError> {
/// let verifier = Verifier::new(schemes::stripe(), Secret::new("whsec_test")?)?;
///
/// let attacks = Attacks::new(schemes::stripe(), "whsec_test")?.prepare()?;
/// let card = attacks
///     .run(async |attack| {
///         // Simulates an endpoint. A real one reads the body itself.
///         let request = attack.request();
///         match verifier.verify(request.headers(), request.body().clone()) {
///             _ if attack.pace() != Pace::Whole => AttackAnswer::Closed,
///             Ok(_) => AttackAnswer::Status(200),
///             Err(rejected) => AttackAnswer::Status(rejected.status()),
///         }
///     })
///     .await;
/// assert!(card.is_clean(), "{card}");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Attacks(AttackBuilder);

impl Attacks {
    /// Attacks on an endpoint with this scheme and this secret. The secret has
    /// the form in which the provider shows it. If the endpoint has a public
    /// key, give the private key.
    ///
    /// The genuine deliveries carry sample events with every field that the
    /// scheme reads from a body.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if the secret is empty.
    pub fn new(scheme: Scheme, secret: impl Into<String>) -> Result<Self, ConfigError> {
        let unix_ms = SystemClock::new().now_unix_ms();
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Self(AttackBuilder {
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

    /// The target of the requests: a path for a service in this process, a URL
    /// for a remote one. Defaults to `/`.
    pub fn to(mut self, target: Uri) -> Self {
        self.0.target = target;
        self
    }

    /// The HTTP method. Defaults to `POST`.
    pub fn with_method(mut self, method: Method) -> Self {
        self.0.method = method;
        self
    }

    /// The signed URL, for schemes that sign it. They require it.
    pub fn with_url(mut self, url: PublicUrl) -> Self {
        self.0.url = Some(url);
        self
    }

    /// Sets a header of every request, replacing headers of the same name. The
    /// scheme's own headers are added. Defaults to
    /// `Content-Type: application/json`.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Sets all headers of every request, except for the scheme's own, which
    /// are added. Headers that are given several times are sent several times.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.0.headers = headers;
        self
    }

    /// The body of the genuine deliveries. Defaults to a sample.
    ///
    /// If the scheme's timestamp is in the body, it is updated there. If an
    /// attack needs a separate event, the event's id is changed, too. All other
    /// bytes are sent unchanged.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let now = self.0.unix_ms;
        self.0.body = event::dated(&self.0.scheme, &body, now).unwrap_or(body);
        self
    }

    /// The id of the genuine deliveries, for schemes that sign one. Defaults to
    /// an id derived from the time.
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.0.id = Some(id.into());
        self
    }

    /// The time at which deliveries are signed that are neither stale nor in
    /// the future, in Unix milliseconds. Defaults to now, by the clock of the
    /// operating system. An endpoint with a
    /// [`ManualClock`](countersign_core::ManualClock) needs that clock's time.
    pub fn at_unix_ms(mut self, unix_ms: i64) -> Self {
        self.0.unix_ms = unix_ms;
        let dated = event::dated(&self.0.scheme, &self.0.body, unix_ms);
        if let Some(body) = dated {
            self.0.body = body;
        }
        self
    }

    /// The endpoint's tolerance, if it differs from the scheme's. Has no effect
    /// if the scheme signs no timestamp.
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        self.0.tolerance = self.0.tolerance.and(Some(tolerance));
        self
    }

    /// The endpoint's body limit, if it differs from the scheme's.
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        self.0.body_limit = bytes;
        self
    }

    /// The attack of one kind.
    ///
    /// # Errors
    ///
    /// [`AttackUnavailable`] if this kind of attack does not apply to the scheme, or if
    /// nothing can be signed.
    pub fn attack(&self, kind: AttackKind) -> Result<Attack, AttackUnavailable> {
        self.0.forge(kind)
    }

    /// The attacks of all kinds that apply to the scheme.
    ///
    /// # Errors
    ///
    /// If not even a genuine delivery can be signed: see
    /// [`Signer::sign_request`](countersign_core::Signer::sign_request).
    pub fn prepare(&self) -> Result<AttackList, ConfigError> {
        let mut list = AttackList { attacks: Vec::new(), left_out: Vec::new() };
        for kind in AttackKind::ALL {
            match self.attack(*kind) {
                Ok(attack) => list.attacks.push(attack),
                Err(AttackUnavailable::Config(error)) if *kind == AttackKind::Genuine => {
                    return Err(error);
                }
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
pub enum AttackUnavailable {
    /// The attack does not apply; the text says why.
    NotApplicable(&'static str),
    /// Nothing can be signed.
    Config(ConfigError),
}

impl fmt::Display for AttackUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApplicable(why) => f.write_str(why),
            Self::Config(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl std::error::Error for AttackUnavailable {}

impl From<ConfigError> for AttackUnavailable {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

/// One attack: its requests, in order.
#[derive(Debug, Clone)]
pub struct Attack {
    kind: AttackKind,
    requests: Vec<AttackRequest>,
    expected_runs: Option<usize>,
    event: Option<String>,
}

impl Attack {
    /// The kind of the attack.
    #[must_use]
    pub fn kind(&self) -> AttackKind {
        self.kind
    }

    /// The requests, to be sent one after the other.
    #[must_use]
    pub fn requests(&self) -> &[AttackRequest] {
        &self.requests
    }

    /// How often a correct receiver runs its handler for all requests together.
    ///
    /// `None` if the body has no place for an event's id, because other attacks
    /// may have sent the same event, or if duplicates are handled by default.
    #[must_use]
    pub fn expected_runs(&self) -> Option<usize> {
        self.expected_runs
    }

    /// The unique suffix of the attack's event id, so that the event can be
    /// looked up in the application. `None` if the number of handler runs does
    /// not matter, or if the body has no place for an id.
    #[must_use]
    pub fn event(&self) -> Option<&str> {
        self.event.as_deref()
    }
}

/// Attacks on one endpoint, the genuine delivery first.
#[derive(Debug)]
pub struct AttackList {
    attacks: Vec<Attack>,
    left_out: Vec<(AttackKind, AttackUnavailable)>,
}

impl AttackList {
    /// The attacks, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Attack> {
        self.attacks.iter()
    }

    /// The kinds that do not apply, and why.
    pub fn left_out(&self) -> impl Iterator<Item = (AttackKind, &AttackUnavailable)> {
        self.left_out.iter().map(|(kind, why)| (*kind, why))
    }

    /// Sends every request with `deliver`, one after the other, and rates the
    /// responses. Waits for each response at most [10 s](Self::PATIENCE).
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime with its timer enabled.
    pub async fn run(
        &self,
        mut deliver: impl AsyncFnMut(&AttackRequest) -> AttackAnswer,
    ) -> AttackReport {
        let mut card = AttackReport::new();
        for attack in self {
            card.record(attack, answers(attack, &mut deliver).await);
        }
        card
    }

    /// As [`run`](Self::run), but also counts how often the handler runs.
    /// `handled` returns how often it has run so far. Without it, a receiver
    /// that handles a replay a second time is not detected.
    ///
    /// # Panics
    ///
    /// As [`run`](Self::run).
    pub async fn run_counted(
        &self,
        mut deliver: impl AsyncFnMut(&AttackRequest) -> AttackAnswer,
        handled: impl Fn() -> usize,
    ) -> AttackReport {
        let mut card = AttackReport::new();
        for attack in self {
            let before = handled();
            let answers = answers(attack, &mut deliver).await;
            card.record_counted(attack, answers, handled().saturating_sub(before));
        }
        card
    }

    /// The maximum wait for a response. It is longer than a correct receiver
    /// needs to give up on a slow body, and than most providers wait.
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
