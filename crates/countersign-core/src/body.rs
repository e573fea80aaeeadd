//! Buffers a body as it arrives, with a size limit and a budget. A body in one piece is not copied.

pub(crate) mod budget;
pub(crate) mod deadline;
pub(crate) mod decoding;

use bytes::Bytes;

use crate::body::budget::{BudgetExceeded, BufferPermit};
use crate::error::{VerifyError, VerifyErrorKind};

/// A body that is still arriving.
pub(crate) struct Body {
    limit: usize,
    /// The length that the sender announced; 0 if it announced none.
    announced: usize,
    pieces: Pieces,
}

enum Pieces {
    /// Nothing yet.
    None,
    /// One piece, not copied.
    One(Bytes),
    /// Several pieces, concatenated.
    Many(Buffer),
    /// A piece was rejected; nothing is stored any more.
    Rejected,
}

impl Body {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, announced: 0, pieces: Pieces::None }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Sets the announced length: the buffer need not be larger. Nothing is reserved before bytes
    /// arrive, because any client can announce a length.
    pub(crate) fn announce(&mut self, bytes: usize) {
        self.announced = bytes.min(self.limit);
    }

    /// The bytes that have arrived.
    pub(crate) fn held(&self) -> &[u8] {
        match &self.pieces {
            Pieces::One(first) => first,
            Pieces::Many(many) => &many.bytes,
            Pieces::None | Pieces::Rejected => &[],
        }
    }

    /// Appends the next piece.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn push(
        &mut self,
        piece: Bytes,
        reserved: &mut BufferPermit,
    ) -> Result<(), NotTaken> {
        let held = self.held().len();
        if matches!(self.pieces, Pieces::Rejected) || piece.len() > self.limit - held {
            self.pieces = Pieces::Rejected;
            return Err(self.too_large().into());
        }
        let taken = match &mut self.pieces {
            _ if piece.is_empty() => Ok(()),
            Pieces::None => reserved.grow(piece.len()).map(|()| self.pieces = Pieces::One(piece)),
            _ => self.append(&piece, reserved),
        };
        if taken.is_err() {
            self.pieces = Pieces::Rejected;
        }
        Ok(taken?)
    }

    fn append(&mut self, piece: &[u8], reserved: &mut BufferPermit) -> Result<(), BudgetExceeded> {
        self.detach();
        let is_announced = self.held().len() + piece.len() <= self.announced;
        let limit = if is_announced { self.announced } else { self.limit };
        match &mut self.pieces {
            Pieces::Many(many) => many.extend(piece, limit, reserved),
            _ => Ok(()),
        }
    }

    /// Copies the first piece out of the connection's buffer. That buffer may be much
    /// larger than the piece, and the piece would keep it alive.
    pub(crate) fn detach(&mut self) {
        if let Pieces::One(first) = &self.pieces {
            self.pieces = Pieces::Many(Buffer { bytes: first.to_vec() });
        }
    }

    /// The whole body; an error if a piece was rejected, even if the caller ignored
    /// that error.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn whole(self) -> Result<Bytes, VerifyError> {
        match self.pieces {
            Pieces::None => Ok(Bytes::new()),
            Pieces::One(bytes) => Ok(bytes),
            Pieces::Many(many) => Ok(many.bytes.into()),
            Pieces::Rejected => Err(self.too_large()),
        }
    }

    pub(crate) fn too_large(&self) -> VerifyError {
        VerifyError::limit(VerifyErrorKind::BodyTooLarge, self.limit)
    }
}

/// A growing buffer, whose whole capacity is counted in the budget.
#[derive(Default)]
pub(crate) struct Buffer {
    pub(crate) bytes: Vec<u8>,
}

impl Buffer {
    /// Appends a piece. The caller has checked that `limit` is not exceeded.
    pub(crate) fn extend(
        &mut self,
        piece: &[u8],
        limit: usize,
        reserved: &mut BufferPermit,
    ) -> Result<(), BudgetExceeded> {
        let (length, has) = (self.bytes.len() + piece.len(), self.bytes.capacity());
        if length > has {
            // By default a vector doubles its capacity, even past the limit.
            let capacity = (2 * has).clamp(length, limit.max(length));
            reserved.grow(capacity - has)?;
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }
}

/// The reason why a piece of a body was rejected.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The budget is exhausted by this and other requests.
    NoRoom,
    Rejected(VerifyError),
}

impl From<BudgetExceeded> for NotTaken {
    fn from(_: BudgetExceeded) -> Self {
        Self::NoRoom
    }
}

impl From<VerifyError> for NotTaken {
    fn from(error: VerifyError) -> Self {
        Self::Rejected(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::budget::BufferBudget;

    fn push(body: &mut Body, piece: impl Into<Bytes>) -> Result<(), NotTaken> {
        body.push(piece.into(), &mut BufferPermit::uncounted())
    }

    #[test]
    fn a_body_of_one_piece_is_not_copied_while_it_is_buffered() {
        let piece = Bytes::from(vec![7; 100]);
        let mut body = Body::new(100);
        for piece in [Bytes::new(), piece.clone(), Bytes::new()] {
            push(&mut body, piece).unwrap();
        }
        assert_eq!(body.whole().unwrap().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn a_detached_first_piece_does_not_keep_its_original_buffer() {
        let buffer = Bytes::from(vec![7; 100_000]);
        let mut body = Body::new(100);
        push(&mut body, buffer.slice(..1)).unwrap();
        assert!(!buffer.is_unique());
        body.detach();
        assert!(buffer.is_unique());
        push(&mut body, vec![8]).unwrap();
        assert_eq!(body.whole().unwrap(), &[7, 8][..]);
    }

    #[test]
    fn pieces_are_put_together_in_order() {
        let mut body = Body::new(5);
        for piece in ["ab", "", "c", "de"] {
            push(&mut body, piece).unwrap();
        }
        assert_eq!(body.whole().unwrap(), "abcde");
    }

    #[test]
    fn a_body_over_the_limit_stays_rejected() {
        let mut body = Body::new(3);
        push(&mut body, "abc").unwrap();
        assert!(matches!(
            push(&mut body, "d"),
            Err(NotTaken::Rejected(error)) if error.kind() == VerifyErrorKind::BodyTooLarge
        ));
        assert!(push(&mut body, "").is_err());
        assert!(body.whole().is_err());
    }

    #[test]
    fn the_capacity_of_a_growing_body_is_counted_and_never_exceeds_its_limit() {
        for piece in [1, 7, 1000] {
            let budget = BufferBudget::new(usize::MAX);
            let mut reserved = budget.reserve();
            let mut body = Body::new(10_000);
            for _ in 0..10_000 / piece {
                body.push(vec![0; piece].into(), &mut reserved).unwrap();
                let holds = match &body.pieces {
                    Pieces::Many(many) => many.bytes.capacity(),
                    _ => body.held().len(),
                };
                assert_eq!(budget.used(), holds);
                assert!(holds <= 10_000);
            }
        }
    }

    #[test]
    fn a_piece_that_fills_the_capacity_exactly_uses_no_more_of_the_budget() {
        let budget = BufferBudget::new(usize::MAX);
        let mut reserved = budget.reserve();
        let mut body = Body::new(100);
        body.push("abc".into(), &mut reserved).unwrap();
        // The second piece doubles the capacity, and the third fills it.
        for (piece, used) in [("d", 6), ("ef", 6), ("g", 12)] {
            body.push(piece.into(), &mut reserved).unwrap();
            assert_eq!(budget.used(), used);
        }
    }

    #[test]
    fn a_body_states_the_limit_that_it_enforces() {
        for limit in [0, 1, 2, 1000] {
            let mut body = Body::new(limit);
            assert_eq!(body.limit(), limit);
            push(&mut body, vec![7; limit]).unwrap();
            push(&mut body, "x").unwrap_err();
        }
    }

    #[test]
    fn a_body_with_a_content_length_uses_no_more_of_the_budget_than_that() {
        let budget = BufferBudget::new(16 * 1024 * 1024);
        let mut reserved = budget.reserve();
        let mut body = Body::new(usize::MAX);
        // More than half of what one request may use: a doubled buffer would not fit.
        let length = 11 * 1024 * 1024;
        body.announce(length);
        assert_eq!(budget.used(), 0);
        for _ in 0..length / 1024 {
            body.push(vec![0; 1024].into(), &mut reserved).unwrap();
            assert!(budget.used() <= length);
        }
        assert_eq!(budget.used(), length);
        // A body that is longer than announced is treated as if no length was announced.
        body.push(vec![0; 1].into(), &mut reserved).unwrap_err();
    }

    #[test]
    fn a_body_that_exceeds_the_budget_is_dropped_and_stays_rejected() {
        let budget = BufferBudget::new(5);
        let mut reserved = budget.reserve();
        let mut body = Body::new(100);
        body.push("abc".into(), &mut reserved).unwrap();
        assert!(matches!(body.push("def".into(), &mut reserved), Err(NotTaken::NoRoom)));
        assert_eq!(body.held(), b"");
        assert!(body.whole().is_err());
    }
}
