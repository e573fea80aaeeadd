//! The name of an endpoint.

use std::sync::Arc;

/// The name of a place that handles events.
///
/// Deliveries of one event to two endpoints are handled twice, once by each.
/// Processes that share the work of one endpoint use the same name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Arc<str>);

impl From<&str> for Endpoint {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Endpoint {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<&Self> for Endpoint {
    fn from(endpoint: &Self) -> Self {
        endpoint.clone()
    }
}

impl Endpoint {
    /// An endpoint with this name. Names are case-sensitive.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}
