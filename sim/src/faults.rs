//! The kinds of faults that the world can inject.

use std::fmt;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A call never reaches the store. The caller gets an error, or nothing.
    LostRequest,
    /// The store applies a call, but its reply is lost.
    LostReply,
    /// A call reaches the store after its caller has given up.
    DelayedRequest,
    /// A call arrives twice.
    RepeatedRequest,
    /// The store rejects a call without a change.
    RejectedCall,
    /// The code of the store panics.
    StorePanic,
    /// The store is slow.
    SlowStore,
    /// The store takes no new events.
    FullStore,
    /// The store continues with an older copy of its records.
    Failover,
    /// The store loses single records.
    LostRecord,
    /// The clock of the store jumps forward.
    StoreClock,
    /// The wall clock of a process jumps.
    WallClock,
    /// A process is killed and starts again.
    Crash,
    /// A process is stopped for some time, and continues.
    Pause,
    /// All tasks of a process are dropped, but its receiver continues: its runtime has ended.
    LostTasks,
    /// A client disconnects at some await point.
    Disconnect,
    /// A body stalls or breaks.
    BrokenBody,
    /// A handler fails.
    HandlerFails,
    /// A handler panics.
    HandlerPanics,
    /// A handler takes longer than the response may take, or than several leases.
    HandlerHangs,
    /// A delivery arrives several times, also at the same moment.
    Duplicate,
}

impl Fault {
    pub(crate) const ALL: [Self; 21] = [
        Self::LostRequest,
        Self::LostReply,
        Self::DelayedRequest,
        Self::RepeatedRequest,
        Self::RejectedCall,
        Self::StorePanic,
        Self::SlowStore,
        Self::FullStore,
        Self::Failover,
        Self::LostRecord,
        Self::StoreClock,
        Self::WallClock,
        Self::Crash,
        Self::Pause,
        Self::LostTasks,
        Self::Disconnect,
        Self::BrokenBody,
        Self::HandlerFails,
        Self::HandlerPanics,
        Self::HandlerHangs,
        Self::Duplicate,
    ];

    /// The faults of one call.
    pub(crate) const OF_A_CALL: [Self; 7] = [
        Self::LostRequest,
        Self::LostReply,
        Self::DelayedRequest,
        Self::RepeatedRequest,
        Self::RejectedCall,
        Self::StorePanic,
        Self::SlowStore,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// A set of kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Faults(u32);

impl Faults {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << Fault::ALL.len()) - 1))
    }

    pub(crate) fn has(self, fault: Fault) -> bool {
        self.0 & fault.bit() != 0
    }

    pub(crate) fn with(self, fault: Fault) -> Self {
        Self(self.0 | fault.bit())
    }

    pub(crate) fn without(self, fault: Fault) -> Self {
        Self(self.0 & !fault.bit())
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Why an event may be handled twice. There are no other reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The endpoint handles duplicates.
    Repeats,
    /// The store was unavailable, and the endpoint fails open.
    FailOpen,
    /// The store was unavailable, and the event reached two processes.
    LocalFallback,
    /// The store has lost its record of the event.
    StoreForgot,
    /// The lease ran out, because the holder was cut off from the store, or was not running.
    LeaseRanOut,
    /// The retention of the event is over.
    RetentionOver,
}

impl Cause {
    pub(crate) const ALL: [Self; 6] = [
        Self::Repeats,
        Self::FailOpen,
        Self::LocalFallback,
        Self::StoreForgot,
        Self::LeaseRanOut,
        Self::RetentionOver,
    ];
}
