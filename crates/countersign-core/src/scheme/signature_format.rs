//! The format of the signature header.

use std::fmt;

use super::{Scheme, TimestampSource};
use crate::crypto::algorithm::{Algorithm, Encoding};

/// The format of a scheme's signature header, from [`Scheme::signature_format`].
///
/// As text, with a placeholder for each value: `X-Hub-Signature-256: sha256=<hex>`,
/// `X-Venum-Signature: t=<milliseconds>,v1=<hex>`, or `in the body`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureFormat<'s> {
    scheme: &'s Scheme,
}

/// How the value of a signature header is divided.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureLayout {
    /// The whole value is one signature, after a required prefix.
    #[non_exhaustive]
    Whole {
        /// The prefix (`sha256=`), which can be empty.
        prefix: String,
    },
    /// A list of `key assign value` items (`t=1,v1=ab`). The values of one key are
    /// signatures. An item is divided at its first `assign` only: base64 contains `=`.
    #[non_exhaustive]
    Pairs {
        /// The character between two items.
        separator: char,
        /// The character between the key and the value of an item.
        assign: char,
        /// The key of the signatures.
        key: String,
        /// Whether an item can start with a space.
        spaces: bool,
    },
}

impl SignatureLayout {
    /// The text directly before each signature: the prefix (`sha256=`), or the key (`v1=`).
    #[must_use]
    pub fn before_signature(&self) -> String {
        match self {
            Self::Whole { prefix } => prefix.clone(),
            Self::Pairs { assign, key, .. } => format!("{key}{assign}"),
        }
    }
}

impl Scheme {
    /// The format of the signature header.
    #[must_use]
    pub fn signature_format(&self) -> SignatureFormat<'_> {
        SignatureFormat { scheme: self }
    }
}

impl<'s> SignatureFormat<'s> {
    /// The header, the first of several; `None` if the signature is in the body.
    #[must_use]
    pub fn header(self) -> Option<&'s str> {
        self.scheme.header_sets()[0].signatures().next()
    }

    /// How the value of the header is divided.
    #[must_use]
    pub fn layout(self) -> &'s SignatureLayout {
        &self.scheme.layout
    }

    /// The text before the timestamp in the same header (`t=`); `None` if it is elsewhere.
    #[must_use]
    pub fn before_timestamp(self) -> Option<String> {
        match (self.layout(), self.scheme.timestamp_source()) {
            (SignatureLayout::Pairs { assign, .. }, Some(TimestampSource::Field(key))) => {
                Some(format!("{key}{assign}"))
            }
            _ => None,
        }
    }

    /// The text before the first signature: as
    /// [`SignatureLayout::before_signature`] or, if the header has a
    /// [timestamp](Self::before_timestamp), the text between the two (`,v1=`).
    #[must_use]
    pub fn before_signature(self) -> String {
        let before = self.layout().before_signature();
        match (self.layout(), self.before_timestamp()) {
            (SignatureLayout::Pairs { separator, spaces, .. }, Some(_)) => {
                let space = if *spaces { " " } else { "" };
                format!("{separator}{space}{before}")
            }
            _ => before,
        }
    }
}

impl fmt::Display for SignatureFormat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(header) = self.header() else { return f.write_str("in the body") };
        write!(f, "{header}: ")?;
        if let (Some(before), Some(unit)) = (self.before_timestamp(), self.scheme.timestamp_unit())
        {
            write!(f, "{before}<{unit}>")?;
        }
        f.write_str(&self.before_signature())?;
        f.write_str(match self.scheme.encoding() {
            _ if self.scheme.algorithm() == Algorithm::Jwt => "<jwt>",
            Encoding::Hex => "<hex>",
            Encoding::Base64 => "<base64>",
            Encoding::Text => "<token>",
        })
    }
}
