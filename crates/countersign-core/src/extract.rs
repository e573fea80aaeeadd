//! `Verified` as an extractor of axum and of actix-web, for a handler behind a layer or a middleware, and
//! the transaction of an inbox layer as an extractor of axum.
//! Only the crate of the type can implement the traits of a framework for it.

#[cfg(feature = "actix")]
mod actix;
#[cfg(feature = "axum")]
mod axum;

use std::error::Error;
use std::fmt;

use crate::telemetry::record_missing_layer;
#[cfg(feature = "axum")]
use crate::telemetry::record_missing_transaction;

/// The handler takes a [`Verified`](crate::Verified) or an
/// [`InboxTransaction`](crate::InboxTransaction), but no layer or middleware in front of its route
/// provides it.
///
/// The response is 500 with an empty body. The log names the route, when the response is created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingLayer {
    route: Box<str>,
    taken: Taken,
}

/// What the handler takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Verified,
    #[cfg(feature = "axum")]
    InboxTransaction,
}

impl MissingLayer {
    fn of(route: &str) -> Self {
        let shown = route.chars().take(MAX_ROUTE_CHARS).flat_map(char::escape_debug);
        Self { route: shown.collect::<String>().into(), taken: Taken::Verified }
    }

    #[cfg(feature = "axum")]
    fn of_transaction(route: &str) -> Self {
        Self { taken: Taken::InboxTransaction, ..Self::of(route) }
    }

    /// The route, or the path of the request if the framework does not say which route it is.
    #[must_use]
    pub fn route(&self) -> &str {
        &self.route
    }

    fn log(&self) {
        match self.taken {
            Taken::Verified => record_missing_layer(&self.route),
            #[cfg(feature = "axum")]
            Taken::InboxTransaction => record_missing_transaction(&self.route),
        }
    }
}

impl fmt::Display for MissingLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, taken } = self;
        match taken {
            Taken::Verified => {
                write!(f, "the route `{route}` is not behind a layer that verifies deliveries")
            }
            #[cfg(feature = "axum")]
            Taken::InboxTransaction => write!(
                f,
                "the route `{route}` is not behind an inbox layer for this type of transaction, or \
                 its handler takes the transaction twice"
            ),
        }
    }
}

impl Error for MissingLayer {}

const MAX_ROUTE_CHARS: usize = 200;
