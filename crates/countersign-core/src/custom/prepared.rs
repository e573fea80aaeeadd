//! Custom signing code and its keys as one type, for the schemes that hold it and the verifiers
//! that call it.

use std::sync::Arc;

use super::{BodyCheck, CustomScheme, LiveKeys, SignRequest, SignedRequest, VerifyRequest};
use crate::crypto::key_identity::KeyIdentity;
use crate::error::{ConfigError, VerifyError};
use crate::scheme::Scheme;
use crate::secret::Secrets;
use crate::secret::resolver::KeyResolver;

/// Custom signing code with one key for each secret of a verifier.
pub(crate) trait CustomVerifier: Send + Sync {
    /// Checks the headers with the keys for whose index `is_live` is true.
    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        is_live: &dyn Fn(usize) -> bool,
    ) -> Result<BodyCheck, VerifyError>;

    /// Whether any key for whose index `is_live` is true can be used at this time, or can be looked
    /// up.
    fn is_usable(&self, unix_ms: i64, is_live: &dyn Fn(usize) -> bool) -> bool;

    fn identities(&self) -> Vec<KeyIdentity>;
}

/// Custom signing code with its key type erased, as a scheme holds it.
pub(crate) trait AnyCustomScheme: Send + Sync {
    /// Prepares the key of each secret.
    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn CustomVerifier>, ConfigError>;

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError>;
}

/// Erases the key type of custom signing code.
pub(crate) fn erased(rule: impl CustomScheme + 'static) -> Arc<dyn AnyCustomScheme> {
    Arc::new(Shared(Arc::new(rule)))
}

struct Shared<R>(Arc<R>);

impl<R: CustomScheme + 'static> AnyCustomScheme for Shared<R> {
    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn CustomVerifier>, ConfigError> {
        let rule = Arc::clone(&self.0);
        let keys = secrets.iter().enumerate().map(|(index, secret)| {
            rule.key(scheme, secret).map_err(|error| error.of_secret(index))
        });
        let keys: Arc<[R::Key]> = keys.collect::<Result<_, _>>()?;
        rule.check(scheme, secrets, &keys)?;
        Ok(Arc::new(WithKeys { rule, keys, resolver: secrets.resolver().cloned() }))
    }

    fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        self.0.sign(request)
    }
}

struct WithKeys<R: CustomScheme> {
    rule: Arc<R>,
    keys: Arc<[R::Key]>,
    resolver: Option<Arc<dyn KeyResolver>>,
}

impl<R: CustomScheme> CustomVerifier for WithKeys<R> {
    fn begin(
        &self,
        request: &VerifyRequest<'_>,
        is_live: &dyn Fn(usize) -> bool,
    ) -> Result<BodyCheck, VerifyError> {
        let keys = LiveKeys::new(Arc::clone(&self.keys), self.resolver.clone(), is_live);
        self.rule.begin(request, keys)
    }

    fn is_usable(&self, unix_ms: i64, is_live: &dyn Fn(usize) -> bool) -> bool {
        let mut live = self.keys.iter().enumerate().filter(|(index, _)| is_live(*index));
        if self.resolver.is_some() {
            // As `LiveKeys`: keys are looked up unless there are secrets and none of them is valid.
            return self.keys.is_empty() || live.next().is_some();
        }
        live.any(|(_, key)| self.rule.is_valid_at(key, unix_ms))
    }

    fn identities(&self) -> Vec<KeyIdentity> {
        self.rule.identities(&self.keys)
    }
}
