//! Looks up the verifier of a request, with the secrets of its tenant.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::keyring::Keyring;
use super::{Inner, SecretSource, Verifier};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::request::headers::RequestHead;
use crate::request::url::PublicUrl;
use crate::scheme::Scheme;
use crate::secret::Secrets;
use crate::secret::tenants::{CacheEntry, Call, Failed, TenantSecrets, Tenants};
use crate::telemetry::{Recorder, TelemetryEvent};

impl Verifier {
    /// Creates a verifier that looks up the secrets of each request's tenant, for a
    /// scheme that does not sign the URL.
    ///
    /// [`receive`](Self::receive), and so every adapter, calls
    /// [`resolve`](Self::resolve) for each request. Call it yourself before
    /// [`verify`](Self::verify), which returns [`VerifyErrorKind::Misconfigured`] on the
    /// unresolved verifier.
    ///
    /// A handshake that delivers a key arrives before the tenant has its secret. The
    /// resolver must return some secret of the tenant for it.
    ///
    /// ```
    /// use countersign_core::{Secret, Secrets, Signer, TenantId, Tenants, Verifier};
    /// use countersign_schemes as schemes;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = Tenants::new(TenantId::header("X-Webhook-ID")?, async |tenant: String| {
    ///     // For example, a query of a database.
    ///     let is_known = tenant == "acme";
    ///     Ok(is_known.then_some(Secret::new("secret of acme")?.into()))
    /// });
    /// let scheme = schemes::github();
    /// let verifier = Verifier::for_tenants(scheme.clone(), tenants)?;
    ///
    /// let signer = Signer::new(scheme, Secret::new("secret of acme")?)?;
    /// let mut headers = signer.sign(b"{}")?;
    /// headers.push(("X-Webhook-ID".to_owned(), "acme".to_owned()));
    ///
    /// let verified = verifier.resolve(&headers).await?.verify(&headers, "{}")?;
    /// assert_eq!(verified.tenant(), Some("acme"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::UrlRequired`] and [`ConfigError::FeatureRequired`], as
    /// [`new`](Self::new). A tenant's secret that cannot be used is reported to the
    /// [observer](Tenants::with_observer).
    pub fn for_tenants(scheme: Scheme, tenants: Tenants) -> Result<Self, ConfigError> {
        Self::reject_unknown_url(&scheme)?;
        let secrets = SecretSource::of_tenants(&scheme, tenants);
        Self::build(scheme, Keyring::default(), secrets, None)
    }

    /// As [`for_tenants`](Self::for_tenants), for a scheme that signs the URL. `url` is
    /// the URL that the provider calls. If each tenant has a different URL, it is
    /// [their origin](PublicUrl::origin).
    ///
    /// # Errors
    ///
    /// As [`for_tenants`](Self::for_tenants).
    pub fn for_tenants_with_public_url(
        url: PublicUrl,
        scheme: Scheme,
        tenants: Tenants,
    ) -> Result<Self, ConfigError> {
        let secrets = SecretSource::of_tenants(&scheme, tenants);
        Self::build(scheme, Keyring::default(), secrets, Some(url))
    }

    /// Removes a tenant from the cache, so that the next request looks up its secrets.
    /// Call it when a tenant's secrets have changed. It applies to all clones of the
    /// verifier.
    pub fn invalidate_tenant(&self, tenant: &str) {
        if let SecretSource::OfTenants(tenants) = &self.held {
            tenants.forget(tenant);
        }
    }

    /// Removes all tenants from the cache. It applies to all clones of the verifier.
    pub fn invalidate_tenants(&self) {
        if let SecretSource::OfTenants(tenants) = &self.held {
            tenants.forget_all();
        }
    }

    /// Returns the verifier for this request, with the currently active secrets. The
    /// future is ready immediately, unless the secrets
    /// [of a tenant](Self::for_tenants) must be looked up.
    ///
    /// The future has no timeout. The adapters stop waiting after the
    /// [`body_timeout`](Self::body_timeout).
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::UnknownTenant`] and
    /// [`VerifyErrorKind::SecretsUnavailable`], for a verifier of tenants.
    pub fn resolve<'h>(&self, head: impl Into<RequestHead<'h>>) -> ResolveFuture {
        let found = match &self.held {
            SecretSource::Inside | SecretSource::Found(_) => {
                return self.resolving(State::Known(Some(Ok(self.clone()))));
            }
            SecretSource::Replaceable(replaceable) => Ok(replaceable.current()),
            SecretSource::OfTenants(tenants) => match tenants.find(&head.into(), &self.inner.clock)
            {
                Ok(CacheEntry::Here(keyring)) => Ok(keyring),
                Ok(CacheEntry::Asked { call, tenant, stale }) => {
                    let inner = Arc::clone(&self.inner);
                    let tenants = Arc::clone(tenants);
                    let asked = Asked { inner, tenants, tenant, call, stale };
                    return self.resolving(State::Asked(Box::new(asked)));
                }
                Err(rejected) => Err(rejected),
            },
        };
        let found = found.map(|keyring| Self::found(Arc::clone(&self.inner), keyring));
        self.resolving(State::Known(Some(found)))
    }

    fn resolving(&self, state: State) -> ResolveFuture {
        ResolveFuture { state, watch: self.recorder().clone() }
    }

    fn found(inner: Arc<Inner>, keyring: Arc<Keyring>) -> Self {
        Self { inner, held: SecretSource::Found(keyring) }
    }
}

impl SecretSource {
    fn of_tenants(scheme: &Scheme, tenants: Tenants) -> Self {
        let scheme = scheme.clone();
        let prepare = move |secrets: &Secrets, tenant: &Arc<str>| {
            Keyring::prepare(&scheme, secrets).map(|keyring| keyring.of_tenant(Arc::clone(tenant)))
        };
        Self::OfTenants(Arc::new(TenantSecrets::new(tenants, prepare)))
    }
}

/// The future of [`Verifier::resolve`].
///
/// Dropping it does not affect other requests that wait for the same tenant.
#[must_use = "futures do nothing unless polled"]
pub struct ResolveFuture {
    state: State,
    watch: Recorder,
}

enum State {
    /// The value is taken when the future is ready.
    Known(Option<Result<Verifier, VerifyError>>),
    Asked(Box<Asked>),
}

struct Asked {
    inner: Arc<Inner>,
    tenants: Arc<TenantSecrets<Keyring>>,
    tenant: Arc<str>,
    call: Call<Keyring>,
    stale: Option<Arc<Keyring>>,
}

impl ResolveFuture {
    /// Stops waiting and returns the verifier with the tenant's expired secrets, if
    /// they may [still be used](Tenants::with_stale_if_error).
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SecretsUnavailable`] if there are no such secrets.
    pub fn use_stale(&mut self) -> Result<Verifier, VerifyError> {
        let found = match mem::replace(&mut self.state, State::Known(None)) {
            State::Known(known) => known.unwrap_or_else(|| Err(unavailable())),
            State::Asked(asked) => asked.without_answer(),
        };
        self.report_error(found)
    }

    fn report_error(&self, found: Result<Verifier, VerifyError>) -> Result<Verifier, VerifyError> {
        if let Err(rejected) = &found {
            self.watch.record(&TelemetryEvent::Rejected(rejected.into()));
        }
        found
    }
}

impl Asked {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Verifier, VerifyError>> {
        Pin::new(&mut self.call).poll(cx).map(|said| {
            let keyring = match said {
                Ok(Some(keyring)) => keyring,
                Ok(None) => return Err(VerifyErrorKind::UnknownTenant.into()),
                Err(Failed) => self.stale.take().ok_or_else(unavailable)?,
            };
            Ok(Verifier::found(Arc::clone(&self.inner), keyring))
        })
    }

    fn without_answer(self) -> Result<Verifier, VerifyError> {
        let Self { inner, tenants, tenant, stale, .. } = self;
        let keyring = tenants.use_stale(&tenant, stale, inner.clock.now_unix_ms())?;
        Ok(Verifier::found(inner, keyring))
    }
}

impl Future for ResolveFuture {
    type Output = Result<Verifier, VerifyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = match &mut self.state {
            State::Known(known) => known.take().unwrap_or_else(|| Err(unavailable())),
            State::Asked(asked) => ready!(asked.poll(cx)),
        };
        Poll::Ready(self.report_error(found))
    }
}

fn unavailable() -> VerifyError {
    VerifyErrorKind::SecretsUnavailable.into()
}

impl fmt::Debug for ResolveFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolveFuture").finish_non_exhaustive()
    }
}
