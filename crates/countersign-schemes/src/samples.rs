//! Sample events of the providers, for tests and tools.

mod fresh_values;

pub use fresh_values::FreshValues;

use crate::generated::{ALIASES, SAMPLES};

/// The sample events of the built-in scheme with this name or alias, at least one; `None` if there is
/// no such scheme. An alias has those of its scheme.
///
/// The events are invented, with the provider's field names and plausible values:
///
/// ```
/// use countersign_core::{Secret, Signer, Verifier};
/// use countersign_schemes::{self as schemes, FreshValues};
///
/// let now_ms = 1_760_000_000_000;
/// let fresh = FreshValues::new(0x0123_4567_89ab_cdef, now_ms);
/// let sample = &schemes::samples("stripe").unwrap_or_default()[0];
/// let (headers, body) = (Vec::from_iter(sample.headers(&fresh)), sample.body(&fresh));
///
/// let secret = || Secret::new("whsec_test");
/// let signer = Signer::new(schemes::stripe(), secret()?)?.at_unix_ms(now_ms);
/// let signed = signer.sign_with(&headers, body.as_bytes())?;
/// let verifier = Verifier::new(schemes::stripe(), secret()?)?.with_clock(move || now_ms);
/// let verified = verifier.verify(&signed, body)?;
/// assert_eq!(verified.event_type().unwrap().name, sample.event());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn samples(name: &str) -> Option<&'static [SampleEvent]> {
    let alias = ALIASES.iter().find(|(known, ..)| *known == name);
    let name = alias.map_or(name, |(_, scheme, _)| scheme);
    SAMPLES.iter().find(|(known, _)| *known == name).map(|(_, samples)| *samples)
}

/// An event as a provider sends it: headers and body, without the signature.
///
/// A [`Signer`](countersign_core::Signer) adds the signature, and the headers that belong to it. If the
/// signature is in the body, [`Signer::sign_request`](countersign_core::Signer::sign_request) adds
/// it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleEvent {
    event: &'static str,
    headers: &'static [(&'static str, &'static str)],
    body: &'static str,
}

impl SampleEvent {
    pub(crate) const fn new(
        event: &'static str,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    ) -> Self {
        Self { event, headers, body }
    }

    /// The type of the event, as the scheme reads it, or a name if the scheme reads none. No two
    /// samples of a scheme have the same.
    #[must_use]
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// The headers of the request: `Content-Type`, and those with which the provider describes the
    /// event, such as `X-GitHub-Event`.
    pub fn headers(&self, fresh: &FreshValues) -> impl Iterator<Item = (&'static str, String)> {
        self.headers.iter().map(|(name, value)| (*name, fresh.fill(value)))
    }

    /// The body, with these ids and times.
    #[must_use]
    pub fn body(&self, fresh: &FreshValues) -> String {
        fresh.fill(self.body)
    }
}
