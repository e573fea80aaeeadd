//! The guide: how to use the crate, and why it works as it does.
//!
//! The pages are the files of the folder `guide` in the repository. Their links
//! lead to files. `guide/links.md` is included in front of each page and defines
//! the same links to the modules here; the first definition of a link counts.
//!
//! | page | topic |
//! | --- | --- |
//! | [`quick_starts`] | a complete service for each framework, and how to test it |
//! | [`endpoints`] | several providers and `/health` in one app, early acknowledgement |
//! | [`path`] | each step of the verification, and the reason for the order |
//! | [`defaults`] | every default, with its reason |
//! | [`schemes`] | how to describe a scheme, and which descriptions are rejected |
//! | [`handshakes`] | how providers check an endpoint, and which requests are answered |
//! | [`idempotency`] | how events are deduplicated, and the guarantees |
//! | [`inbox`] | which tier to choose; the effect exactly once, in your own database |
//! | [`server`] | `countersign serve`: forwarding, timeouts, shutdown, overload |
//! | [`inspect`] | a page that shows each delivery, diagnoses it and signs it again |
//! | [`queue`] | answering before the event is handled: `countersign serve --queue`, and hand-offs to a queue |
//! | [`hostile`] | limits against slow and malicious clients |
//! | [`observability`] | every metric, and what is logged at which level |
//! | [`opentelemetry`] | traces of deliveries in a collector |
//! | [`rotation`] | how to replace a secret |
//! | [`tenants`] | one endpoint with a separate secret for each tenant |
//! | [`production`] | what to decide before you receive real deliveries |
//! | [`proxies`] | what breaks a signature in transit, and which limits have to agree |
//! | [`serverless`] | functions: how requests arrive, and why nothing runs after the response |
//! | [`troubleshooting`] | why a delivery is rejected, by error code, and how to diagnose it |
//! | [`stores`] | how to implement a store of claims, and how to test it |
//! | [`adapters`] | how to write an adapter for another framework, and how to test it |
//! | [`migrating`] | how to migrate from another library, or from hand-written code |

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/adapters.md")]
pub mod adapters {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/defaults.md")]
pub mod defaults {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/endpoints.md")]
pub mod endpoints {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/handshakes.md")]
pub mod handshakes {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/hostile.md")]
pub mod hostile {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/idempotency.md")]
pub mod idempotency {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/inbox.md")]
pub mod inbox {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/inspect.md")]
pub mod inspect {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/opentelemetry.md")]
pub mod opentelemetry {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/path.md")]
pub mod path {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/production.md")]
pub mod production {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/proxies.md")]
pub mod proxies {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/queue.md")]
pub mod queue {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/quick-starts.md")]
pub mod quick_starts {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/rotation.md")]
pub mod rotation {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/schemes.md")]
pub mod schemes {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/server.md")]
pub mod server {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/serverless.md")]
pub mod serverless {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/stores.md")]
pub mod stores {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/tenants.md")]
pub mod tenants {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/troubleshooting.md")]
pub mod troubleshooting {}
