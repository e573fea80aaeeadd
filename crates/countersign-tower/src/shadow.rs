//! Shadow mode: every request is verified, and every request is passed on.
//!
//! ```text
//! request -> copies of the pieces of the body as they are read -> Verifier::receive -> counted, logged
//!         -> the same request: its pieces, then the unread rest -> service
//! ```

mod body;
mod layer;
mod service;

pub use body::ShadowBody;
pub use layer::ShadowLayer;
pub use service::ShadowService;
