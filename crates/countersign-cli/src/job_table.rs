//! The table of jobs of a queue: a SQLite file, or a Postgres database.
//!
//! | file | what it is |
//! | --- | --- |
//! | `job_table/location.rs` | its file or URL |
//! | `job_table/open.rs` | an open table, for servers |
//! | `job_table/counter.rs` | the numbers of jobs |
//!
//! A program without the features of both databases has only the location.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod counter;
mod location;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod open;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use counter::{Counter, Others};
pub(crate) use location::{Location, UNKNOWN};
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use open::JobTable;
