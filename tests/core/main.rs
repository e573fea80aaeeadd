//! Integration tests through the public API.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod delivery;
mod http2;

mod actix;
mod adapters;
mod attacks;
mod bit_flips;
mod budget;
mod cancelled;
mod decoded;
mod diagnose;
mod events;
mod forms;
mod fuzz;
mod handshakes;
mod http;
mod identities;
mod identity;
mod mac;
mod model;
mod no_leaks;
mod one_reading;
mod path;
mod pitfalls;
mod probe;
mod races;
mod readiness;
mod receiver;
mod receiving;
mod redis;
mod requests;
mod rooms;
mod rotation;
mod rules;
mod scheme_features;
mod schemes;
mod serve;
mod slow_clients;
mod stores;
mod telemetry;
mod tenants;
mod whole_path;
