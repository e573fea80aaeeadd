//! The errors of connecting and of an operation.

mod connect;
mod fault;
mod operation;

pub use connect::ConnectError;
pub(crate) use fault::Fault;
pub use operation::PostgresStoreError;

/// The error of the client library.
pub(crate) type Cause = std::sync::Arc<dyn std::error::Error + Send + Sync>;
