//! The kinds of rejection: the one map from kind to code, status and meaning.

/// The kinds of rejection, each with its stable code and its HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The signature header is missing.
    MissingSignature,
    /// The signature header contains signatures, but not the kind of signature
    /// that the scheme expects.
    UnsupportedSignature,
    /// The signature does not match any active secret.
    SignatureMismatch,
    /// The delivery names a key or a certificate location that is not known, or whose
    /// key has expired.
    UnknownKey,
    /// The signature header does not have the scheme's format, or no signature in
    /// it has the length and encoding of the scheme's signatures.
    MalformedSignature,
    /// The delivery has more signatures than the maximum.
    TooManySignatures,
    /// A header that must have one value has several.
    RepeatedHeader,
    /// A header that the scheme signs is missing.
    MissingHeader,
    /// The id header is missing.
    MissingId,
    /// The id is empty, too long, not visible ASCII, or contains the scheme's
    /// delimiter.
    MalformedId,
    /// The timestamp is missing.
    MissingTimestamp,
    /// The timestamp does not have the scheme's format.
    MalformedTimestamp,
    /// The timestamp is too far in the past.
    TimestampTooOld,
    /// The timestamp is too far in the future.
    TimestampInFuture,
    /// The body is larger than the limit, or consists of more parts, or arrives in more pieces, than
    /// are read before it is verified.
    BodyTooLarge,
    /// The body did not arrive completely within its deadline.
    BodyTimeout,
    /// The body ended too early (an encoded body: before the end of its encoding),
    /// or other code read it first.
    BodyIncomplete,
    /// The scheme does not support the body's content encoding, or the body is not
    /// valid in it: it does not decode, or bytes follow its end.
    UnsupportedEncoding,
    /// The receiver is not configured to verify this delivery. For example, none of its
    /// secrets is valid now.
    Misconfigured,
    /// No secret is known for the tenant of the request, or the request names no
    /// tenant.
    UnknownTenant,
    /// The tenant's secrets could not be looked up.
    SecretsUnavailable,
}

impl VerifyErrorKind {
    /// All kinds, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::MissingSignature,
        Self::UnsupportedSignature,
        Self::SignatureMismatch,
        Self::UnknownKey,
        Self::MalformedSignature,
        Self::TooManySignatures,
        Self::RepeatedHeader,
        Self::MissingHeader,
        Self::MissingId,
        Self::MalformedId,
        Self::MissingTimestamp,
        Self::MalformedTimestamp,
        Self::TimestampTooOld,
        Self::TimestampInFuture,
        Self::BodyTooLarge,
        Self::BodyTimeout,
        Self::BodyIncomplete,
        Self::UnsupportedEncoding,
        Self::Misconfigured,
        Self::UnknownTenant,
        Self::SecretsUnavailable,
    ];

    /// The stable name, for logs and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status to respond with.
    #[must_use]
    pub fn status(self) -> u16 {
        self.facts().1
    }

    /// A short description of the error, for people.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.facts().2
    }

    /// The one map from kind to code, status and meaning.
    fn facts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::MissingSignature => ("missing_signature", 401, "the signature is absent"),
            Self::UnsupportedSignature => {
                ("unsupported_signature", 401, "there is no signature of a supported kind")
            }
            Self::SignatureMismatch => {
                ("signature_mismatch", 401, "the signature does not match any active secret")
            }
            Self::MalformedSignature => {
                ("malformed_signature", 400, "the signature does not have the scheme's format")
            }
            Self::TooManySignatures => {
                ("too_many_signatures", 400, "there are too many signatures")
            }
            Self::RepeatedHeader => {
                ("repeated_header", 400, "a header that must be unique is repeated")
            }
            Self::MissingHeader => ("missing_header", 400, "a signed header is absent"),
            Self::MissingId => ("missing_id", 400, "the id is absent"),
            Self::MalformedId => ("malformed_id", 400, "the id is malformed"),
            Self::MissingTimestamp => ("missing_timestamp", 400, "the timestamp is absent"),
            Self::MalformedTimestamp => {
                ("malformed_timestamp", 400, "the timestamp does not have the scheme's format")
            }
            Self::TimestampTooOld => ("timestamp_too_old", 400, "the timestamp is too old"),
            Self::TimestampInFuture => {
                ("timestamp_in_future", 400, "the timestamp is too far in the future")
            }
            Self::BodyTooLarge => ("body_too_large", 413, "the body is too large"),
            Self::BodyTimeout => ("body_timeout", 408, "the body arrived too slowly"),
            Self::BodyIncomplete => ("body_incomplete", 400, "the body was cut off"),
            Self::UnsupportedEncoding => {
                ("unsupported_encoding", 415, "the body's content encoding is not supported")
            }
            Self::Misconfigured => {
                ("misconfigured", 503, "the receiver is not configured for this delivery")
            }
            Self::UnknownTenant => {
                ("unknown_tenant", 503, "no secret is known for the request's tenant")
            }
            Self::SecretsUnavailable => {
                ("secrets_unavailable", 503, "the tenant's secrets could not be looked up")
            }
            Self::UnknownKey => ("unknown_key", 401, "the delivery names an unknown key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_kinds_is_complete() {
        for (index, kind) in VerifyErrorKind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, index, "{kind:?}");
        }
        assert_eq!(VerifyErrorKind::ALL.last(), Some(&VerifyErrorKind::SecretsUnavailable));
    }
}
