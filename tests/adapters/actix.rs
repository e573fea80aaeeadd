//! Tests of the actix-web adapters that do not apply to other adapters. The
//! HTTP suite covers what all adapters share.

mod answers;
pub(crate) mod app;
mod extractor;
mod middleware;
mod observed;
mod path;
pub(crate) mod server;
mod slow;
