//! Prove that a webhook delivery is authentic, fresh and not yet handled, and
//! only then run the handler.

pub use countersign_core::{
    Algorithm, Begun, BodyView, Cell, Clock, ConfigError, Encoding, EventIdFrom, EventIdSource,
    EventType, EventTypeSource, Evidence, Head, Headers, ManualClock, Profile, PublicUrl,
    RepeatedHeader, Retries, Scheme, SchemeBuilder, Secret, SecretFormat, SecretProblem, Secrets,
    Signed, Signer, SystemClock, TimestampUnit, Tolerance, Verified, Verifier, VerifyError,
    VerifyErrorKind,
};
