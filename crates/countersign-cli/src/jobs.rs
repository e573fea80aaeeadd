//! `countersign queue`: lists, retries and discards the jobs of a queue, and pauses its targets.
//!
//! | file | what it is |
//! | --- | --- |
//! | `jobs/args.rs` | the commands and their arguments |
//! | `jobs/commands.rs` | what they do |
//! | `jobs/admin.rs` | the queue: a file or a database |
//! | `jobs/list.rs`, `jobs/json.rs` | jobs for people and for programs |

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod admin;
pub(crate) mod args;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod commands;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod json;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod list;

pub(crate) use args::QueueArgs;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use commands::run;

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
pub(crate) fn run(_: &QueueArgs) -> Result<crate::output::Report, crate::usage_error::UsageError> {
    Err(crate::usage_error::UsageError::new(
        "this program was built without SQLite and Postgres: install it with the feature `sqlite` \
         or `postgres`, `cargo install --path crates/countersign-cli --features sqlite`",
    ))
}
