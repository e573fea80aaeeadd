//! Claims the event of a verified delivery.

mod dead_letters;
mod outage;
mod store_call;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

pub use dead_letters::DeadLetters;
pub use outage::OutagePolicy;

use super::{EarlyResponse, Receiver};
use crate::idempotency::{
    Attempt, Claim, ClaimOutcome, Effect, EventKey, Fingerprint, Holder, IdempotencyStore, Repeats,
    Token,
};
use crate::telemetry::{EventLabel, TelemetryEvent};
use crate::time::runtime::Runtime;
use crate::verify::Verified;

impl<S: IdempotencyStore> Receiver<S> {
    /// Claims the event of a delivery that [`receive`](Self::receive) returned. If
    /// another attempt holds the event, waits for it for a short time.
    ///
    /// # Errors
    ///
    /// The response, if the delivery is not to be handled.
    pub async fn claim(
        &self,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let claimed = self.claim_event(verified, runtime).await;
        match &claimed {
            Ok(claim) => self.record(&TelemetryEvent::Claimed(claim.grant().into())),
            Err(answer) => self.record(&answer.not_claimed()),
        }
        claimed
    }

    async fn claim_event(
        &self,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        let (key, attempt) = (self.identify(verified), self.attempt(verified, runtime)?);
        let sent_ms = self.remembers().then(|| self.0.queue.now_unix_ms());
        // Created before the store is called: if this future is dropped before the reply, the drop
        // of the claim releases the event.
        let claim = Claim::new(key, attempt, Arc::clone(&self.0.queue));
        match self.claim_with_wait(claim.key(), claim.attempt(), runtime).await {
            // For a new event, a full store is as useless as an unavailable one.
            Ok(ClaimOutcome::AtCapacity) if self.0.settings.outage != OutagePolicy::FailClosed => {
                Box::pin(self.apply_outage_policy(claim, Effect::NotApplied, verified, runtime))
                    .await
            }
            Ok(outcome) => match granted(outcome)
                .and_then(|grant| self.held(&claim, grant, sent_ms))
            {
                Ok((holder, (epoch, reclaimed))) => {
                    Ok(claim.held(holder).granted(epoch, reclaimed))
                }
                // Boxed, here and below: these cases are rare, and unboxed they would double the
                // size of the future of every request.
                Err(answer) => Box::pin(self.not_granted(answer, claim, verified, runtime)).await,
            },
            Err(error) => {
                Box::pin(self.apply_outage_policy(claim, error.effect(), verified, runtime)).await
            }
        }
    }

    /// Returns the holder of a claim that the store has granted. This process also
    /// remembers the claim until its handler ends: the lease may run out in the store
    /// because it cannot be renewed, or the store may become unavailable.
    ///
    /// # Errors
    ///
    /// The response, if another attempt of this process holds the event, or has
    /// handled it, although the store has granted it.
    fn held(
        &self,
        claim: &Claim<S>,
        grant: (u32, bool),
        sent_ms: Option<i64>,
    ) -> Result<(Holder, (u32, bool)), EarlyResponse> {
        let (queue, key, attempt) = (&self.0.queue, claim.key(), claim.attempt());
        let is_remembered = self.remembers();
        let sent_ms = sent_ms.unwrap_or(i64::MAX);
        let known = queue.hold(key, attempt, grant.0, is_remembered, sent_ms);
        let Some(Err(answer)) = known.map(granted) else {
            return Ok((Holder::StoreAndKnown { is_remembered }, grant));
        };
        queue.push_release(key, attempt);
        Err(answer)
    }

    /// Whether this process remembers what it has handled. Only the local fallback needs to know in
    /// an outage what was handled before it.
    fn remembers(&self) -> bool {
        self.0.settings.outage == OutagePolicy::LocalFallback
    }

    fn identify(&self, verified: &Verified) -> EventKey {
        let key = EventKey::of(verified, self.0.verifier.endpoint());
        let label = match verified.event_label() {
            EventLabel::Private => EventLabel::Digest(key.short_digest()),
            label => label,
        };
        self.record(&TelemetryEvent::Identified(label));
        key
    }

    fn attempt(
        &self,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Attempt, EarlyResponse> {
        let (settings, fingerprint) = (&self.0.settings, Fingerprint::of(verified));
        let (lease, retention) = (settings.lease, settings.retention);
        let attempt = match runtime.token_bytes() {
            Some(bytes) => {
                Ok(Attempt::with_token(Token::from_bytes(bytes), fingerprint, lease, retention))
            }
            None => Attempt::new(fingerprint, lease, retention),
        };
        attempt.map_err(|_| EarlyResponse::StoreUnavailable)
    }

    /// Decides about a delivery whose claim was not granted. An exhausted event is
    /// passed to the dead letters, if there are any. A duplicate is handled if the
    /// endpoint handles duplicates, unless too many of its event are being handled.
    /// Otherwise this returns the response.
    async fn not_granted(
        &self,
        answer: EarlyResponse,
        claim: Claim<S>,
        verified: &Verified,
        runtime: &impl Runtime,
    ) -> Result<Claim<S>, EarlyResponse> {
        if let (EarlyResponse::Exhausted { .. }, Some(dead_letters)) =
            (&answer, &self.0.settings.dead_letters)
            && catch_unwind(AssertUnwindSafe(|| dead_letters.take(verified)))
                .is_ok_and(|taken| taken.is_ok())
        {
            // The event is now done. If that is not recorded, the next delivery is passed to the
            // dead letters again.
            let _ = self.reply(pin!(claim.complete()), runtime).await;
            return Err(EarlyResponse::Exhausted { dead_lettered: true });
        }
        let is_repeat =
            matches!(answer, EarlyResponse::Duplicate { .. } | EarlyResponse::InFlight { .. });
        if !is_repeat || self.repeats(verified) == Repeats::Suppress {
            claim.disarm();
            return Err(answer);
        }
        if let Some(place) = self.0.repeats.enter(claim.key()) {
            return Ok(claim.of_repeat(place));
        }
        claim.disarm();
        Err(match answer {
            EarlyResponse::InFlight { .. } => answer,
            // The event is done, but in flight again while duplicates of it are handled.
            _ => EarlyResponse::InFlight { retry_after: Duration::ZERO },
        })
    }

    fn repeats(&self, verified: &Verified) -> Repeats {
        self.0.settings.repeats.unwrap_or_else(|| Repeats::by_default(verified))
    }
}

/// Converts the outcome of a claim into the epoch and whether the event is
/// reclaimed, or into the response.
fn granted(outcome: ClaimOutcome) -> Result<(u32, bool), EarlyResponse> {
    Err(match outcome {
        ClaimOutcome::Granted { attempt: epoch, reclaimed } => return Ok((epoch, reclaimed)),
        ClaimOutcome::Done { fingerprint_matches, at_unix_ms } => {
            EarlyResponse::Duplicate { fingerprint_matches, done_at_unix_ms: at_unix_ms }
        }
        ClaimOutcome::InFlight { retry_after } => EarlyResponse::InFlight { retry_after },
        // No caller waits for this, because the attempt was released before. If one does, another
        // delivery gets the event.
        ClaimOutcome::AlreadyReleased => EarlyResponse::InFlight { retry_after: Duration::ZERO },
        ClaimOutcome::AtCapacity => EarlyResponse::StoreFull,
        ClaimOutcome::Exhausted { .. } => EarlyResponse::Exhausted { dead_lettered: false },
    })
}
