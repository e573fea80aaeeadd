//! The body as it arrives: capped, and copied only where it comes in pieces.

use bytes::{Bytes, BytesMut};

use crate::error::{VerifyError, VerifyErrorKind};

/// A body that is still arriving.
pub(crate) struct Body {
    limit: usize,
    pieces: Pieces,
}

enum Pieces {
    /// Nothing yet.
    None,
    /// One piece, kept as it came.
    One(Bytes),
    /// Several, put together.
    Many(BytesMut),
    /// More than the limit allows; nothing more is kept.
    TooLarge,
}

impl Body {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, pieces: Pieces::None }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// What has arrived.
    pub(crate) fn held(&self) -> &[u8] {
        match &self.pieces {
            Pieces::One(first) => first,
            Pieces::Many(many) => many,
            Pieces::None | Pieces::TooLarge => &[],
        }
    }

    /// Takes the next piece.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn push(&mut self, piece: Bytes) -> Result<(), VerifyError> {
        let held = self.held().len();
        if matches!(self.pieces, Pieces::TooLarge) || piece.len() > self.limit - held {
            self.pieces = Pieces::TooLarge;
            return Err(self.too_large());
        }
        match &mut self.pieces {
            Pieces::None => self.pieces = Pieces::One(piece),
            Pieces::One(first) if held == 0 => *first = piece,
            Pieces::One(first) if !piece.is_empty() => {
                let mut many = BytesMut::with_capacity(held + piece.len());
                many.extend_from_slice(first);
                many.extend_from_slice(&piece);
                self.pieces = Pieces::Many(many);
            }
            Pieces::Many(many) => many.extend_from_slice(&piece),
            Pieces::One(_) | Pieces::TooLarge => {}
        }
        Ok(())
    }

    /// The whole body; an error where it was larger than the limit, even if
    /// whoever pushed has overlooked that.
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn whole(self) -> Result<Bytes, VerifyError> {
        match self.pieces {
            Pieces::None => Ok(Bytes::new()),
            Pieces::One(bytes) => Ok(bytes),
            Pieces::Many(bytes) => Ok(bytes.freeze()),
            Pieces::TooLarge => Err(self.too_large()),
        }
    }

    pub(crate) fn too_large(&self) -> VerifyError {
        VerifyError::limit(VerifyErrorKind::BodyTooLarge, self.limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_piece_is_kept_and_not_copied() {
        let piece = Bytes::from(vec![7; 100]);
        let mut body = Body::new(100);
        body.push(Bytes::new()).unwrap();
        body.push(piece.clone()).unwrap();
        body.push(Bytes::new()).unwrap();
        assert_eq!(body.whole().unwrap().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn pieces_are_put_together_in_order() {
        let mut body = Body::new(5);
        for piece in ["ab", "", "c", "de"] {
            body.push(Bytes::from_static(piece.as_bytes())).unwrap();
        }
        assert_eq!(body.whole().unwrap(), "abcde");
    }

    #[test]
    fn a_body_over_the_limit_stays_refused() {
        let mut body = Body::new(3);
        body.push(Bytes::from_static(b"abc")).unwrap();
        let refused = body.push(Bytes::from_static(b"d")).unwrap_err();
        assert_eq!(refused.kind(), VerifyErrorKind::BodyTooLarge);
        assert!(body.push(Bytes::new()).is_err());
        assert!(body.whole().is_err());
    }
}
