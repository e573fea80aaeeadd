//! Queues of events, by the time at which they are due.

use super::slab::{Slab, TIME_BITS};

/// Queues that link the slots of a shard. Each slot in use is in one queue.
///
/// They replace an expiry ring, whose buckets would be either too many or too wide:
/// leases last for seconds, retentions for days. A slot is added to the end of a
/// queue of slots that, when they were added, had about the same remaining time:
/// within a fourth of it. So the first slot of a queue is never due much later than
/// the slots after it, and no slot has to move to another queue. The first done
/// slot of a queue is exactly the oldest done slot of that queue.
pub(super) struct Queues {
    ends: Vec<Links>,
    /// One bit for each queue: whether it contains a slot.
    filled: [u64; WORDS],
}

/// The neighbours of a slot in its queue, and the two ends of a queue: the number
/// of a slot, or [`END`] plus the number of a queue.
#[derive(Clone, Copy, Default)]
pub(super) struct Links {
    pub(super) prev: u32,
    pub(super) next: u32,
}

/// What the slots of a queue wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The event is held: the end of its lease.
    Held,
    /// The event is not held and not done: the end of its retention.
    Idle,
    /// The event is done: the end of its retention.
    Done,
}

impl Queues {
    pub(super) fn new() -> Self {
        let ends = (END..).take(QUEUES).map(|end| Links { prev: end, next: end }).collect();
        Self { ends, filled: [0; WORDS] }
    }

    /// Adds a slot to the end of the queue for this remaining time.
    pub(super) fn push(&mut self, slab: &mut Slab, slot: u32, kind: Kind, to_go_ms: i64) {
        let queue = queue(kind, to_go_ms);
        let end = END.saturating_add(u32::try_from(queue).unwrap_or(0));
        let last = self.ends[queue].prev;
        slab[slot].links = Links { prev: last, next: end };
        self.links(slab, last).next = slot;
        self.ends[queue].prev = slot;
        self.filled[queue / 64] |= 1 << (queue % 64);
    }

    /// Removes a slot from its queue.
    pub(super) fn remove(&mut self, slab: &mut Slab, slot: u32) {
        let Links { prev, next } = slab[slot].links;
        self.links(slab, prev).next = next;
        self.links(slab, next).prev = prev;
        if let (true, Some(queue)) = (prev == next, prev.checked_sub(END)) {
            self.filled[queue as usize / 64] &= !(1 << (queue % 64));
        }
    }

    /// The first slot of every queue of this kind that is not empty.
    pub(super) fn heads(&self, kind: Kind) -> impl Iterator<Item = u32> {
        let from = kind.first_word();
        (from..from + WORDS_A_KIND).flat_map(move |word| {
            bits(self.filled[word]).map(move |bit| self.ends[word * 64 + bit].next)
        })
    }

    /// Finds the first queue that is not empty, starting with `queue` and wrapping
    /// around. Returns that queue, its kind, and its first slot.
    pub(super) fn head_from(&self, queue: usize) -> Option<(usize, Kind, u32)> {
        let (first, skipped) = (queue / 64 % WORDS, u64::MAX << (queue % 64));
        let from_queue = (first, self.filled[first] & skipped);
        let others = (1..=WORDS).map(|i| (first + i) % WORDS).map(|word| (word, self.filled[word]));
        let (word, filled) =
            std::iter::once(from_queue).chain(others).find(|(_, filled)| *filled != 0)?;
        let queue = word * 64 + bits(filled).next()?;
        Some((queue, Kind::of_word(word), self.ends[queue].next))
    }

    /// All slots of this kind, queue by queue.
    pub(super) fn all<'a>(&'a self, slab: &'a Slab, kind: Kind) -> impl Iterator<Item = u32> + 'a {
        self.heads(kind).flat_map(|head| {
            std::iter::successors(Some(head), |slot| {
                let next = slab[*slot].links.next;
                (next < END).then_some(next)
            })
        })
    }

    fn links<'a>(&'a mut self, slab: &'a mut Slab, at: u32) -> &'a mut Links {
        match at.checked_sub(END) {
            Some(queue) => &mut self.ends[queue as usize],
            None => &mut slab[at].links,
        }
    }
}

impl Kind {
    fn first_word(self) -> usize {
        match self {
            Self::Held => 0,
            Self::Idle => WORDS_A_KIND,
            Self::Done => 2 * WORDS_A_KIND,
        }
    }

    fn of_word(word: usize) -> Self {
        match word / WORDS_A_KIND {
            0 => Self::Held,
            1 => Self::Idle,
            _ => Self::Done,
        }
    }
}

/// Four queues for each power of two, in milliseconds: 4 to 5, 5 to 6, 6 to 7, 7 to
/// 8, 8 to 10, and so on.
fn queue(kind: Kind, to_go_ms: i64) -> usize {
    let to_go = u64::try_from(to_go_ms).unwrap_or(0);
    let power = to_go.checked_ilog2().unwrap_or(0).saturating_sub(2);
    let within = usize::try_from(to_go >> power).unwrap_or(0);
    let queue = power as usize * 4 + within;
    kind.first_word() * 64 + queue.min(WORDS_A_KIND * 64 - 1)
}

/// The numbers of the bits that are set.
pub(super) fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = word.trailing_zeros();
        word &= word.checked_sub(1)?;
        Some(lowest as usize)
    })
}

/// Links from this number on are ends of queues, not slots.
const END: u32 = 1 << 24;

const WORDS_A_KIND: usize = 3;
const WORDS: usize = 3 * WORDS_A_KIND;
const QUEUES: usize = WORDS * 64;

const _: () = assert!(TIME_BITS as usize * 4 <= WORDS_A_KIND * 64, "every span has its queue");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_in_a_queue_expire_at_about_the_same_time() {
        let mut shortest = vec![None; QUEUES];
        let spans = (0..100_000).chain((10..TIME_BITS).flat_map(|power| {
            (0..64).map(move |step| (1_i64 << power) + (1_i64 << (power - 6)) * step)
        }));
        for span in spans {
            let first = *shortest[queue(Kind::Idle, span)].get_or_insert(span);
            assert!(span - first <= first / 4, "{first} and {span}");
        }
    }

    #[test]
    fn longer_spans_never_have_earlier_queues() {
        let mut last = 0;
        for span in (0..4096).chain((12..63).map(|power| 1 << power)).chain([i64::MAX]) {
            let queue = queue(Kind::Held, span);
            assert!(queue >= last, "{span}");
            assert!(queue < WORDS_A_KIND * 64, "{span}");
            last = queue;
        }
        assert_eq!(queue(Kind::Held, -1), 0);
    }

    #[test]
    fn the_search_for_a_nonempty_queue_wraps_around_once() {
        let (mut slab, mut queues) = (Slab::default(), Queues::new());
        assert_eq!(queues.head_from(0), None);
        let slot = slab.take([0; 4]);
        queues.push(&mut slab, slot, Kind::Idle, 1000);
        let (queue, kind, head) = queues.head_from(0).unwrap();
        assert_eq!((kind, head), (Kind::Idle, slot));
        for from in 0..=QUEUES {
            assert_eq!(queues.head_from(from), Some((queue, kind, head)), "from {from}");
        }
        queues.remove(&mut slab, slot);
        assert_eq!(queues.head_from(0), None);
    }

    #[test]
    fn a_queue_is_first_in_first_out_and_any_slot_can_be_removed() {
        let (mut slab, mut queues) = (Slab::default(), Queues::new());
        let slots: Vec<u32> = (0..5).map(|_| slab.take([0; 4])).collect();
        for slot in &slots {
            queues.push(&mut slab, *slot, Kind::Done, 60_000);
        }
        for gone in [slots[2], slots[4], slots[0]] {
            queues.remove(&mut slab, gone);
        }
        assert_eq!(queues.all(&slab, Kind::Done).collect::<Vec<_>>(), [slots[1], slots[3]]);
        queues.push(&mut slab, slots[0], Kind::Done, 60_000);
        assert_eq!(queues.all(&slab, Kind::Done).last(), Some(slots[0]));
        assert_eq!(queues.heads(Kind::Held).count(), 0);
    }
}
