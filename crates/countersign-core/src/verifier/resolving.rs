//! Which verifier judges a request.

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
    /// A verifier that finds for each request the secrets of the tenant that it
    /// names, for a scheme that does not sign the URL.
    ///
    /// The adapters [`resolve`](Self::resolve) each request, and so does
    /// [`Receiver::begin`](crate::Receiver::begin). By itself this verifier
    /// judges nothing: its [`verify`](Self::verify) and [`begin`](Self::begin)
    /// say [`VerifyErrorKind::Misconfigured`].
    ///
    /// Of a scheme's handshakes, one that hands a key over comes before there is
    /// a secret: the resolver has to know some secret of the tenant by then.
    ///
    /// ```
    /// use countersign_core::{Scheme, Secret, Secrets, Signer, TenantFrom, Tenants, Verifier};
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let tenants = Tenants::new(TenantFrom::header("X-Webhook-ID")?, async |tenant: String| {
    ///     // A look-up in a database, say.
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
    /// [`new`](Self::new). A tenant's secret that cannot be used is told to the
    /// [observer](Tenants::with_observer).
    pub fn for_tenants(scheme: Scheme, tenants: Tenants) -> Result<Self, ConfigError> {
        Self::refuse_unknown_url(&scheme)?;
        let secrets = TenantSecrets::new(scheme.clone(), tenants);
        Self::build(scheme, Keyring::default(), Held::OfTenants(Arc::new(secrets)), None)
    }

    /// As [`for_tenants`](Self::for_tenants), for a scheme that signs the URL:
    /// `url` is the one that the provider calls, or where the tenants have URLs
    /// of their own, [their origin](PublicUrl::origin).
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

    /// Forgets what is known of a tenant, so that the next request asks for it:
    /// to be told when a tenant's secrets have changed. It counts for all clones
    /// of the verifier.
    pub fn forget_tenant(&self, tenant: &str) {
        if let Held::OfTenants(tenants) = &self.held {
            tenants.forget(tenant);
        }
    }

    /// Forgets what is known of all tenants. It counts for all clones of the
    /// verifier.
    pub fn forget_tenants(&self) {
        if let Held::OfTenants(tenants) = &self.held {
            tenants.forget_all();
        }
    }

    /// The verifier for this request, with the secrets that are live now: at
    /// once, unless [a tenant's](Self::for_tenants) have to be asked for.
    ///
    /// For how long it waits is for the caller to say: the adapters do so by the
    /// [`body_timeout`](Self::body_timeout).
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::UnknownTenant`] and
    /// [`VerifyErrorKind::SecretsUnavailable`], where there are tenants.
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

/// A verifier that is being found; see [`Verifier::resolve`].
///
/// Dropped, it leaves whoever else waits for the same tenant to wait on.
#[must_use = "futures do nothing unless polled"]
pub struct Resolving {
    state: State,
    watch: Watch,
}

enum State {
    /// Taken at the end.
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
    /// What is left where it must not be waited for any longer: the verifier
    /// with the secrets of before, which have been kept for longer than they are
    /// fresh, and for less than they are
    /// [to be used](Tenants::with_stale_for).
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SecretsUnavailable`] where there are none.
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
