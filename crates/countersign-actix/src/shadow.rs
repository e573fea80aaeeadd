//! Shadow mode: every request is verified, and every request is passed on.

mod middleware;
mod payload;
mod service;

pub use middleware::ShadowMiddleware;
pub use service::ShadowService;
