//! A connection in use.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::connection::{Connection, Dialled, Primary};

/// A connection in use, and its statistics.
#[derive(Clone)]
pub(crate) struct Live(Arc<Opened>);

pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// Its server, if sentinels may name another one later.
    pub(crate) primary: Option<Arc<Primary>>,
    pub(super) since: Instant,
    known: Known,
}

/// In microseconds.
#[derive(Default)]
struct Known {
    /// When something was last answered on it, after `since`; 0 if nothing was.
    answered: AtomicU64,
    /// The average response time.
    round_trip: AtomicU64,
}

impl Live {
    pub(super) fn new(dialled: Dialled) -> Self {
        let Dialled { connection, primary, round_trip } = dialled;
        let known = Known { round_trip: AtomicU64::new(micros(round_trip)), ..Known::default() };
        Self(Arc::new(Opened { connection, primary, since: Instant::now(), known }))
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The average response time on this connection.
    pub(crate) fn round_trip(&self) -> Duration {
        Duration::from_micros(self.known.round_trip.load(Ordering::Relaxed))
    }

    /// If two responses arrive at the same time, either may win. The average
    /// tolerates that.
    pub(super) fn answered(&self, sent: Instant) {
        let now = Instant::now();
        self.known.answered.store(self.micros_at(now), Ordering::Relaxed);
        let took = micros(now.saturating_duration_since(sent));
        let before = self.known.round_trip.load(Ordering::Relaxed);
        let average = before.saturating_mul(3).saturating_add(took) / 4;
        self.known.round_trip.store(average, Ordering::Relaxed);
    }

    pub(super) fn has_answered(&self) -> bool {
        self.known.answered.load(Ordering::Relaxed) != 0
    }

    pub(super) fn has_answered_since(&self, sent: Instant) -> bool {
        self.known.answered.load(Ordering::Relaxed) >= self.micros_at(sent)
    }

    fn micros_at(&self, at: Instant) -> u64 {
        micros(at.saturating_duration_since(self.since)).max(1)
    }
}

impl Deref for Live {
    type Target = Opened;

    fn deref(&self) -> &Opened {
        &self.0
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
