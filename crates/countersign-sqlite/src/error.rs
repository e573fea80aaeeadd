//! The errors of opening a store and of an operation.

mod fault;
mod open;
mod operation;

pub(crate) use fault::Fault;
pub use open::OpenError;
pub use operation::SqliteStoreError;

/// The error that SQLite reported.
type Cause = std::sync::Arc<dyn std::error::Error + Send + Sync>;
