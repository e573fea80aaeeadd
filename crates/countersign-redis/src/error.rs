//! The errors at start-up and of an operation.

mod connect;
mod fault;
mod operation;
mod unsuitable;

pub use connect::ConnectError;
pub(crate) use fault::Fault;
pub use operation::RedisStoreError;
pub use unsuitable::Unsuitable;

/// The error that the client library reported.
type Cause = std::sync::Arc<dyn std::error::Error + Send + Sync>;
