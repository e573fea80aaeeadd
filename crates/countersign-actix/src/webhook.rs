//! The full path in front of a service: verify, claim, handle, settle.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim -> service -> settle -> response
//!            `----------- Verifier::receive ------------'    `------- Receiver::handle -------'
//! ```

mod middleware;
mod service;

pub use middleware::WebhookMiddleware;
pub use service::WebhookService;
