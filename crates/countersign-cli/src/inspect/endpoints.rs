//! The endpoints that deliveries are sent to, with what signing and a diagnosis need.

use std::sync::Arc;
use std::time::Duration;

use countersign::{Scheme, Secret, Secrets, Tolerance};
use http::Uri;

/// The secrets of an endpoint. They are used here, and never sent to the page.
pub(crate) trait SecretSource: Send + Sync {
    /// The active secrets, the current one first; `None` if there are none.
    fn active(&self, tenant: Option<&str>) -> Option<Secrets>;

    /// Secrets that were replaced while the program runs.
    fn retired(&self) -> Vec<Secret>;
}

/// A configured endpoint.
#[derive(Clone)]
pub(crate) struct InspectedEndpoint {
    pub(crate) path: String,
    pub(crate) scheme: Scheme,
    /// Whether the scheme is described in a file of the user.
    pub(crate) is_scheme_file: bool,
    /// The URL that the provider calls, if it is configured.
    pub(crate) public_url: Option<String>,
    pub(crate) tolerance: Option<Tolerance>,
    pub(crate) body_limit: usize,
    pub(crate) ack_deadline: Duration,
    /// The endpoint itself; `None` for captures on disk.
    pub(crate) own: Option<Uri>,
    /// The application behind it.
    pub(crate) forward: Option<Uri>,
    pub(crate) secrets: Arc<dyn SecretSource>,
}

/// The destination of a request. There are no others: the page cannot name a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Endpoint,
    Forward,
}

impl Target {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Endpoint, Self::Forward].into_iter().find(|target| target.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Endpoint => "endpoint",
            Self::Forward => "forward",
        }
    }
}

impl InspectedEndpoint {
    pub(crate) fn target(&self, target: Target) -> Option<&Uri> {
        match target {
            Target::Endpoint => self.own.as_ref(),
            Target::Forward => self.forward.as_ref(),
        }
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = (Target, &Uri)> {
        let all = [Target::Endpoint, Target::Forward].into_iter();
        all.filter_map(|target| Some((target, self.target(target)?)))
    }
}

/// No secrets, for captures that are only looked at.
pub(crate) struct NoSecrets;

impl SecretSource for NoSecrets {
    fn active(&self, _: Option<&str>) -> Option<Secrets> {
        None
    }

    fn retired(&self) -> Vec<Secret> {
        Vec::new()
    }
}
