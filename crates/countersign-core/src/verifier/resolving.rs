//! Looks up the verifier of a request, with the secrets of its tenant.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::{Held, Inner, Verifier};
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};
use crate::headers::Head;
use crate::keyring::Keyring;
use crate::observe::{Notice, Watch};
use crate::outcome::Answer;
use crate::scheme::Scheme;
use crate::tenants::{Call, Failed, Kept, TenantSecrets, Tenants};
use crate::url::PublicUrl;

impl Verifier {
    /// Creates a verifier that looks up the secrets of each request's tenant, for a
    /// scheme that does not sign the URL.
    ///
    /// The adapters and [`Receiver::begin`](crate::Receiver::begin) call
    /// [`resolve`](Self::resolve) for each request. Call it yourself if you use
    /// neither: [`verify`](Self::verify) and [`begin`](Self::begin) of the unresolved
    /// verifier return [`VerifyErrorKind::Misconfigured`].
    ///
    /// A handshake that delivers a key arrives before the tenant has its secret. The
    /// resolver must return some secret of the tenant for it.
    ///
    /// ```
    /// use countersign_core::{Scheme, Secret, Secrets, Signer, TenantFrom, Tenants, Verifier};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = Tenants::new(TenantFrom::header("X-Webhook-ID")?, async |tenant: String| {
    ///     // For example, a query of a database.
    ///     let is_known = tenant == "acme";
    ///     Ok(is_known.then_some(Secret::new("secret of acme")?.into()))
    /// });
    /// let scheme = Scheme::named("github")?;
    /// let verifier = Verifier::for_tenants(scheme.clone(), tenants)?;
    ///
    /// let signer = Signer::new(scheme, Secret::new("secret of acme")?)?;
    /// let mut headers = signer.sign(&[("", ""); 0], b"{}")?;
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
        Self::refuse_unknown_url(&scheme)?;
        let secrets = TenantSecrets::new(scheme.clone(), tenants);
        Self::build(scheme, Keyring::default(), Held::OfTenants(Arc::new(secrets)), None)
    }

    /// As [`for_tenants`](Self::for_tenants), for a scheme that signs the URL. `url` is
    /// the URL that the provider calls. If each tenant has a different URL, it is
    /// [their origin](PublicUrl::origin).
    ///
    /// # Errors
    ///
    /// As [`for_tenants`](Self::for_tenants).
    pub fn for_tenants_at(
        url: PublicUrl,
        scheme: Scheme,
        tenants: Tenants,
    ) -> Result<Self, ConfigError> {
        let secrets = TenantSecrets::new(scheme.clone(), tenants);
        Self::build(scheme, Keyring::default(), Held::OfTenants(Arc::new(secrets)), Some(url))
    }

    /// Removes a tenant from the cache, so that the next request looks up its secrets.
    /// Call it when a tenant's secrets have changed. It applies to all clones of the
    /// verifier.
    pub fn forget_tenant(&self, tenant: &str) {
        if let Held::OfTenants(tenants) = &self.held {
            tenants.forget(tenant);
        }
    }

    /// Removes all tenants from the cache. It applies to all clones of the verifier.
    pub fn forget_tenants(&self) {
        if let Held::OfTenants(tenants) = &self.held {
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
    pub fn resolve<'h>(&self, head: impl Into<Head<'h>>) -> Resolving {
        let found = match &self.held {
            Held::Inside | Held::Found(_) => {
                return self.resolving(State::Known(Some(Ok(self.clone()))));
            }
            Held::Replaceable(replaceable) => Ok(replaceable.current()),
            Held::OfTenants(tenants) => match tenants.find(&head.into(), &self.inner.clock) {
                Ok(Kept::Here(keyring)) => Ok(keyring),
                Ok(Kept::Asked { call, tenant, stale }) => {
                    let inner = Arc::clone(&self.inner);
                    let tenants = Arc::clone(tenants);
                    let asked = Asked { inner, tenants, tenant, call, stale };
                    return self.resolving(State::Asked(Box::new(asked)));
                }
                Err(refused) => Err(refused),
            },
        };
        let found = found.map(|keyring| Self::found(Arc::clone(&self.inner), keyring));
        self.resolving(State::Known(Some(found)))
    }

    fn resolving(&self, state: State) -> Resolving {
        Resolving { state, watch: self.watch().clone() }
    }

    fn found(inner: Arc<Inner>, keyring: Arc<Keyring>) -> Self {
        Self { inner, held: Held::Found(keyring) }
    }
}

/// The future of [`Verifier::resolve`].
///
/// Dropping it does not affect other requests that wait for the same tenant.
#[must_use = "futures do nothing unless polled"]
pub struct Resolving {
    state: State,
    watch: Watch,
}

enum State {
    /// The value is taken when the future is ready.
    Known(Option<Result<Verifier, VerifyError>>),
    Asked(Box<Asked>),
}

struct Asked {
    inner: Arc<Inner>,
    tenants: Arc<TenantSecrets>,
    tenant: Arc<str>,
    call: Call,
    stale: Option<Arc<Keyring>>,
}

impl Resolving {
    /// Stops waiting and returns the verifier with the tenant's expired secrets, if
    /// they may [still be used](Tenants::with_stale_for).
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SecretsUnavailable`] if there are no such secrets.
    pub fn give_up(&mut self) -> Result<Verifier, VerifyError> {
        let found = match mem::replace(&mut self.state, State::Known(None)) {
            State::Known(known) => known.unwrap_or_else(|| Err(unavailable())),
            State::Asked(asked) => asked.without_answer(),
        };
        self.told(found)
    }

    fn told(&self, found: Result<Verifier, VerifyError>) -> Result<Verifier, VerifyError> {
        if let Err(refused) = &found {
            self.watch.tell(&Notice::Answered(&Answer::Refused(refused.clone())));
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
        let keyring = tenants.give_up(&tenant, stale, inner.clock.now_unix_ms())?;
        Ok(Verifier::found(inner, keyring))
    }
}

impl Future for Resolving {
    type Output = Result<Verifier, VerifyError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let found = match &mut self.state {
            State::Known(known) => known.take().unwrap_or_else(|| Err(unavailable())),
            State::Asked(asked) => ready!(asked.poll(cx)),
        };
        Poll::Ready(self.told(found))
    }
}

fn unavailable() -> VerifyError {
    VerifyErrorKind::SecretsUnavailable.into()
}

impl fmt::Debug for Resolving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolving").finish_non_exhaustive()
    }
}
