//! `countersign serve` as a user runs it: real processes, real connections, a real Redis.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "everything here is a test")]

#[path = "serve/attack_run.rs"]
mod attack_run;
#[path = "serve/browser.rs"]
mod browser;
#[path = "serve/capturing.rs"]
mod capturing;
#[path = "serve/config.rs"]
mod config;
#[path = "serve/deadlines.rs"]
mod deadlines;
#[path = "serve/deliveries.rs"]
mod deliveries;
#[path = "serve/folded_headers.rs"]
mod folded_headers;
#[path = "serve/forwarding.rs"]
mod forwarding;
#[path = "serve/handshakes.rs"]
mod handshakes;
#[path = "serve/https.rs"]
mod https;
#[path = "serve/inspecting.rs"]
mod inspecting;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
#[path = "serve/jobs.rs"]
mod jobs;
#[path = "serve/lines.rs"]
mod lines;
#[path = "serve/log.rs"]
mod log;
#[path = "serve/memory.rs"]
mod memory;
#[path = "serve/metrics.rs"]
mod metrics;
#[path = "serve/only.rs"]
mod only;
#[path = "serve/operators.rs"]
mod operators;
#[path = "serve/processes.rs"]
mod processes;
#[cfg(feature = "sqlite")]
#[path = "serve/queue.rs"]
mod queue;
#[cfg(feature = "postgres")]
#[path = "serve/queue_postgres.rs"]
mod queue_postgres;
#[path = "serve/recorded.rs"]
mod recorded;
#[path = "serve/reload.rs"]
mod reload;
#[path = "serve/repeats.rs"]
mod repeats;
#[path = "serve/sending.rs"]
mod sending;
#[path = "serve/server.rs"]
mod server;
#[path = "serve/shadow.rs"]
mod shadow;
#[path = "serve/shared_secrets.rs"]
mod shared_secrets;
#[path = "serve/shutdown.rs"]
mod shutdown;
#[path = "serve/slow.rs"]
mod slow;
#[path = "serve/stores.rs"]
mod stores;
#[path = "serve/target.rs"]
mod target;
#[path = "serve/tenants.rs"]
mod tenants;
#[path = "serve/unread.rs"]
mod unread;
#[path = "serve/webdriver.rs"]
mod webdriver;
