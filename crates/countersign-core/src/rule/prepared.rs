//! Custom signing code and its keys as one type, for the schemes that hold it and the verifiers
//! that call it.

use std::fmt;
use std::sync::Arc;

use super::{
    Covers, KeyResolver, LiveKeys, Pending, RuleRequest, SignedRequest, SigningRule, ToSign,
};
use crate::error::{ConfigError, VerifyError};
use crate::scheme::Scheme;
use crate::secret::Secrets;

/// A scheme's custom signing code, with its coverage.
#[derive(Clone)]
pub(crate) struct Ruled {
    rule: Arc<dyn AnyRule>,
    pub(crate) covers: Covers,
}

impl Ruled {
    pub(crate) fn new(rule: impl SigningRule + 'static) -> Self {
        Self { covers: rule.covers(), rule: Arc::new(Shared(Arc::new(rule))) }
    }

    /// Prepares the key of each secret.
    pub(crate) fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn PreparedRule>, ConfigError> {
        self.rule.prepare(scheme, secrets)
    }

    pub(crate) fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        self.rule.sign(request)
    }
}

/// Custom signing code with one key for each secret of a verifier.
pub(crate) trait PreparedRule: Send + Sync {
    /// Checks the headers with the keys for whose index `is_live` is true.
    fn begin(
        &self,
        request: &RuleRequest<'_>,
        is_live: &dyn Fn(usize) -> bool,
    ) -> Result<Pending, VerifyError>;
}

/// Custom signing code with its key type erased.
trait AnyRule: Send + Sync {
    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn PreparedRule>, ConfigError>;

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError>;
}

struct Shared<R>(Arc<R>);

impl<R: SigningRule + 'static> AnyRule for Shared<R> {
    fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn PreparedRule>, ConfigError> {
        let rule = Arc::clone(&self.0);
        let keys = secrets.iter().enumerate().map(|(index, secret)| {
            rule.key(scheme, secret).map_err(|error| error.of_secret(index))
        });
        let keys: Arc<[R::Key]> = keys.collect::<Result<_, _>>()?;
        rule.check(scheme, secrets, &keys)?;
        Ok(Arc::new(WithKeys { rule, keys, resolver: secrets.resolver().cloned() }))
    }

    fn sign(&self, request: &ToSign<'_>) -> Result<SignedRequest, ConfigError> {
        self.0.sign(request)
    }
}

struct WithKeys<R: SigningRule> {
    rule: Arc<R>,
    keys: Arc<[R::Key]>,
    resolver: Option<Arc<dyn KeyResolver>>,
}

impl<R: SigningRule> PreparedRule for WithKeys<R> {
    fn begin(
        &self,
        request: &RuleRequest<'_>,
        is_live: &dyn Fn(usize) -> bool,
    ) -> Result<Pending, VerifyError> {
        let keys = LiveKeys::new(Arc::clone(&self.keys), self.resolver.clone(), is_live);
        self.rule.begin(request, keys)
    }
}

impl PartialEq for Ruled {
    /// Code cannot be compared: it is equal only to itself.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rule, &other.rule)
    }
}

impl Eq for Ruled {}

impl fmt::Debug for Ruled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ruled").field("covers", &self.covers).finish_non_exhaustive()
    }
}
