//! Integration tests through the public API.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod delivery;
mod http2;

mod actix;
mod adapters;
mod attacks;
mod budget;
mod cancelled;
mod decoded;
mod diagnose;
mod engine;
mod events;
mod flipped;
mod forms;
mod fuzz;
mod handshakes;
mod http;
mod identities;
mod identity;
mod mac;
mod model;
mod observe;
mod one_reading;
mod opaque;
mod path;
mod pitfalls;
mod probe;
mod races;
mod readiness;
mod receiver;
mod redis;
mod requests;
mod rotation;
mod rules;
mod schemes;
mod serve;
mod slow;
mod stores;
mod tenants;
mod whole_path;
