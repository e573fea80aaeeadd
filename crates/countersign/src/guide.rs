//! The reasons: the pages of the folder `guide`, as they are in the repository.
//! There, links lead to files; of two definitions of a link the first counts, and
//! so `guide/links.md`, in front of each page, has them lead to modules here.
//!
//! | page | says |
//! | --- | --- |
//! | [`quick_starts`] | whole services to begin with, for each framework, and how they are tried |
//! | [`path`] | each step of a delivery, and why in that order |
//! | [`defaults`] | every default, with its reason |
//! | [`schemes`] | how a scheme is described, and what is refused |
//! | [`handshakes`] | how providers try an endpoint, and who is answered |
//! | [`idempotency`] | how an event is handled once, and what is promised |
//! | [`server`] | what `countersign serve` does with deliveries, targets, and its own end |
//! | [`hostile`] | what a client can draw out, and for how long |
//! | [`observability`] | every metric, and what is logged at which level |
//! | [`rotation`] | how a secret is replaced |
//! | [`tenants`] | secrets of several tenants |
//! | [`production`] | what has to be decided before real deliveries come |
//! | [`proxies`] | what breaks a signature on its way, and which limits have to agree |
//! | [`serverless`] | functions: how a request arrives there, and what does not run after it |
//! | [`troubleshooting`] | why a delivery is refused, by code, and how that is found out |
//! | [`stores`] | what a store of claims has to do, and how it is tried |
//! | [`adapters`] | what a door for another framework has to do, and how it is tried |
//! | [`migrating`] | how to come from another library, or from code by hand |

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/adapters.md")]
pub mod adapters {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/defaults.md")]
pub mod defaults {}

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
#[doc = include_str!("../guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("guide/links.md")]
#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

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
