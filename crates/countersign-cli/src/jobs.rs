//! `countersign queue`: lists, retries and discards the jobs of a queue, and pauses its targets.
//!
//! | file | what it is |
//! | --- | --- |
//! | `jobs/args.rs` | the commands and their arguments |
//! | `jobs/commands.rs` | what they do |
//! | `jobs/list.rs`, `jobs/json.rs` | jobs for people and for programs |

pub(crate) mod args;
#[cfg(feature = "sqlite")]
mod commands;
#[cfg(feature = "sqlite")]
mod json;
#[cfg(feature = "sqlite")]
mod list;

pub(crate) use args::QueueArgs;
#[cfg(feature = "sqlite")]
pub(crate) use commands::run;

#[cfg(not(feature = "sqlite"))]
pub(crate) fn run(_: &QueueArgs) -> Result<crate::output::Report, crate::usage_error::UsageError> {
    Err(crate::usage_error::UsageError::new(
        "this program was built without SQLite: install it with the feature `sqlite`, `cargo \
         install --path crates/countersign-cli --features sqlite`",
    ))
}
