//! The reasons: the pages of the folder `guide`, as they are in the repository.
//!
//! | page | says |
//! | --- | --- |
//! | [`path`] | each step of a delivery, and why in that order |
//! | [`defaults`] | every default, with its reason |
//! | [`schemes`] | how a scheme is described, and what is refused |
//! | [`idempotency`] | how an event is handled once, and what is promised |
//! | [`rotation`] | how a secret is replaced |

#[doc = include_str!("../guide/defaults.md")]
pub mod defaults {}

#[doc = include_str!("../guide/idempotency.md")]
pub mod idempotency {}

#[doc = include_str!("../guide/path.md")]
pub mod path {}

#[doc = include_str!("../guide/rotation.md")]
pub mod rotation {}

#[doc = include_str!("../guide/schemes.md")]
pub mod schemes {}
