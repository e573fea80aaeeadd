//! Distinguishing bodies, tokens and events.

use std::collections::HashSet;

use countersign_core::{CompleteOutcome, EventKey, ReleaseOutcome, RenewOutcome, Token};

use super::StoreUnderTest;
use super::context::{
    TestContext, TestResult, done, done_by_other_body, event, granted, reclaimed, same,
};
use countersign_testing::SampleDelivery;

pub(super) async fn a_duplicate_with_another_body_is_reported<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.done_by(&scene.attempt()?).await?;
    done_by_other_body(scene.claim(&event, &scene.attempt_at_other_body()?).await?)?;
    scene.is_done(&event).await
}

pub(super) async fn a_reclaiming_attempt_records_its_own_body<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = scene.held_by(&scene.attempt()?).await?;
    scene.lapse().await;
    let other = scene.attempt_at_other_body()?;
    same(scene.claim(&event, &other).await?, reclaimed(2))?;
    same(scene.complete(&event, &other).await?, CompleteOutcome::Recorded)?;
    done_by_other_body(scene.claim(&event, &scene.attempt()?).await?)?;
    done(scene.claim(&event, &other).await?).map(drop)
}

pub(super) async fn a_late_success_has_its_own_body<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (event, stale) = scene.taken_over_by(&scene.attempt_at_other_body()?).await?;
    same(scene.complete(&event, &stale).await?, CompleteOutcome::RecordedLate)?;
    scene.is_done(&event).await
}

pub(super) async fn tokens_are_compared_in_full<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let event = event();
    let mut holder = scene.attempt()?;
    // Bytes that a store would cut, trim or change if it treated them as text.
    holder.token = Token::from_bytes(*b"\x00\n\r \xff'\"\\{}:%\x80\x00\x00\x00");
    same(scene.claim(&event, &holder).await?, granted(1))?;
    for bit in [0, 7, 60, 127] {
        let mut bytes = holder.token.to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let mut other = holder.clone();
        other.token = Token::from_bytes(bytes);
        same(scene.renew(&event, &other).await?, RenewOutcome::Lost)?;
        same(scene.release(&event, &other).await?, ReleaseOutcome::NotHeld)?;
    }
    same(scene.renew(&event, &holder).await?, RenewOutcome::Renewed)?;
    same(scene.claim(&event, &holder).await?, granted(1))
}

pub(super) async fn an_attempt_at_one_event_holds_no_other<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let (attempt, other) = (scene.attempt()?, scene.attempt()?);
    scene.held_by(&attempt).await?;
    let second = SampleDelivery::of("second").event_key();
    same(scene.claim(&second, &other).await?, granted(1))?;
    same(scene.renew(&second, &attempt).await?, RenewOutcome::Lost)?;
    same(scene.release(&second, &attempt).await?, ReleaseOutcome::NotHeld)?;
    same(scene.complete(&second, &other).await?, CompleteOutcome::Recorded)?;
    scene.is_in_flight(&event()).await
}

pub(super) async fn two_endpoints_do_not_share_an_event<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let delivery = SampleDelivery::of("one");
    let events = ["a", "b", "A"].map(|name| delivery.clone().with_endpoint(name).event_key());
    are_apart(scene, &events).await
}

pub(super) async fn two_schemes_do_not_share_an_event<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let delivery = SampleDelivery::of("one");
    let events = ["acme", "acme-2"].map(|name| delivery.clone().with_scheme(name).event_key());
    are_apart(scene, &events).await
}

pub(super) async fn fields_with_equal_concatenations_are_different_events<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let fields = [
        ("acme", "hooks", "1"),
        ("acmeh", "ooks", "1"),
        ("acme", "hooks1", ""),
        ("acme", "hook", "s1"),
        ("acme", "", "hooks1"),
        ("acme", "hooks:1", "2"),
        ("acme", "hooks", "1:2"),
        ("acme", "hooks:1:2", ""),
        ("acme", "hooks\0", "1"),
        ("acme", "hooks", "\x001"),
    ];
    let events = fields.map(|(scheme, endpoint, id)| {
        SampleDelivery::of(id).with_scheme(scheme).with_endpoint(endpoint).event_key()
    });
    are_apart(scene, &events).await
}

pub(super) async fn unusual_ids_are_different_events<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
) -> TestResult {
    let mut ids: Vec<String> = ["", " ", "a", "A", "a ", "a\n", "a\0", "\0", "{a}", "*", "%s", "'"]
        .map(str::to_owned)
        .into();
    // One character, composed and decomposed.
    ids.extend(["\u{e9}".to_owned(), "e\u{301}".to_owned()]);
    ids.extend([10_000, 10_001].map(|length| "x".repeat(length)));
    let events: Vec<EventKey> =
        ids.into_iter().map(|id| SampleDelivery::of(id).event_key()).collect();
    are_apart(scene, &events).await
}

/// Checks that an operation on one of the events does not affect another.
async fn are_apart<U: StoreUnderTest>(
    scene: &TestContext<'_, U>,
    events: &[EventKey],
) -> TestResult {
    same(events.iter().collect::<HashSet<_>>().len(), events.len())?;
    let mut attempts = Vec::new();
    for event in events {
        let attempt = scene.attempt()?;
        same(scene.claim(event, &attempt).await?, granted(1))?;
        attempts.push(attempt);
    }
    for (i, (event, attempt)) in events.iter().zip(&attempts).enumerate() {
        same(scene.complete(event, attempt).await?, CompleteOutcome::Recorded)?;
        scene.is_done(event).await?;
        if let (Some(next), Some(holder)) = (events.get(i + 1), attempts.get(i + 1)) {
            same(scene.claim(next, holder).await?, granted(1))?;
        }
    }
    Ok(())
}
