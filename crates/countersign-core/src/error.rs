//! Errors at start-up ([`ConfigError`]) and errors of a request ([`VerifyError`]).
//! Stores have their own error type.

pub(crate) mod human;
pub(crate) mod malformed;
pub(crate) mod named_variants;

mod causes;
mod config;
mod secret_problem;
mod verify;
mod verify_kind;

pub use causes::Causes;
pub use config::ConfigError;
pub use secret_problem::SecretProblem;
pub use verify::VerifyError;
pub use verify_kind::VerifyErrorKind;
