//! The reasons: the pages of the folder `guide`, as they are in the repository.
//!
//! | page | says |
//! | --- | --- |
//! | [`path`] | each step of a delivery, and why in that order |
//! | [`defaults`] | every default, with its reason |
//! | [`schemes`] | how a scheme is described, and what is refused |
//! | [`handshakes`] | how providers try an endpoint, and who is answered |
//! | [`idempotency`] | how an event is handled once, and what is promised |
//! | [`hostile`] | what a client can draw out, and for how long |
//! | [`observability`] | every metric, and what is logged at which level |
//! | [`rotation`] | how a secret is replaced |
//! | [`tenants`] | secrets of several tenants |
//! | [`troubleshooting`] | why a delivery is refused, by code, and how that is found out |

#[doc = include_str!("../guide/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../guide/handshakes.md")]
pub mod handshakes {}

#[doc = include_str!("../guide/hostile.md")]
pub mod hostile {}

#[doc = include_str!("../guide/idempotency.md")]
pub mod idempotency {}

#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

#[doc = include_str!("../guide/path.md")]
pub mod path {}

#[doc = include_str!("../guide/rotation.md")]
pub mod rotation {}

#[doc = include_str!("../guide/schemes.md")]
pub mod schemes {}

#[doc = include_str!("../guide/tenants.md")]
pub mod tenants {}

#[doc = include_str!("../guide/troubleshooting.md")]
pub mod troubleshooting {}
