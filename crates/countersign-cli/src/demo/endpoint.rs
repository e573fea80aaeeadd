//! A provider's endpoint: its secrets and the deliveries for it.

use std::time::Duration;

use countersign::{Scheme, Secret, Secrets, Signer, Verifier, VerifyErrorKind, schemes};

use super::delivery::{Delivery, Expected};
use super::provider::Provider;
use crate::random;
use crate::usage_error::UsageError;

/// An endpoint in the middle of a secret rotation. Its secrets are generated for this run.
pub(super) struct Endpoint {
    provider: &'static Provider,
    scheme: Scheme,
    current: RandomSecret,
    previous: RandomSecret,
    /// Not a secret of the endpoint.
    forgers: RandomSecret,
}

impl Endpoint {
    pub(super) fn new(provider: &'static Provider) -> Result<Self, UsageError> {
        Ok(Self {
            provider,
            scheme: schemes::named(provider.scheme)?,
            current: RandomSecret::new()?,
            previous: RandomSecret::new()?,
            forgers: RandomSecret::new()?,
        })
    }

    pub(super) fn path(&self) -> String {
        path(self.provider.scheme)
    }

    pub(super) fn verifier(&self) -> Result<Verifier, UsageError> {
        let secrets = Secrets::new(self.current.secret()?.named("current"))
            .with_previous(self.previous.secret()?.named("previous"));
        Ok(Verifier::new(self.scheme.clone(), secrets)?)
    }

    /// All deliveries to send at the time `now_ms`.
    pub(super) fn deliveries(&self, now_ms: i64) -> Result<Vec<Delivery>, UsageError> {
        let Provider { sample, further, .. } = self.provider;
        let at_now = |what, secret| self.signed(what, sample.at(now_ms), now_ms, secret);

        let mut all = vec![at_now("genuine delivery", &self.current)?];
        let again = at_now("the same delivery again", &self.current)?;
        all.push(Delivery { expected: Expected::Duplicate { secret: 0 }, ..again });
        let another = sample.body_of_second_event_at(now_ms);
        let at_once =
            self.signed("a new event, 50 concurrent copies", another, now_ms, &self.current)?;
        all.push(Delivery { copies: 50, expected: Expected::HandledOnce, ..at_once });
        if let Some(further) = further {
            let body = further.at(now_ms);
            all.push(self.signed("second documented sample", body, now_ms, &self.current)?);
        }
        all.push(tampered(at_now("tampered: one bit of the body", &self.current)?));
        all.push(unsigned(at_now("unsigned", &self.current)?));
        all.push(truncated(at_now("signature truncated by one byte", &self.current)?));
        let forged = at_now("signed with a wrong secret", &self.forgers)?;
        all.push(forged.rejected_as(VerifyErrorKind::SignatureMismatch));
        if let Some(tolerance) = self.scheme.tolerance() {
            let (past, future) = (just_beyond(tolerance.past()), just_beyond(tolerance.future()));
            let at = |what, unix_ms| self.signed(what, sample.at(unix_ms), unix_ms, &self.current);
            let stale = at("stale: a minute too old", now_ms.saturating_sub(past))?;
            all.push(stale.rejected_as(VerifyErrorKind::TimestampTooOld));
            let early = at("from the future: a minute too early", now_ms.saturating_add(future))?;
            all.push(early.rejected_as(VerifyErrorKind::TimestampInFuture));
        }
        // The previous secret is still accepted, and the event is still that of the first delivery.
        let rotated = at_now("signed with the old secret", &self.previous)?;
        all.push(Delivery { expected: Expected::Duplicate { secret: 1 }, ..rotated });
        Ok(all)
    }

    /// The delivery of `body`, signed at this time.
    fn signed(
        &self,
        what: &'static str,
        body: String,
        unix_ms: i64,
        secret: &RandomSecret,
    ) -> Result<Delivery, UsageError> {
        let body = body.into_bytes();
        let head = [("content-type", "application/json")];
        let signer = Signer::new(self.scheme.clone(), secret.secret()?)?.at_unix_ms(unix_ms);
        let headers = signer.sign_with(&head, &body)?;
        let expected = Expected::Handled { secret: 0 };
        Ok(Delivery { scheme: self.provider.scheme, what, headers, body, copies: 1, expected })
    }
}

/// The path at which deliveries of a scheme are received.
pub(super) fn path(scheme: &str) -> String {
    format!("/hooks/{scheme}")
}

fn tampered(mut delivery: Delivery) -> Delivery {
    let middle = delivery.body.len() / 2;
    if let Some(byte) = delivery.body.get_mut(middle) {
        *byte ^= 1;
    }
    delivery.rejected_as(VerifyErrorKind::SignatureMismatch)
}

fn unsigned(mut delivery: Delivery) -> Delivery {
    delivery.headers.clear();
    delivery.rejected_as(VerifyErrorKind::MissingSignature)
}

fn truncated(mut delivery: Delivery) -> Delivery {
    for (_, value) in &mut delivery.headers {
        // All four providers put the signature, in hexadecimal, at the end of their only header.
        value.truncate(value.len().saturating_sub(2));
    }
    delivery.rejected_as(VerifyErrorKind::MalformedSignature)
}

/// One minute more than the tolerance, in milliseconds.
fn just_beyond(tolerated: Option<Duration>) -> i64 {
    let beyond = tolerated.unwrap_or_default().saturating_add(Duration::from_secs(60));
    i64::try_from(beyond.as_millis()).unwrap_or(i64::MAX)
}

/// The text of a random secret that is used for this run only.
struct RandomSecret(String);

impl RandomSecret {
    fn new() -> Result<Self, UsageError> {
        Ok(Self(random::hex_128()?))
    }

    fn secret(&self) -> Result<Secret, UsageError> {
        Ok(Secret::new(self.0.as_str())?)
    }
}
