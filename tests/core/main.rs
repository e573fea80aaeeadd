//! Tests of the core and of the schemes, without a framework and without a server.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod bit_flips;
mod decoded;
mod diagnose;
mod events;
mod forms;
mod fuzz;
mod handshakes;
mod identities;
mod identity;
mod mac;
mod model;
mod one_reading;
mod path;
mod pitfalls;
mod probe;
mod receiver;
mod requests;
mod rooms;
mod rotation;
mod rules;
mod scheme_features;
mod schemes;
