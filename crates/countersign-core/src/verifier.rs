//! From a request to its proof: `begin`, `push`, `verify`.

mod arriving;
mod asked;
mod begun;
mod resolving;
mod verified;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use arriving::{Arrived, Arriving, SecretKeeper};
pub use asked::AskedHandshake;
pub use begun::Begun;
pub use resolving::Resolving;
pub use verified::{EventType, Verified};

use crate::budget::BufferBudget;
use crate::clock::{Clock, SystemClock};
use crate::error::{ConfigError, VerifyError};
use crate::headers::Head;
use crate::mac::Key;
use crate::scheme::{BodyView, Pointer, Scheme, TimestampSource, TimestampUnit, Tolerance};
use crate::secret::{Secret, Secrets};
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
pub struct Verifier(Arc<Inner>);

/// What every delivery of the endpoint shares.
#[derive(Clone)]
struct Inner {
    scheme: Scheme,
    /// One for each live secret, the current one first.
    keys: Vec<Key>,
    /// The names of the secrets, in the same order.
    names: Vec<Option<Box<str>>>,
    url: Option<PublicUrl>,
    tolerance: Option<Tolerance>,
    body_limit: usize,
    body_timeout: Duration,
    /// In bytes a second.
    least_body_rate: u64,
    budget: BufferBudget,
    unsigned: asked::Unsigned,
    keeper: Option<Arc<dyn SecretKeeper>>,
    clock: Arc<dyn Clock>,
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
        if scheme.signs_url() {
            return Err(ConfigError::UrlRequired { scheme: scheme.name().to_owned() });
        }
        Self::build(scheme, &secrets.into(), None)
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
        Self::build(scheme, &secrets.into(), Some(url))
    }

    fn build(
        scheme: Scheme,
        secrets: &Secrets,
        url: Option<PublicUrl>,
    ) -> Result<Self, ConfigError> {
        if scheme.body_view() == BodyView::Decoded && cfg!(not(feature = "compression")) {
            let scheme = scheme.name().to_owned();
            return Err(ConfigError::FeatureRequired { scheme, feature: "compression" });
        }
        let keys = Key::all(&scheme, secrets)?;
        let names = secrets.iter().map(|secret| secret.name().map(Box::from)).collect();
        Ok(Self(Arc::new(Inner {
            keys,
            names,
            url,
            tolerance: scheme.tolerance(),
            body_limit: scheme.profile().body_limit(),
            body_timeout: LONGEST_BODY_TIMEOUT.min(scheme.profile().ack_deadline() / 3),
            least_body_rate: LEAST_BODY_RATE,
            budget: BufferBudget::of_process(),
            unsigned: asked::Unsigned::default(),
            keeper: None,
            clock: Arc::new(SystemClock::new()),
            scheme,
        })))
    }

    /// Judges timestamps by this clock. Defaults to the operating system's.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// How far a timestamp may be off. Defaults to what the scheme says. Means
    /// nothing where the scheme signs no timestamp.
    ///
    /// Whoever widens this must remember handled events for as long as
    /// [`Tolerance::window`] says.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        Arc::make_mut(&mut self.0).tolerance = Some(tolerance);
        self
    }

    /// The largest body that is accepted, in bytes. Defaults to what the
    /// scheme's profile says.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).body_limit = bytes;
        self
    }

    /// How long a body may take to arrive whole, for the adapters, which read
    /// it. Defaults to a third of the time for which the provider waits for its
    /// answer, and to no more than 2 s: the rest is for the handler.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).body_timeout = timeout;
        self
    }

    /// How many bytes of a body must at least come in a second, for the adapters,
    /// which judge it every two seconds: it means something only where the
    /// [body timeout](Self::with_body_timeout) is longer. Defaults to 1,024; 0
    /// leaves it at the deadline of the whole.
    #[must_use]
    pub fn with_least_body_rate(mut self, bytes_per_second: u64) -> Self {
        Arc::make_mut(&mut self.0).least_body_rate = bytes_per_second;
        self
    }

    /// The budget of which the adapters take the bodies that they hold. Defaults
    /// to [`BufferBudget::of_process`].
    #[must_use]
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        Arc::make_mut(&mut self.0).budget = budget;
        self
    }

    /// Who keeps the key that a provider hands over in a handshake (see
    /// [`arm_handshake`](Self::arm_handshake)), for the adapters. Defaults to
    /// nobody, and then the adapters answer no such handshake.
    #[must_use]
    pub fn with_secret_keeper(mut self, keeper: impl SecretKeeper) -> Self {
        Arc::make_mut(&mut self.0).keeper = Some(Arc::new(keeper));
        self
    }

    /// The scheme by which deliveries are judged.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.0.scheme
    }

    /// How far a timestamp may be off; `None` where the scheme signs none.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.0.tolerance
    }

    /// The largest body that is accepted, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.0.body_limit
    }

    /// How long a body may take to arrive whole.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        self.0.body_timeout
    }

    /// How many bytes of a body must at least come in a second.
    #[must_use]
    pub fn least_body_rate(&self) -> u64 {
        self.0.least_body_rate
    }

    /// The budget of which the adapters take the bodies that they hold.
    #[must_use]
    pub fn buffer_budget(&self) -> &BufferBudget {
        &self.0.budget
    }

    fn keep_captured(&self, secret: Secret) -> Result<(), NotKept> {
        let keeper = self.0.keeper.as_ref().ok_or(NotKept)?;
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
        let mut begun = Begun::new(Arc::clone(&self.0));
        begun.read(&head.into())?;
        begun.push(body)?;
        begun.verify()
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
        let mut begun = Begun::new(Arc::clone(&self.0));
        begun.read(&head.into())?;
        Ok(begun)
    }
}

/// A key that a provider has handed over is lost.
struct NotKept;

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
        f.debug_struct("Verifier")
            .field("scheme", &self.0.scheme.name())
            .field("secrets", &self.0.keys.len())
            .finish_non_exhaustive()
    }
}

const LONGEST_BODY_TIMEOUT: Duration = Duration::from_secs(2);
const LEAST_BODY_RATE: u64 = 1024;
