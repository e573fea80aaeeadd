//! The timestamp of a scheme.

use std::fmt;

use super::Scheme;
use crate::json::pointer::Pointer;
use crate::request::name::Name;
use crate::time::tolerance::Tolerance;
use crate::time::unit::TimestampUnit;

/// The location of the timestamp in a delivery, from [`Scheme::timestamp_source`].
///
/// As text: `header:webhook-timestamp`, `field:t`, `body:/created`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimestampSource<'s> {
    /// A header of its own, with this name.
    Header(&'s str),
    /// This key of the list in the signature header.
    Field(&'s str),
    /// The value at this JSON pointer of the signed body.
    Body(&'s str),
}

impl<'s> TimestampSource<'s> {
    /// The JSON pointer, if the timestamp is in the body.
    #[must_use]
    pub fn body_pointer(self) -> Option<&'s str> {
        match self {
            Self::Body(pointer) => Some(pointer),
            _ => None,
        }
    }
}

impl fmt::Display for TimestampSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Field(key) => write!(f, "field:{key}"),
            Self::Body(pointer) => write!(f, "body:{pointer}"),
        }
    }
}

/// The timestamp of a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timestamp {
    pub(crate) place: TimestampPlace,
    pub(crate) unit: TimestampUnit,
    pub(crate) tolerance: Tolerance,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimestampPlace {
    /// The header that the family names.
    Header,
    /// A key of the list in the signature's own header.
    Field(String),
    /// A value of the signed body. It is read only after the signature has been
    /// verified.
    Body(Pointer),
}

impl Scheme {
    /// The location of the timestamp in a delivery; `None` if the scheme signs none.
    #[must_use]
    pub fn timestamp_source(&self) -> Option<TimestampSource<'_>> {
        Some(match &self.timestamp.as_ref()?.place {
            TimestampPlace::Header => {
                TimestampSource::Header(self.families[0].timestamp.as_ref().map_or("", Name::shown))
            }
            TimestampPlace::Field(key) => TimestampSource::Field(key),
            TimestampPlace::Body(pointer) => TimestampSource::Body(pointer.text()),
        })
    }

    /// The format of the timestamp; `None` if the scheme signs none.
    #[must_use]
    pub fn timestamp_unit(&self) -> Option<TimestampUnit> {
        self.timestamp.as_ref().map(|timestamp| timestamp.unit)
    }

    /// The default tolerance: the maximum age of a timestamp, and how far it
    /// can be in the future. `None` if the scheme signs no timestamp.
    #[must_use]
    pub fn tolerance(&self) -> Option<Tolerance> {
        self.timestamp.as_ref().map(|timestamp| timestamp.tolerance)
    }
}
