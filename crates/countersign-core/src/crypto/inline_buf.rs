//! A byte buffer that is stored on the stack if it is short.

use std::ops::Deref;

/// A buffer for a few concatenated pieces: `ROOM` bytes on the stack, or the heap if
/// they do not fit.
///
/// A `SmallVec` is slower: appending a piece to it takes twice as long as copying the
/// piece, and every request has about six pieces.
#[derive(Clone)]
pub(crate) struct InlineBuf<const ROOM: usize> {
    short: [u8; ROOM],
    length: usize,
    /// All bytes, if they do not fit on the stack.
    long: Vec<u8>,
}

impl<const ROOM: usize> InlineBuf<ROOM> {
    pub(crate) fn extend_from_slice(&mut self, piece: &[u8]) {
        let end = self.length + piece.len();
        match self.short.get_mut(self.length..end) {
            Some(room) => room.copy_from_slice(piece),
            None => self.spill(piece),
        }
        self.length = end;
    }

    #[cold]
    fn spill(&mut self, piece: &[u8]) {
        if self.long.is_empty() {
            self.long.extend_from_slice(&self.short[..self.length]);
        }
        self.long.extend_from_slice(piece);
    }
}

impl<const ROOM: usize> Default for InlineBuf<ROOM> {
    fn default() -> Self {
        Self { short: [0; ROOM], length: 0, long: Vec::new() }
    }
}

impl<const ROOM: usize> Deref for InlineBuf<ROOM> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.short.get(..self.length).unwrap_or(&self.long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_keep_their_order_inline_and_on_the_heap() {
        for pieces in [
            &["", ""][..],
            &["ab", "", "cd"],
            &["abcd"],
            &["abcd", "", "e", "f"],
            &["abc", "def", "", "g"],
            &["abcde", "f"],
        ] {
            let mut short = InlineBuf::<4>::default();
            for piece in pieces {
                short.extend_from_slice(piece.as_bytes());
            }
            assert_eq!(&*short, pieces.concat().as_bytes(), "{pieces:?}");
        }
    }

    #[test]
    fn short_content_is_not_allocated() {
        let mut short = InlineBuf::<4>::default();
        short.extend_from_slice(b"abcd");
        assert_eq!(short.long.capacity(), 0);
    }
}
