//! The tests of the whole, through the public API alone.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod delivery;

mod adapters;
mod cancelled;
mod decoded;
mod engine;
mod events;
mod handshakes;
mod mac;
mod model;
mod opaque;
mod path;
mod pitfalls;
mod probe;
mod races;
mod receiver;
mod redis;
mod schemes;
mod stores;
mod whole_path;
