//! Tests of everything that is between a socket and a handler: adapters, server, examples, telemetry.
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

mod actix;
mod adapters;
mod attacks;
mod budget;
mod cancelled;
mod endpoints;
mod handshakes;
mod harness;
mod http;
mod http2;
mod no_leaks;
mod races;
mod readiness;
mod serve;
mod shadow;
mod slow_clients;
mod telemetry;
mod tenants;
mod whole_path;
