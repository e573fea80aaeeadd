//! A runtime for tests that poll a future themselves.

use std::future::{Pending, pending};
use std::time::Duration;

use countersign_core::Runtime;

/// A runtime in which no time passes: a deadline never ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct FrozenTime;

impl Runtime for FrozenTime {
    type Sleep = Pending<()>;
    type Instant = ();

    fn sleep(&self, _: Duration) -> Self::Sleep {
        pending()
    }

    fn now(&self) {}

    fn elapsed(&self, (): ()) -> Duration {
        Duration::ZERO
    }
}
