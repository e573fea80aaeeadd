//! The verifier: `begin`, `update` and `verify` turn a request into a `Verified`.

pub(crate) mod event;
pub(crate) mod sign;

mod body_verifier;
mod custom;
mod endpoint;
mod event_digest;
mod keyring;
mod replaceable;
mod resolve;
mod secret_checks;
mod unsigned_handshake;
mod verified;

use std::fmt;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

pub(crate) use body_verifier::BodyVerifier;
pub use endpoint::Endpoint;
pub use replaceable::SecretsHandle;
pub use resolve::ResolveFuture;
pub use unsigned_handshake::UnsignedHandshake;
pub use verified::{EventType, Verified};

use keyring::Keyring;
use replaceable::Replaceable;

use crate::body::budget::BufferBudget;
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::handshake::HandshakeSecretStore;
use crate::json::pointer::Pointer;
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::{BodyView, Scheme, TimestampSource};
use crate::secret::tenants::TenantSecrets;
use crate::secret::{Secret, Secrets};
use crate::telemetry::{DeliverySpan, Recorder};
use crate::time::clock::{Clock, SystemClock};
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// Verifies the deliveries of one endpoint, with a scheme, its active secrets and a
/// clock.
///
/// Cheap to clone: the clones share one set of prepared keys.
///
/// ```
/// use countersign_core::{Secret, Verifier};
/// use countersign_schemes as schemes;
///
/// let verifier = Verifier::new(schemes::github(), Secret::new("It's a Secret to Everybody")?)?;
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
    held: SecretSource,
}

/// The source of a verifier's secrets.
#[derive(Clone)]
enum SecretSource {
    /// Fixed, in the `Inner` that the clones share.
    Inside,
    /// Looked up for one request.
    Found(Arc<Keyring>),
    /// Replaceable with a handle.
    Replaceable(Arc<Replaceable>),
    /// Looked up by a resolver for each tenant.
    OfTenants(Arc<TenantSecrets<Keyring>>),
}

/// The configuration that all deliveries of the endpoint share.
#[derive(Clone)]
struct Inner {
    scheme: Scheme,
    /// Empty if the secrets come from elsewhere.
    keyring: Keyring,
    url: Option<PublicUrl>,
    tolerance: Option<Tolerance>,
    body_limit: usize,
    /// How long the provider waits for the response.
    ack_deadline: Duration,
    /// The value that the user set, if any.
    body_timeout: Option<Duration>,
    /// In bytes per second.
    min_body_rate: u64,
    budget: BufferBudget,
    unsigned: unsigned_handshake::Unsigned,
    keeper: Option<Arc<dyn HandshakeSecretStore>>,
    clock: Arc<dyn Clock>,
    watch: Recorder,
}

impl Verifier {
    /// Creates a verifier for a scheme that does not sign the URL.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Secret`] if a secret does not decode in the scheme's format.
    /// [`ConfigError::UrlRequired`] if the scheme signs the URL (see
    /// [`with_public_url`](Self::with_public_url)). [`ConfigError::FeatureRequired`] if the scheme needs a
    /// feature of this crate that is not enabled.
    pub fn new(scheme: Scheme, secrets: impl Into<Secrets>) -> Result<Self, ConfigError> {
        Self::reject_unknown_url(&scheme)?;
        let keyring = Keyring::prepare(&scheme, &secrets.into())?;
        Self::build(scheme, keyring, SecretSource::Inside, None)
    }

    /// Creates a verifier for a scheme that signs the URL. `url` is the URL that the
    /// provider calls.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_public_url(
        url: PublicUrl,
        scheme: Scheme,
        secrets: impl Into<Secrets>,
    ) -> Result<Self, ConfigError> {
        let keyring = Keyring::prepare(&scheme, &secrets.into())?;
        Self::build(scheme, keyring, SecretSource::Inside, Some(url))
    }

    fn reject_unknown_url(scheme: &Scheme) -> Result<(), ConfigError> {
        if scheme.signs_url() {
            return Err(ConfigError::UrlRequired { scheme: scheme.name().to_owned() });
        }
        Ok(())
    }

    fn build(
        scheme: Scheme,
        keyring: Keyring,
        held: SecretSource,
        url: Option<PublicUrl>,
    ) -> Result<Self, ConfigError> {
        if scheme.boundaries.url.exact_only && url.as_ref().is_some_and(PublicUrl::is_origin) {
            return Err(ConfigError::Url {
                problem: "is only an origin, but the scheme signs nothing that marks the end of \
                          the path: give the whole URL",
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
            min_body_rate: MIN_BODY_RATE,
            budget: BufferBudget::of_process(),
            unsigned: unsigned_handshake::Unsigned::default(),
            keeper: None,
            clock: Arc::new(SystemClock::new()),
            // An endpoint without a name has the scheme's name.
            watch: Recorder::new(scheme.name(), scheme.name()),
            scheme,
        });
        Ok(Self { inner, held })
    }

    /// Sets the clock that timestamps are checked against. Defaults to the operating
    /// system's clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        Arc::make_mut(&mut self.inner).clock = Arc::new(clock);
        self
    }

    /// Sets the tolerance: how far a timestamp may differ from the current time.
    /// Defaults to the scheme's tolerance. Has no effect if the scheme signs no
    /// timestamp.
    ///
    /// If you widen it, keep handled events for at least [`Tolerance::window`].
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: Tolerance) -> Self {
        Arc::make_mut(&mut self.inner).tolerance = Some(tolerance);
        self
    }

    /// Sets the maximum size of a body, in bytes. Defaults to the limit in the
    /// scheme's profile.
    ///
    /// A few schemes parse the body before it is verified. The limits that they have
    /// in addition are in their [notes](Scheme::notes).
    ///
    /// With an adapter, a body must also fit into the
    /// [budget](Self::with_buffer_budget). One request may use three quarters of it,
    /// including its head: 48 MiB of the default budget. A larger limit needs a budget
    /// of at least four thirds of the limit. Otherwise a body that exceeds its share is
    /// always rejected with 503 `busy`.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.inner).body_limit = bytes;
        self
    }

    /// Sets the deadline for the whole body, which the adapters apply. Defaults to a
    /// third of the time that the provider waits for the response, and to 2 s at most:
    /// the rest is for the handler.
    #[must_use]
    pub fn with_body_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.inner).body_timeout = Some(timeout);
        self
    }

    /// Sets how long the provider waits for the response, if it differs from the
    /// scheme's profile. The body timeout depends on it, unless it was set.
    pub(crate) fn with_ack_deadline(mut self, deadline: Duration) -> Self {
        Arc::make_mut(&mut self.inner).ack_deadline = deadline;
        self
    }

    /// Sets the minimum rate of a body, in bytes per second, which the adapters apply.
    /// They check it every two seconds, so it has an effect only if the
    /// [body timeout](Self::with_body_timeout) is longer. Defaults to 1,024. With 0,
    /// only the deadline of the whole body applies.
    #[must_use]
    pub fn with_min_body_rate(mut self, bytes_per_second: u64) -> Self {
        Arc::make_mut(&mut self.inner).min_body_rate = bytes_per_second;
        self
    }

    /// Sets the memory budget for the bodies that the adapters buffer. Defaults to
    /// [`BufferBudget::of_process`].
    #[must_use]
    pub fn with_buffer_budget(mut self, budget: BufferBudget) -> Self {
        Arc::make_mut(&mut self.inner).budget = budget;
        self
    }

    /// Sets how the adapters save the key that a provider sends in a handshake (see
    /// [`handshake_window`](Self::open_handshake_window)). Defaults to none: the adapters then do
    /// not complete such handshakes.
    #[must_use]
    pub fn with_handshake_secret_store(mut self, keeper: impl HandshakeSecretStore) -> Self {
        Arc::make_mut(&mut self.inner).keeper = Some(Arc::new(keeper));
        self
    }

    /// Sets the place of the event id in the bodies of this endpoint: `/id`, `/a+/b`
    /// for several values together, or `/events/*/id` for all elements of an array.
    /// It is used before the places that the scheme defines. Deliveries that have it
    /// get the identity [`Id`](crate::Identity::Id).
    ///
    /// The values must differ between distinct events. If you use the id of a ticket,
    /// all events of the ticket count as one event, and all but the first are lost.
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

    /// Sets the endpoint name for metrics and tracing of the adapters. Defaults to the
    /// scheme's name. A [`Receiver`](crate::Receiver) sets its own endpoint.
    ///
    /// It is a label of every metric, so use only a small number of names.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: &Endpoint) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.watch = Recorder::new(inner.scheme.name(), endpoint.name());
        self
    }

    /// The scheme of the deliveries.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.inner.scheme
    }

    /// How far a timestamp may differ from the current time; `None` if the scheme
    /// signs no timestamp.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.inner.tolerance
    }

    /// The maximum size of a body, in bytes.
    #[must_use]
    pub fn body_limit(&self) -> usize {
        self.inner.body_limit
    }

    /// The deadline for the whole body.
    #[must_use]
    pub fn body_timeout(&self) -> Duration {
        let usual = || MAX_BODY_TIMEOUT.min(self.inner.ack_deadline / 3);
        self.inner.body_timeout.unwrap_or_else(usual)
    }

    /// The minimum rate of a body, in bytes per second.
    #[must_use]
    pub fn min_body_rate(&self) -> u64 {
        self.inner.min_body_rate
    }

    /// The memory budget for the bodies that the adapters buffer.
    #[must_use]
    pub fn buffer_budget(&self) -> &BufferBudget {
        &self.inner.budget
    }

    /// Creates the span of one request. An adapter creates it when the request
    /// arrives, and keeps it until the response.
    #[must_use]
    pub fn span(&self) -> DeliverySpan {
        self.inner.watch.span()
    }

    pub(crate) fn recorder(&self) -> &Recorder {
        &self.inner.watch
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Saves the key that the provider sent in a handshake.
    pub(crate) fn save_captured(&self, secret: Secret) -> Result<(), NotSaved> {
        let keeper = self.inner.keeper.as_ref().ok_or(NotSaved)?;
        // A panic would close the connection without a response.
        match catch_unwind(AssertUnwindSafe(|| keeper.save(secret))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(NotSaved),
        }
    }

    /// Verifies a delivery in one call, if the whole body is available.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the reason why the delivery is rejected.
    pub fn verify<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
        body: impl Into<Bytes>,
    ) -> Result<Verified, VerifyError> {
        // The steps are inlined here: passing the parsed values from one function to the next
        // through memory takes longer than parsing them.
        let mut begun = BodyVerifier::new(self.snapshot()?);
        begun.read(&head.into())?;
        begun.update(body)?;
        // The same as `BodyVerifier::verify`, without moving the `BodyVerifier`, which would copy it.
        let body = begun.end()?;
        if let Some(ruled) = begun.ruled {
            return ruled.verify(begun.verifier, body);
        }
        let secret = begun.compare(&body)?;
        let BodyVerifier { verifier, presented, .. } = begun;
        Ok(Verified { verifier, presented, body, secret, event: OnceLock::new() })
    }

    /// Checks the headers of a delivery before its body is read.
    ///
    /// Unsigned, malformed and stale deliveries are rejected here, without hashing.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the reason why the delivery is rejected.
    pub(crate) fn begin<'h>(
        &self,
        head: impl Into<RequestHead<'h>>,
    ) -> Result<BodyVerifier, VerifyError> {
        let mut begun = BodyVerifier::new(self.snapshot()?);
        begun.read(&head.into())?;
        Ok(begun)
    }

    /// [`begin`](Self::begin), for a request that may be a handshake which delivers the first key:
    /// before the body is read, it is not rejected because no secret is valid.
    pub(crate) fn begin_for_handshake(
        &self,
        head: &RequestHead<'_>,
    ) -> Result<BodyVerifier, VerifyError> {
        let mut begun = BodyVerifier::new(self.snapshot()?);
        if let Err(rejected) = begun.read_headers(head) {
            begun.check_secrets()?;
            return Err(rejected);
        }
        Ok(begun)
    }
}

/// The key of a handshake could not be saved.
pub(crate) struct NotSaved;

/// A snapshot for verifying one delivery: the shared configuration and the secrets.
#[derive(Clone)]
struct VerifierSnapshot {
    inner: Arc<Inner>,
    /// The secrets that were looked up for this delivery; used instead of those in
    /// `inner`.
    found: Option<Arc<Keyring>>,
}

impl Verifier {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn snapshot(&self) -> Result<VerifierSnapshot, VerifyError> {
        let found = match &self.held {
            SecretSource::Inside => None,
            SecretSource::Found(keyring) => Some(Arc::clone(keyring)),
            SecretSource::Replaceable(replaceable) => Some(replaceable.current()),
            SecretSource::OfTenants(_) => return Err(VerifyErrorKind::Misconfigured.into()),
        };
        Ok(VerifierSnapshot { inner: Arc::clone(&self.inner), found })
    }
}

impl VerifierSnapshot {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    fn keyring(&self) -> &Keyring {
        match &self.found {
            None => &self.inner.keyring,
            Some(found) => found,
        }
    }
}

impl Deref for VerifierSnapshot {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    /// The place of the timestamp in the signed body, if it is there.
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
        match self.snapshot() {
            Ok(judge) => shown.field("secrets", &judge.keyring().keys.len()),
            Err(_) => shown.field("secrets", &"of tenants"),
        };
        shown.finish_non_exhaustive()
    }
}

const MAX_BODY_TIMEOUT: Duration = Duration::from_secs(2);
const MIN_BODY_RATE: u64 = 1024;
