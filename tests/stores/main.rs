//! Tests of the stores, against real servers.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod exhaustive;
mod handoff;
mod inbox;
mod postgres;
mod queue;
mod redis;
mod sqlite;
mod stores;
