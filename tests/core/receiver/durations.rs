//! Durations that are too long for a clock.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::RequestHead;
use countersign::adapter::{BodySource, Runtime};
use countersign::scheme::{Retries, SchemeBuilder, TimestampUnit};
use countersign::tenants::{TenantId, Tenants};
use tokio::time::{Sleep, sleep_until};

use super::*;

const LONGEST: Duration = Duration::MAX;

#[tokio::test(start_paused = true)]
async fn no_setting_is_too_long_for_a_clock() {
    let clock = ManualClock::at_unix_ms(1_760_000_000_000);
    let receiver = receiver_with_longest(clock.clone());
    let verifier = receiver.verifier();
    for (setting, value) in [
        ("ack deadline", receiver.ack_deadline()),
        ("response deadline", receiver.response_deadline()),
        ("retention", receiver.retention()),
        ("body timeout", verifier.body_timeout()),
    ] {
        assert!(Instant::now().checked_add(value).is_some(), "{setting}: {value:?}");
    }

    for (now_ms, id) in [(clock.now_unix_ms(), "1"), (i64::MAX, "2"), (i64::MIN, "3")] {
        clock.set_unix_ms(now_ms);
        let body = format!(r#"{{"event_id":"{id}"}}"#);
        let mut headers = signed(&receiver, &body);
        headers.push(("X-Tenant".to_owned(), "acme".to_owned()));
        let receive = async || {
            let head = RequestHead::new("POST", "/hooks", &headers);
            let body = Late { body: Some(body.clone().into()), is_late: true };
            let (_, delivery) = receiver.receive(head, body, Overflowing).await?;
            receiver.claim(&delivery.verified, &Overflowing).await
        };
        let claim = receive().await.unwrap();
        assert!(Instant::now().checked_add(claim.lease()).is_some(), "{:?}", claim.lease());
        assert_eq!(receive().await.unwrap_err().code(), "in_flight");
        let work = sleep(Duration::from_secs(2));
        claim.run_with_renewal(work, &Overflowing).await.unwrap();
        let settled = receiver.settle(claim, 200, &Overflowing).await;
        assert!(matches!(settled, Settled::Completed(Ok(_))), "{settled:?}");
        assert_eq!(receive().await.unwrap_err().code(), "duplicate");
    }
}

/// A receiver with every setting that is a duration.
fn receiver_with_longest(clock: ManualClock) -> Receiver<MemoryStore> {
    let tenants = Tenants::new(TenantId::header("X-Tenant").unwrap(), async |_: String| {
        tokio::task::yield_now().await;
        Ok(Some(Secret::from_text(SECRET)?.into()))
    });
    let tenants = tenants.with_cache_ttl(LONGEST).with_stale_if_error(LONGEST);
    let tenants = tenants.with_negative_ttl(LONGEST);
    let verifier = Verifier::for_tenants(schemes::jupiter(), tenants).unwrap().with_clock(clock);
    let verifier = verifier.with_tolerance(Tolerance::symmetric(LONGEST));
    let verifier = verifier.with_body_timeout(LONGEST);
    verifier.open_handshake_window(LONGEST);
    let receiver = Receiver::new(verifier, MemoryStore::new());
    let receiver = receiver.with_lease(LONGEST).dangerous_with_lease(LONGEST);
    let receiver = receiver.with_ack_deadline(LONGEST).dangerous_with_retention(LONGEST);
    receiver.with_retention(LONGEST).unwrap()
}

#[test]
fn a_scheme_with_a_duration_that_is_too_long_is_rejected() {
    let after = || Retries::After(vec![LONGEST, LONGEST]);
    let past = Tolerance::symmetric(LONGEST).dangerous_without_future_limit();
    let future = Tolerance::symmetric(LONGEST).dangerous_without_past_limit();
    type Change<'a> = &'a dyn Fn(SchemeBuilder) -> SchemeBuilder;
    let changes: [(&str, Change<'_>); 7] = [
        ("tolerance", &|scheme| scheme.tolerance(LONGEST)),
        ("tolerance_past", &|scheme| scheme.tolerances(past)),
        ("tolerance_future", &|scheme| scheme.tolerances(future)),
        ("ack_deadline", &|scheme| scheme.ack_deadline(LONGEST)),
        ("retries", &|scheme| scheme.retries(after())),
        ("retries_within", &|scheme| scheme.retries(Retries::Within(LONGEST))),
        ("retention", &|scheme| scheme.retention(LONGEST)),
    ];
    for (setting, change) in changes {
        let scheme = Scheme::builder("acme").signature_header("X-Sig");
        let scheme = scheme.signed_payload("{ts}.{body}");
        let scheme = change(scheme.timestamp_header("X-Time", TimestampUnit::Seconds));
        let error = scheme.build().unwrap_err();
        assert!(matches!(error, ConfigError::Scheme { word, .. } if word == setting), "{error}");
    }
}

#[test]
fn the_longest_tolerance_of_a_scheme_file_is_a_year() {
    let file = |line: &str| {
        Scheme::from_toml(&format!(
            "name = \"acme\"\nsignature_header = \"X-Sig\"\nsigned_payload = \"{{ts}}.{{body}}\"\n\
             timestamp_header = \"X-Time\"\ntimestamp_unit = \"seconds\"\n{line}\n"
        ))
    };
    for line in [
        r#"tolerance = "1000y""#,
        r#"tolerance = "0s""#,
        r#"tolerance_past = "99y""#,
        r#"tolerance_future = "584542046090y""#,
        r#"ack_deadline = "584542046090y""#,
        r#"ack_deadline = "1ns""#,
        r#"retention = "1000y""#,
        r#"retries = ["500000000y", "500000000y"]"#,
    ] {
        let error = file(line).unwrap_err().to_string();
        let key = line.split(' ').next().unwrap();
        assert!(error.starts_with("line 6: ") && error.contains(key), "{line}: {error}");
    }
    for line in [
        r#"tolerance = "1y""#,
        r#"tolerance = "1s""#,
        r#"tolerance_past = "dangerously-unlimited""#,
        r#"ack_deadline = "100ms""#,
        r#"ack_deadline = "1h""#,
        r#"retention = "10y""#,
    ] {
        assert!(file(line).is_ok(), "{line}");
    }
}

/// The time of tokio, in which a moment that is too late is a panic, as with most runtimes.
#[derive(Debug, Clone, Copy)]
struct Overflowing;

impl Runtime for Overflowing {
    type Sleep = Sleep;
    type Instant = Instant;

    fn sleep(&self, duration: Duration) -> Sleep {
        sleep_until(Instant::now() + duration)
    }

    fn now(&self) -> Instant {
        Instant::now()
    }

    fn elapsed(&self, since: Instant) -> Duration {
        since.elapsed()
    }
}

/// A body that has not arrived when it is first read.
struct Late {
    body: Option<Bytes>,
    is_late: bool,
}

impl BodySource for Late {
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, VerifyErrorKind>>> {
        if std::mem::take(&mut self.is_late) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(self.body.take().map(Ok))
    }
}
