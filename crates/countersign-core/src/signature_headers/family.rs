//! The headers of one family, looked up in one pass.

use crate::error::{VerifyError, VerifyErrorKind};
use crate::request::headers::{HeaderLookup, RepeatedHeader, RequestHead};
use crate::request::name::Name;
use crate::scheme::HeaderSet;

/// The request's headers of one family, and its content encoding.
///
/// All are looked up in one pass and stay in place: moving them out as plain
/// values takes as long as finding them.
pub(crate) struct FamilyHeaders<'s, 'h>([HeaderLookup<'s, 'h>; 4]);

/// The only value of a header, if it is present.
pub(super) type Only<'h> = Result<Option<&'h [u8]>, RepeatedHeader>;

impl<'s, 'h> FamilyHeaders<'s, 'h> {
    #[inline(always)] // Part of `Verifier::verify`, which says why.
    pub(crate) fn of(family: &'s HeaderSet, head: &RequestHead<'h>) -> Self {
        let names = [family.signatures.first(), family.id.as_ref(), family.timestamp.as_ref()];
        // An empty name matches no header.
        let [signature, id, timestamp] = names.map(|name| name.map_or("", Name::lower));
        let mut found = Self(["content-encoding", signature, id, timestamp].map(HeaderLookup::new));
        head.headers.lookup(&mut found.0);
        found
    }

    pub(crate) fn encoding(&self) -> Only<'h> {
        self.0[0].value()
    }

    /// The value of the family's first signature header.
    pub(super) fn signature(&self) -> Only<'h> {
        self.0[1].value()
    }

    pub(super) fn id(&self) -> Only<'h> {
        self.0[2].value()
    }

    pub(super) fn timestamp(&self) -> Only<'h> {
        self.0[3].value()
    }
}

pub(super) fn unique<'h>(
    head: &RequestHead<'h>,
    name: &Name,
) -> Result<Option<&'h [u8]>, VerifyError> {
    unrepeated(head.headers.unique(name.lower()), name)
}

pub(super) fn unrepeated<'h>(
    value: Only<'h>,
    name: &Name,
) -> Result<Option<&'h [u8]>, VerifyError> {
    value.map_err(|_| VerifyError::header(VerifyErrorKind::RepeatedHeader, name))
}
