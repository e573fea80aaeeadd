//! The full path in front of a service, with the claim in the transaction of the effect.
//!
//! ```text
//! request -> headers -> timestamp -> body -> MAC -> compare -> begin, claim -> service -> commit -> response
//!            `-------- InboxReceiver::receive ---------'    `------- InboxReceiver::handle -------'
//! ```

mod layer;
mod service;

pub use layer::InboxLayer;
pub use service::InboxService;
