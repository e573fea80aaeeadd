//! The custom signing code of a scheme.
//!
//! The only file of this room that knows the room `custom`: a [`Scheme`] holds a [`CustomScheme`],
//! and the methods of the trait get the scheme.

use std::fmt;
use std::sync::Arc;

use super::{Scheme, SchemeBuilder, SignatureCoverage};
use crate::custom::{
    AnyCustomScheme, CustomScheme, CustomVerifier, SignRequest, SignedRequest, erased,
};
use crate::error::ConfigError;
use crate::request::name::Name;
use crate::secret::Secrets;

impl SchemeBuilder {
    /// Sets custom signing code instead of the template. The other settings
    /// still define the locations of signature and timestamp, if in headers;
    /// `signed_payload` describes the signed bytes in words, and contains `{url}` if
    /// they include the URL.
    #[must_use]
    pub fn rule(mut self, rule: impl CustomScheme + 'static) -> Self {
        self.0.rule = Some(CustomBinding::new(rule));
        self
    }
}

/// A scheme's custom signing code, with its coverage.
#[derive(Clone)]
pub(crate) struct CustomBinding {
    rule: Arc<dyn AnyCustomScheme>,
    pub(super) covers: SignatureCoverage,
    /// The headers that it reads in addition to those of the description.
    pub(super) headers: Vec<Name>,
}

impl CustomBinding {
    fn new(rule: impl CustomScheme + 'static) -> Self {
        let headers = rule.headers().into_iter().filter_map(Name::new).collect();
        Self { covers: rule.covers(), headers, rule: erased(rule) }
    }

    /// Prepares the key of each secret.
    pub(crate) fn prepare(
        &self,
        scheme: &Scheme,
        secrets: &Secrets,
    ) -> Result<Arc<dyn CustomVerifier>, ConfigError> {
        self.rule.prepare(scheme, secrets)
    }

    pub(crate) fn sign(&self, request: &SignRequest<'_>) -> Result<SignedRequest, ConfigError> {
        self.rule.sign(request)
    }
}

impl PartialEq for CustomBinding {
    /// Code cannot be compared: it is equal only to itself.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rule, &other.rule)
    }
}

impl Eq for CustomBinding {}

impl fmt::Debug for CustomBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomBinding").field("covers", &self.covers).finish_non_exhaustive()
    }
}
