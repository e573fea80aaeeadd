//! The verifier: `begin`, `update` and `verify` turn a request into a `Verified`.

pub(crate) mod event;
pub(crate) mod sign;

mod body_verifier;
mod configuration;
mod custom;
mod endpoint;
mod event_digest;
mod keyring;
mod placeholder;
mod replaceable;
mod resolve;
mod secret_checks;
mod settings;
mod snapshot;
mod unchecked;
mod unsigned_handshake;
mod verified;

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;

pub(crate) use body_verifier::BodyVerifier;
pub use endpoint::Endpoint;
pub use replaceable::SecretsHandle;
pub use resolve::ResolveFuture;
pub use unchecked::{SignatureMatch, UncheckedVerifier};
pub use unsigned_handshake::UnsignedHandshake;
pub use verified::{EventType, Verified};

use keyring::Keyring;
use replaceable::Replaceable;
use snapshot::VerifierSnapshot;

use crate::body::budget::BufferBudget;
use crate::error::{ConfigError, VerifyError};
use crate::handshake::HandshakeSecretStore;
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::{BodyView, Scheme};
use crate::secret::Secrets;
use crate::secret::tenants::TenantSecrets;
use crate::telemetry::{DeliverySpan, OnceFlags, Recorder};
use crate::time::clock::{Clock, SystemClock};
use crate::time::tolerance::Tolerance;

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
    /// What custom signing code is given instead of the scheme, if that is unchecked.
    original: Option<Arc<Scheme>>,
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
    secret_store: Option<Arc<dyn HandshakeSecretStore>>,
    clock: Arc<dyn Clock>,
    endpoint: Endpoint,
    has_private_event_ids: bool,
    /// What is logged once for each endpoint.
    once: Arc<OnceFlags>,
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
            secret_store: None,
            clock: Arc::new(SystemClock::new()),
            // An endpoint without a name has the scheme's name.
            endpoint: Endpoint::new(scheme.name()),
            has_private_event_ids: false,
            once: Arc::default(),
            watch: Recorder::new(scheme.name(), scheme.name()),
            original: None,
            scheme,
        });
        Ok(Self { inner, held })
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

    /// Verifies a delivery in one call, if the whole body is available.
    ///
    /// # Errors
    ///
    /// [`VerifyError`], with the reason why the delivery is rejected.
    #[doc(alias("constructEvent", "validate", "check_signature"))]
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

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        shown.field("scheme", &self.inner.scheme.name());
        match self.snapshot() {
            Ok(snapshot) => shown.field("secrets", &snapshot.keyring().keys.len()),
            Err(_) => shown.field("secrets", &"of tenants"),
        };
        shown.finish_non_exhaustive()
    }
}

const MIN_BODY_RATE: u64 = 1024;
