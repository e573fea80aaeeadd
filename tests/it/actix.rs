//! The doors into actix-web: what they share with all others stands in the HTTP
//! suite; here is what they have of their own.

mod answers;
pub(crate) mod app;
mod extractor;
mod middleware;
mod observed;
mod path;
pub(crate) mod server;
mod slow;
