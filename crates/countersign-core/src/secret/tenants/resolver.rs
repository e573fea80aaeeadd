//! The traits for looking up tenants' secrets and for observing failures.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::secret::Secrets;

/// Looks up the secrets of tenants. Implemented for functions from a `String` to a
/// future.
///
/// If all requests that wait for a call reach their deadline, or their clients
/// disconnect, the call is kept for 10 s, but not polled: the next request for the
/// tenant continues it, or finds its result. After that, the next call for any tenant
/// ends it, unless its result has arrived.
pub trait SecretResolver: Send + Sync + 'static {
    /// Returns the active secrets of a tenant, the current one first; `None` if there
    /// is no such tenant.
    ///
    /// The client chooses the name. It has 1 to 128 visible ASCII characters, and may
    /// contain any of them: pass it to a query as a parameter, and do not use it as a
    /// file name.
    ///
    /// # Errors
    ///
    /// Any reason why the lookup failed. Only the
    /// [observer](crate::Tenants::with_observer) receives it.
    fn secrets(
        &self,
        tenant: &str,
    ) -> impl Future<Output = Result<Option<Secrets>, Box<dyn Error + Send + Sync>>> + Send;
}

impl<F, Answer> SecretResolver for F
where
    F: Fn(String) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Option<Secrets>, Box<dyn Error + Send + Sync>>> + Send,
{
    fn secrets(
        &self,
        tenant: &str,
    ) -> impl Future<Output = Result<Option<Secrets>, Box<dyn Error + Send + Sync>>> + Send {
        self(tenant.to_owned())
    }
}

/// Receives the reason if the secrets of a tenant could not be looked up. Implemented
/// for closures.
pub trait ResolverObserver: Send + Sync + 'static {
    /// Called if the resolver failed or panicked, returned secrets that the scheme
    /// cannot use, or did not respond before the deadline of a request (once for each
    /// call). `tenant` is the name that the request contained.
    fn failed(&self, tenant: &str, error: &(dyn Error + 'static));
}

impl<F: Fn(&str, &(dyn Error + 'static)) + Send + Sync + 'static> ResolverObserver for F {
    fn failed(&self, tenant: &str, error: &(dyn Error + 'static)) {
        self(tenant, error);
    }
}

/// A type-erased [`SecretResolver`], whose futures own their data.
pub(super) trait Ask: Send + Sync {
    fn ask(self: Arc<Self>, tenant: Arc<str>) -> Asked;
}

pub(super) type Asked =
    Pin<Box<dyn Future<Output = Result<Option<Secrets>, Box<dyn Error + Send + Sync>>> + Send>>;

impl<R: SecretResolver> Ask for R {
    fn ask(self: Arc<Self>, tenant: Arc<str>) -> Asked {
        Box::pin(async move { self.secrets(&tenant).await })
    }
}
