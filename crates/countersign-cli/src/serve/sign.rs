//! Signs what is forwarded, by Standard Webhooks, so that the target can verify it with any library.

use std::fmt;

use countersign::{EventKey, Secret, Signer, schemes};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use super::forward::folded;
use crate::random;
use crate::secrets;
use crate::usage_error::UsageError;

/// The secret that signs the requests to one target.
pub(super) struct ForwardSigner(Secret);

impl ForwardSigner {
    pub(super) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// Replaces the headers of Standard Webhooks by those of this request. `id` stays the same in
    /// every attempt at the same event.
    pub(super) fn sign(
        &self,
        headers: &mut HeaderMap,
        id: &str,
        body: &[u8],
    ) -> Result<(), UsageError> {
        let signer = Signer::new(schemes::standardwebhooks(), secrets::again(&self.0)?)?;
        let signed = signer.with_id(id).sign(body)?;
        let is_own = |name: &HeaderName| OWN.contains(&folded(name.as_str()).as_str());
        let replaced: Vec<HeaderName> =
            headers.keys().filter(|name| is_own(name)).cloned().collect();
        for name in replaced {
            headers.remove(name);
        }
        for (name, value) in signed {
            let header = (HeaderName::try_from(name), HeaderValue::try_from(value));
            let (Ok(name), Ok(value)) = header else {
                return Err(UsageError::new("a signature is no header"));
            };
            headers.insert(name, value);
        }
        Ok(())
    }
}

impl fmt::Debug for ForwardSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardSigner").finish_non_exhaustive()
    }
}

/// The id of a signed request: the same for every delivery of an event, or a new one if deliveries
/// with equal keys may be different events.
pub(super) fn message_id(key: &EventKey, is_same_event: bool) -> Result<String, UsageError> {
    if !is_same_event {
        return Ok(format!("msg_{}", random::hex_128()?));
    }
    let digits: String = key.digest()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("msg_{digits}"))
}

const OWN: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
