//! The full path in front of a service: verify, claim, handle, settle.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> claim -> service -> settle -> response
//!            `------------- ../body.rs -----------------'     `------- task.rs -------'
//! ```

mod layer;
mod service;
mod task;

pub use layer::WebhookLayer;
pub use service::WebhookService;
