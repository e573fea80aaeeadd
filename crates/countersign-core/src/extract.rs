//! `Verified` as an extractor of axum and of actix-web, for a handler behind a layer or a middleware.
//! Only the crate of the type can implement the traits of a framework for it.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;

use std::error::Error;
use std::fmt;

use crate::telemetry::record_missing_layer;

/// The handler takes a [`Verified`](crate::Verified), but no layer or middleware in front of its route
/// verifies deliveries.
///
/// The response is 500 with an empty body. The log names the route, when the response is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingLayer {
    route: Box<str>,
}

impl MissingLayer {
    fn of(route: &str) -> Self {
        let shown = route.chars().take(MAX_ROUTE_CHARS).flat_map(char::escape_debug);
        Self { route: shown.collect::<String>().into() }
    }

    /// The route, or the path of the request if the framework does not say which route it is.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }

    fn log(&self) {
        record_missing_layer(&self.route);
    }
}

impl fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the route `{}` is not behind a layer that verifies deliveries", self.route)
    }
}

impl Error for MissingLayer {}

const MAX_ROUTE_CHARS: usize = 200;
