//! From a request to its proof: `begin`, `push`, `verify`.

mod arriving;
mod asked;
mod begun;
mod replaceable;
mod resolving;
mod ruled;
mod verified;

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

pub use arriving::{Arrived, Arriving, SecretKeeper};
pub use asked::AskedHandshake;
pub use begun::Begun;
pub use replaceable::SecretsHandle;
pub use resolving::Resolving;
pub use verified::{EventType, Verified};

use replaceable::Replaceable;

use crate::budget::BufferBudget;
use crate::clock::{Clock, SystemClock};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::headers::Head;
use crate::idempotency::Endpoint;
use crate::keyring::Keyring;
use crate::observe::Watch;
use crate::scheme::{BodyView, Pointer, Scheme, TimestampSource, TimestampUnit, Tolerance};
use crate::secret::{Secret, Secrets};
use crate::tenants::TenantSecrets;
use crate::url::PublicUrl;

/// Proves deliveries of one endpoint: a scheme, its live secrets, and a clock.
///
/// Cheap to clone; the clones share one set of prepared keys.
///
/// ```
/// use countersign_core::{Scheme, Secret, Verifier};
///
/// let verifier = Verifier::new(Scheme::named("github")?, Secret::new("It's a Secret to Everybody")?)?;
///
/// let headers = [(
///     "X-Hub-Signature-256",
///     "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
/// )];
/// let verified = verifier.verify(&headers, "Hello, World!")?;
/// assert_eq!(verified.body(), "Hello, World!");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
    held: Held,
}

/// Where the secrets of a verifier are.
#[derive(Clone)]
enum Held {
    /// In what its clones share, for good.
    Inside,
    /// Found for one request.
    Found(Arc<Keyring>),
    /// With a handle, which replaces them.
    Replaceable(Arc<Replaceable>),
    /// With a resolver, each tenant's.
    OfTenants(Arc<TenantSecrets>),
}

/// What every delivery of the endpoint shares.
#[derive(Clone)]
struct Inner {
    scheme: Scheme,
    /// Empty where they are held elsewhere.
    keyring: Keyring,
    url: Option<PublicUrl>,
    tolerance: Option<Tolerance>,
    body_limit: usize,
    /// How long the provider waits for the answer.
    ack_deadline: Duration,
    /// If the user has set it.
    body_timeout: Option<Duration>,
    /// In bytes a second.
    least_body_rate: u64,
    budget: BufferBudget,
    unsigned: asked::Unsigned,
    keeper: Option<Arc<dyn SecretKeeper>>,
    clock: Arc<dyn Clock>,
    watch: Watch,
}

impl Verifier {
    /// A verifier for a scheme that does not sign the URL.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] where a secret does not decode as the scheme
    /// says, [`ConfigError::UrlRequired`] where the scheme signs the URL (see
    /// [`at`](Self::at)), [`ConfigError::FeatureRequired`] where it needs a
    /// feature of this crate.
    pub fn new(scheme: Scheme, secrets: impl Into<Secrets>) -> Result<Self, ConfigError> {
        Self::refuse_unknown_url(&scheme)?;
        let keyring = Keyring::prepare(&scheme, &secrets.into())?;
        Self::build(scheme, keyring, Held::Inside, None)
    }

    /// A verifier for a scheme that signs the URL: `url` is the one that the
    /// provider calls.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn at(
        url: PublicUrl,
        scheme: Scheme,
        secrets: impl Into<Secrets>,
    ) -> Result<Self, ConfigError> {
        let keyring = Keyring::prepare(&scheme, &secrets.into())?;
        Self::build(scheme, keyring, Held::Inside, Some(url))
    }

    fn refuse_unknown_url(scheme: &Scheme) -> Result<(), ConfigError> {
        if scheme.signs_url() {
            return Err(ConfigError::UrlRequired { scheme: scheme.name().to_owned() });
        }
        Ok(())
    }

    fn build(
        scheme: Scheme,
        keyring: Keyring,
        held: Held,
        url: Option<PublicUrl>,
    ) -> Result<Self, ConfigError> {
        if scheme.boundaries.url.exact_only && url.as_ref().is_some_and(PublicUrl::is_origin) {
            return Err(ConfigError::Url {
                problem: "is only an origin, and nothing that the scheme signs says where the path                           ends: give the whole URL",
            });
        }
        if scheme.body_view() == BodyView::Decoded && cfg!(not(feature = "compression")) {
            let scheme = scheme.name().to_owned();
            return Err(ConfigError::FeatureRequired { scheme, feature: "compression" });
        }
        let inner = Arc::new(Inner {
            keyring,
            url,
            tolerance: scheme.tolerance(),
            body_limit: scheme.profile().body_limit(),
            ack_deadline: scheme.profile().ack_deadline(),
            body_timeout: None,
            least_body_rate: LEAST_BODY_RATE,
            budget: BufferBudget::of_process(),
            unsigned: asked::Unsigned::default(),
            keeper: None,
            clock: Arc::new(SystemClock::new()),
            watch: Watch::of(scheme.name()),
            scheme,
        });
        Ok(Self { inner, held })
    }

    /// Judges timestamps by this clock. Defaults to the operating system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        Arc::make_mut(&mut self.inner).clock = Arc::new(clock);
        self
    }

    /// How far a timestamp may be off. Defaults to what the scheme says. Means
    /// nothing where the scheme signs no timestamp.
    ///
    /// Whoever widens this must remember handled events for as long as
    /// [`Tolerance::window`] says.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        Arc::make_mut(&mut self.inner).tolerance = Some(tolerance);
        self
    }

    /// The largest body that is accepted, in bytes. Defaults to what the
    /// scheme's profile says.
    ///
    /// Behind an adapter a body must fit into the
    /// [budget](Self::with_buffer_budget), too, and may have three quarters of it:
    /// of the default one 48 MiB, its head included. A limit above that needs a
    /// budget of at least four thirds of it; without one, a larger body is answered
    /// 503 `busy` whenever it is sent.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.inner).body_limit = bytes;
        self
    }

    /// How long a body may take to arrive whole, for the adapters, which read
    /// it. Defaults to a third of the time for which the provider waits for its
    /// answer, and to no more than 2 s: the rest is for the handler.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.inner).body_timeout = Some(timeout);
        self
    }

    /// How long the provider waits for the answer, if that is not what the
    /// scheme says: the body timeout follows, unless it was set.
    pub(crate) fn with_ack_deadline(mut self, deadline: Duration) -> Self {
        Arc::make_mut(&mut self.inner).ack_deadline = deadline;
        self
    }

    /// How many bytes of a body must at least come in a second, for the adapters,
    /// which judge it every two seconds: it means something only where the
    /// [body timeout](Self::with_body_timeout) is longer. Defaults to 1,024; 0
    /// leaves it at the deadline of the whole.
    #[must_use]
    pub fn with_least_body_rate(mut self, bytes_per_second: u64) -> Self {
        Arc::make_mut(&mut self.inner).least_body_rate = bytes_per_second;
        self
    }

    /// The budget of which the adapters take the bodies that they hold. Defaults
    /// to [`BufferBudget::of_process`].
    #[must_use]
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        Arc::make_mut(&mut self.inner).budget = budget;
        self
    }

    /// Who keeps the key that a provider hands over in a handshake (see
    /// [`arm_handshake`](Self::arm_handshake)), for the adapters. Defaults to
    /// nobody, and then the adapters answer no such handshake.
    #[must_use]
    pub fn with_secret_keeper(mut self, keeper: impl SecretKeeper) -> Self {
        Arc::make_mut(&mut self.inner).keeper = Some(Arc::new(keeper));
        self
    }

    /// Where the bodies of this endpoint's deliveries name their event: `/id`,
    /// `/a+/b` for several values together, or `/events/*/id` for all elements of
    /// an array. It is looked for before the scheme's own places, and gives the
    /// deliveries that have it the identity [`Id`](crate::Identity::Id).
    ///
    /// The values must differ between distinct events: with the id of a ticket
    /// alone, everything that happens to the ticket is one event, and is lost but
    /// for the first.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Scheme`] if it cannot be parsed, or the signature does not
    /// cover it.
    pub fn with_event_id(mut self, place: &str) -> Result<Self, ConfigError> {
        let scheme = self.inner.scheme.clone().with_event_id(place)?;
        Arc::make_mut(&mut self.inner).scheme = scheme;
        Ok(self)
    }

    /// The endpoint in whose name the adapters tell of its deliveries. Defaults to
    /// the scheme's name; a [`Receiver`](crate::Receiver) puts its own endpoint
    /// there.
    ///
    /// It stands on every metric, and so must not be one of many.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: &Endpoint) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.watch = Watch::at(inner.scheme.name(), endpoint);
        self
    }

    /// The scheme by which deliveries are judged.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.inner.scheme
    }

    /// How far a timestamp may be off; `None` where the scheme signs none.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.inner.tolerance
    }

    /// The largest body that is accepted, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.inner.body_limit
    }

    /// How long a body may take to arrive whole.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        let usual = || LONGEST_BODY_TIMEOUT.min(self.inner.ack_deadline / 3);
        self.inner.body_timeout.unwrap_or_else(usual)
    }

    /// How many bytes of a body must at least come in a second.
    #[must_use]
    pub fn least_body_rate(&self) -> u64 {
        self.inner.least_body_rate
    }

    /// The budget of which the adapters take the bodies that they hold.
    #[must_use]
    pub fn buffer_budget(&self) -> &BufferBudget {
        &self.inner.budget
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.inner.watch
    }

    fn keep_captured(&self, secret: Secret) -> Result<(), NotKept> {
        let keeper = self.inner.keeper.as_ref().ok_or(NotKept)?;
        keeper.keep(secret).map_err(|_| NotKept)
    }

    /// Proves a delivery whose body is at hand: the whole path in one call.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] says why the delivery must not be believed.
    pub fn verify<'h>(
        &self,
        head: impl Into<Head<'h>>,
        body: impl Into<Bytes>,
    ) -> Result<Verified, VerifyError> {
        // The steps are made to be inlined here: to hand what is read from one function to the next
        // by way of memory takes longer than to read it.
        let mut begun = Begun::new(self.judge()?);
        begun.read(&head.into())?;
        begun.push(body)?;
        // As `Begun::verify` does, but without handing the `Begun` on: it would be copied first.
        let body = begun.end()?;
        if let Some(ruled) = begun.ruled {
            return ruled.verify(begun.verifier, body);
        }
        let secret = begun.compare(&body)?;
        let Begun { verifier, presented, .. } = begun;
        Ok(Verified { verifier, presented, body, secret, event: OnceLock::new() })
    }

    /// Judges the headers of a delivery, before a byte of its body is read.
    ///
    /// What is unsigned, malformed or stale is refused here and costs no
    /// hashing.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] says why the delivery must not be believed.
    pub fn begin<'h>(&self, head: impl Into<Head<'h>>) -> Result<Begun, VerifyError> {
        let mut begun = Begun::new(self.judge()?);
        begun.read(&head.into())?;
        Ok(begun)
    }
}

/// A key that a provider has handed over is lost.
struct NotKept;

/// What judges one delivery from its headers on: what its endpoint's deliveries
/// share, and the secrets.
#[derive(Clone)]
struct Judge {
    inner: Arc<Inner>,
    /// In the place of those inside, where they were found for this delivery.
    found: Option<Arc<Keyring>>,
}

impl Verifier {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn judge(&self) -> Result<Judge, VerifyError> {
        let found = match &self.held {
            Held::Inside => None,
            Held::Found(keyring) => Some(Arc::clone(keyring)),
            Held::Replaceable(replaceable) => Some(replaceable.current()),
            Held::OfTenants(_) => return Err(VerifyErrorKind::Misconfigured.into()),
        };
        Ok(Judge { inner: Arc::clone(&self.inner), found })
    }
}

impl Judge {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn keyring(&self) -> &Keyring {
        match &self.found {
            None => &self.inner.keyring,
            Some(found) => found,
        }
    }
}

impl Deref for Judge {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    /// Where the timestamp stands in the signed body, if it does.
    fn body_timestamp(&self) -> Option<(&Pointer, TimestampUnit)> {
        let timestamp = self.scheme.timestamp.as_ref()?;
        match &timestamp.source {
            TimestampSource::Body(pointer) => Some((pointer, timestamp.unit)),
            _ => None,
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        shown.field("scheme", &self.inner.scheme.name());
        match self.judge() {
            Ok(judge) => shown.field("secrets", &judge.keyring().keys.len()),
            Err(_) => shown.field("secrets", &"of tenants"),
        };
        shown.finish_non_exhaustive()
    }
}

const LONGEST_BODY_TIMEOUT: Duration = Duration::from_secs(2);
const LEAST_BODY_RATE: u64 = 1024;
