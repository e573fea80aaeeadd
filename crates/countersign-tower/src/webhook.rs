//! The full path in front of a service: verify, claim, handle, settle.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim -> service -> settle -> response
//!            `----------- Receiver::receive ------------'    `------- Receiver::handle -------'
//! ```

mod layer;
mod service;

pub use layer::WebhookLayer;
pub use service::WebhookService;
