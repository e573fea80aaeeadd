//! Maps a key to its slot.

use super::Key;
use super::queues::bits;

/// A hash table of fixed size that contains slot numbers.
///
/// Its lines are 64 bytes: a count and 15 entries. An entry is in the line that its
/// key selects or, if that line is full, in one of the next lines. The count of a
/// line is the number of entries that skipped it because it was full. A search ends
/// at the first line that no entry skipped. So removing an entry leaves no
/// tombstone, and the table never has to be rebuilt.
///
/// In addition to the slot's number, an entry has eight bits of the key, so that a
/// search rarely reads a slot with a different key.
pub(super) struct Index {
    /// Zeroed by the operating system, and only when it is first used.
    words: Vec<u32>,
    /// The start of the first line, chosen so that each line is one cache line.
    from: usize,
    lines: usize,
}

type Line = [u32; LINE];

impl Index {
    /// Creates a table with room for this many entries.
    pub(super) fn with_capacity(entries: usize) -> Self {
        let lines = entries.div_ceil(FILL).max(1);
        let words = vec![0_u32; (lines + 1) * LINE];
        let from = words.as_ptr().align_offset(size_of::<Line>()).min(LINE);
        Self { words, from, lines }
    }

    /// Returns the slot with this key for which `is_it` returns true.
    pub(super) fn find(&self, key: Key, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = tag(key);
        for line in self.path(key) {
            let line = self.line(line);
            let slots = with_tag(line, tag).filter_map(|entry| (entry & !TAG).checked_sub(1));
            if let Some(slot) = slots.into_iter().find(|slot| is_it(*slot)) {
                return Some(slot);
            }
            if line[0] == 0 {
                return None;
            }
        }
        None
    }

    /// Inserts a slot. Its key must not be there yet, and there must be room.
    pub(super) fn insert(&mut self, key: Key, slot: u32) {
        let entry = tag(key) | (slot + 1);
        for line in self.path(key) {
            let line = self.line_mut(line);
            match line[1..].iter_mut().find(|entry| **entry == 0) {
                Some(empty) => {
                    *empty = entry;
                    return;
                }
                None => line[0] += 1,
            }
        }
        debug_assert!(false, "the index has a third more room than the slab");
    }

    /// Removes a slot, which must be there.
    pub(super) fn remove(&mut self, key: Key, slot: u32) {
        let wanted = tag(key) | (slot + 1);
        for line in self.path(key) {
            let line = self.line_mut(line);
            match line[1..].iter_mut().find(|entry| **entry == wanted) {
                Some(entry) => {
                    *entry = 0;
                    return;
                }
                None => line[0] = line[0].saturating_sub(1),
            }
        }
        debug_assert!(false, "every slot in use is in the index");
    }

    #[cfg(test)]
    pub(super) fn is_all_zeros(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The lines to search for a key, in order, each once.
    fn path(&self, key: Key) -> impl Iterator<Item = usize> + use<> {
        let lines = self.lines;
        // Spreads 32 bits evenly over any number of lines, without a division.
        let home = (u64::from(key[0]) * lines as u64) >> 32;
        let home = usize::try_from(home).unwrap_or(0);
        (home..lines).chain(0..home)
    }

    fn line(&self, line: usize) -> &Line {
        &self.words[self.from..].as_chunks().0[line]
    }

    fn line_mut(&mut self, line: usize) -> &mut Line {
        &mut self.words[self.from..].as_chunks_mut().0[line]
    }
}

/// The entries of a line that have this tag. All entries are compared, without an
/// early exit.
fn with_tag(line: &Line, tag: u32) -> impl Iterator<Item = u32> {
    let mut matches = 0_u32;
    for (i, entry) in line.iter().enumerate() {
        matches |= u32::from(entry & TAG == tag) << i;
    }
    // The first word is not an entry.
    bits((matches & !1).into()).map(|i| line[i])
}

fn tag(key: Key) -> u32 {
    key[1] & TAG
}

/// The upper eight bits of an entry. The other bits are the slot's number plus one,
/// so an entry of zero is empty.
const TAG: u32 = 0xff00_0000;

/// The exclusive upper limit of slot numbers.
pub(super) const MAX_SLOTS: usize = (!TAG) as usize;

const LINE: usize = 16;

/// The average number of used entries of a line's 15, if the table is full. With a
/// higher number, more keys are not in the first line that is searched.
const FILL: usize = 12;
