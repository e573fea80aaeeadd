//! The records in memory, one cache line for each event.

use std::ops::{Index, IndexMut};

use super::queues::Links;
use super::{Key, LATEST_MS};
use crate::idempotency::{Fingerprint, Record, State, Token};

/// All slots of a shard. They are numbered from 0 and never move. A freed slot is
/// reused, and no memory is returned to the allocator.
#[derive(Default)]
pub(super) struct Slab {
    /// All chunks except the last have the same length, so that growing copies
    /// nothing.
    chunks: Vec<Vec<Slot>>,
    /// The number of slots, in use or free.
    slots: u32,
    /// The first free slot. Its links lead to the other free slots.
    free: Option<u32>,
    in_use: usize,
}

impl Slab {
    /// The number of slots in use.
    pub(super) fn len(&self) -> usize {
        self.in_use
    }

    /// Allocates a slot for this key, without a record.
    pub(super) fn take(&mut self, key: Key) -> u32 {
        self.in_use += 1;
        if let Some(at) = self.free {
            let next = self[at].links.next;
            self.free = (next != at).then_some(next);
            self[at] = Slot::new(key);
            return at;
        }
        let at = self.slots;
        if at.is_multiple_of(CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK as usize));
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.push(Slot::new(key));
        }
        self.slots += 1;
        at
    }

    /// Frees a slot.
    pub(super) fn free(&mut self, at: u32) {
        self.in_use -= 1;
        // The last free slot links to itself.
        self[at].links.next = self.free.unwrap_or(at);
        self.free = Some(at);
    }
}

impl Index<u32> for Slab {
    type Output = Slot;

    fn index(&self, at: u32) -> &Slot {
        &self.chunks[(at / CHUNK) as usize][(at % CHUNK) as usize]
    }
}

impl IndexMut<u32> for Slab {
    fn index_mut(&mut self, at: u32) -> &mut Slot {
        &mut self.chunks[(at / CHUNK) as usize][(at % CHUNK) as usize]
    }
}

/// The [`Record`] of one event, and its expiry.
///
/// No field is aligned to more than four bytes, so that there is no padding.
#[repr(align(64))]
pub(super) struct Slot {
    pub(super) key: Key,
    token: [u8; 16],
    fingerprint: [u8; 8],
    /// See [`Word`].
    word: [u8; 16],
    pub(super) links: Links,
}

impl Slot {
    fn new(key: Key) -> Self {
        Self { key, token: [0; 16], fingerprint: [0; 8], word: [0; 16], links: Links::default() }
    }

    pub(super) fn write(&mut self, record: &Record, now_ms: i64, expires_ms: i64) {
        self.token = record.token.to_bytes();
        self.fingerprint = record.fingerprint.to_u64().to_le_bytes();
        let (state, at_ms) = match record.state {
            State::InProgress { lease_until_ms } => (IN_PROGRESS, lease_until_ms),
            State::Failed => (FAILED, now_ms),
            State::Done { at_ms } => (DONE, at_ms),
        };
        let word = [
            (state, Word::STATE),
            (time(at_ms), Word::AT),
            (time(expires_ms), Word::EXPIRES),
            (record.crashes.into(), Word::CRASHES),
            (record.epoch.into(), Word::EPOCH),
        ];
        self.word =
            word.iter().fold(0, |word, (value, field)| word | field.put(*value)).to_le_bytes();
    }

    pub(super) fn record(&self) -> Record {
        let state = match self.get(Word::STATE) {
            IN_PROGRESS => State::InProgress { lease_until_ms: self.at_ms() },
            DONE => State::Done { at_ms: self.at_ms() },
            _ => State::Failed,
        };
        Record {
            state,
            epoch: u32::try_from(self.get(Word::EPOCH)).unwrap_or(u32::MAX),
            crashes: u32::try_from(self.get(Word::CRASHES)).unwrap_or(u32::MAX),
            token: Token::from_bytes(self.token),
            fingerprint: Fingerprint::from_u64(u64::from_le_bytes(self.fingerprint)),
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.get(Word::STATE) == DONE
    }

    /// The time when the lease runs out, when the event failed, or when it was
    /// done.
    pub(super) fn at_ms(&self) -> i64 {
        i64::try_from(self.get(Word::AT)).unwrap_or(LATEST_MS)
    }

    /// The time from which the event counts as unknown.
    pub(super) fn expires_ms(&self) -> i64 {
        i64::try_from(self.get(Word::EXPIRES)).unwrap_or(LATEST_MS)
    }

    fn get(&self, field: Bits) -> u128 {
        field.get(u128::from_le_bytes(self.word))
    }
}

/// The fields of a slot's word.
struct Word;

impl Word {
    const AT: Bits = Bits { from: 0, len: TIME_BITS };
    const EXPIRES: Bits = Bits { from: TIME_BITS, len: TIME_BITS };
    const STATE: Bits = Bits { from: 88, len: 2 };
    /// At most 16,383. A higher limit of crashes means no limit.
    const CRASHES: Bits = Bits { from: 90, len: 14 };
    /// At most 16,777,215.
    const EPOCH: Bits = Bits { from: 104, len: 24 };
}

#[derive(Clone, Copy)]
struct Bits {
    from: u32,
    len: u32,
}

impl Bits {
    fn most(self) -> u128 {
        (1 << self.len) - 1
    }

    /// A value that is too large saturates.
    fn put(self, value: u128) -> u128 {
        value.min(self.most()) << self.from
    }

    fn get(self, word: u128) -> u128 {
        (word >> self.from) & self.most()
    }
}

fn time(unix_ms: i64) -> u128 {
    u128::try_from(unix_ms).unwrap_or(0)
}

/// Milliseconds from 1970 to 2527.
pub(super) const TIME_BITS: u32 = 44;

const IN_PROGRESS: u128 = 0;
const FAILED: u128 = 1;
const DONE: u128 = 2;

/// The number of slots that are allocated together: 16 KiB.
const CHUNK: u32 = 256;
