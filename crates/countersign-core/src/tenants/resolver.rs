//! Who knows the secrets, and who is told when he does not.

use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::secret::Secrets;

/// Knows the secrets of tenants. Implemented for functions from a `String` to a
/// future.
///
/// A call ends when nobody waits for it any more: all of its requests have met
/// their deadline, or their senders have left.
pub trait SecretResolver: Send + Sync + 'static {
    /// The live secrets of a tenant, the current one first; `None` where there
    /// is no such tenant.
    ///
    /// Whoever sends requests chooses the name. It is 1 to 128 visible ASCII
    /// characters, and nothing else is known of it: give it to a query as a
    /// parameter, and make no file's name of it.
    ///
    /// # Errors
    ///
    /// Whatever prevents an answer. The
    /// [observer](crate::Tenants::with_observer) is told, and nobody else.
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

/// Is told why the secrets of a tenant could not be found. Implemented for
/// closures.
pub trait ResolverObserver: Send + Sync + 'static {
    /// The resolver failed or panicked, or gave secrets that the scheme cannot
    /// use. The tenant's name is whatever a request has said.
    fn failed(&self, tenant: &str, error: &(dyn Error + 'static));
}

impl<F: Fn(&str, &(dyn Error + 'static)) + Send + Sync + 'static> ResolverObserver for F {
    fn failed(&self, tenant: &str, error: &(dyn Error + 'static)) {
        self(tenant, error);
    }
}

/// A [`SecretResolver`] of any type, whose answer lives by itself.
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
