//! Typical receivers, each with one flaw: each fails the attacks that target its flaw, and no
//! others.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use countersign::testing::AttackKind::{
    BareRequest, ChangedUnsignedId, CutBody, EmptySignature, Future, Genuine, HugeBody,
    LongSignature, MalformedSignature, MalformedTimestamp, ManySignatures, MissingSignature,
    RepeatedHeader, Replay, Reserialized, SlowBody, Stale, TamperedBody, TamperedTimestamp,
    TruncatedSignature, WrongSecret,
};
use countersign::testing::{AttackBody, AttackKind, AttackRequest, Attacks};
use countersign::{Scheme, Secret, Signer, Tolerance, Verified, Verifier, schemes};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use tokio::time::timeout;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    TakesEverything,
    RejectsEverything,
    IsNotThere,
    WritesTheBodyAgain,
    TakesBlanksForNothing,
    SkipsTheCheckWithoutASignature,
    CrashesWithoutASignature,
    CrashesAtLettersBeyondAscii,
    CrashesWithoutAContentType,
    EndsWithTheShorterSignature,
    ComparesTheFirstBytes,
    DoesNotLookAtTheClock,
    LooksAtThePastOnly,
    TakesTheFirstOfRepeatedHeaders,
    CrashesAtATimestampThatIsNone,
    ReadsWithoutALimit,
    ReadsWithoutADeadline,
    HandlesWhatHasCome,
    HandlesRepeats,
    TellsRepeatsByAnUnsignedId,
    RejectsRepeats,
}

#[tokio::test(start_paused = true)]
async fn a_correct_receiver_passes_every_attack() {
    assert_eq!(lost(Flaw::None).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_accepts_everything_fails_every_forgery_attack() {
    let forged = [
        Reserialized,
        TamperedBody,
        TamperedTimestamp,
        WrongSecret,
        MissingSignature,
        EmptySignature,
        MalformedSignature,
        TruncatedSignature,
        LongSignature,
        ManySignatures,
        RepeatedHeader,
        Stale,
        Future,
        MalformedTimestamp,
        BareRequest,
        HugeBody,
        SlowBody,
        CutBody,
        Replay,
        ChangedUnsignedId,
    ];
    assert_eq!(lost(Flaw::TakesEverything).await, forged);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_rejects_everything_fails_the_genuine_deliveries() {
    let genuine = [Genuine, Reserialized, HugeBody, Replay, ChangedUnsignedId];
    assert_eq!(lost(Flaw::RejectsEverything).await, genuine);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_endpoint_fails_every_attack() {
    assert_eq!(lost(Flaw::IsNotThere).await, AttackKind::ALL);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_verifies_other_bytes_than_received_is_detected() {
    assert_eq!(lost(Flaw::WritesTheBodyAgain).await, [Reserialized]);
    assert_eq!(lost(Flaw::TakesBlanksForNothing).await, [Reserialized]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_crashes_at_malformed_requests_is_detected() {
    assert_eq!(lost(Flaw::CrashesWithoutASignature).await, [MissingSignature, BareRequest]);
    assert_eq!(lost(Flaw::CrashesAtLettersBeyondAscii).await, [MalformedSignature]);
    assert_eq!(lost(Flaw::CrashesWithoutAContentType).await, [BareRequest]);
}

#[tokio::test(start_paused = true)]
async fn flaws_in_comparing_signatures_are_detected() {
    let skipped = [MissingSignature, BareRequest];
    assert_eq!(lost(Flaw::SkipsTheCheckWithoutASignature).await, skipped);
    assert_eq!(lost(Flaw::EndsWithTheShorterSignature).await, [TruncatedSignature, LongSignature]);
    assert_eq!(lost(Flaw::ComparesTheFirstBytes).await, [LongSignature]);
    assert_eq!(lost(Flaw::TakesTheFirstOfRepeatedHeaders).await, [RepeatedHeader]);
}

#[tokio::test(start_paused = true)]
async fn flaws_in_checking_the_timestamp_are_detected() {
    assert_eq!(lost(Flaw::DoesNotLookAtTheClock).await, [Stale, Future]);
    assert_eq!(lost(Flaw::LooksAtThePastOnly).await, [Future]);
    assert_eq!(lost(Flaw::CrashesAtATimestampThatIsNone).await, [MalformedTimestamp]);
}

#[tokio::test(start_paused = true)]
async fn flaws_in_reading_bodies_are_detected() {
    assert_eq!(lost(Flaw::ReadsWithoutALimit).await, [HugeBody]);
    assert_eq!(lost(Flaw::ReadsWithoutADeadline).await, [SlowBody]);
    assert_eq!(lost(Flaw::HandlesWhatHasCome).await, [CutBody]);
}

#[tokio::test(start_paused = true)]
async fn flaws_in_detecting_duplicates_are_detected() {
    assert_eq!(lost(Flaw::HandlesRepeats).await, [Replay, ChangedUnsignedId]);
    assert_eq!(lost(Flaw::TellsRepeatsByAnUnsignedId).await, [ChangedUnsignedId]);
    assert_eq!(lost(Flaw::RejectsRepeats).await, [Replay, ChangedUnsignedId]);
}

/// The attacks that a receiver with this flaw fails.
async fn lost(flaw: Flaw) -> Vec<AttackKind> {
    let receiver = Receiver::new(flaw);
    let attacks = Attacks::new(venum(), SECRET).unwrap().with_body_limit(LIMIT);
    let deliver = async |attack: &AttackRequest| receiver.receive(attack.to_http()).await.into();
    let handled = || receiver.runs.load(Ordering::SeqCst);
    let card = attacks.prepare().unwrap().run_counted(deliver, handled).await;
    assert_eq!(card.results().len(), AttackKind::ALL.len());
    let lost: Vec<_> = card.results().iter().filter(|mark| !mark.is_sound()).collect();
    assert_eq!(card.is_clean(), lost.is_empty());
    for mark in &lost {
        assert!(card.to_string().contains(mark.kind().why()), "{card}");
    }
    lost.iter().map(|mark| mark.kind()).collect()
}

struct Receiver {
    flaw: Flaw,
    verifier: Verifier,
    seen: Mutex<HashSet<String>>,
    runs: AtomicUsize,
}

impl Receiver {
    fn new(flaw: Flaw) -> Self {
        let mut verifier = Verifier::new(venum(), Secret::new(SECRET).unwrap()).unwrap();
        let bound = verifier.tolerance().unwrap();
        verifier = match flaw {
            Flaw::DoesNotLookAtTheClock => verifier.with_tolerance(
                bound.dangerous_without_past_limit().dangerous_without_future_limit(),
            ),
            Flaw::LooksAtThePastOnly => {
                verifier.with_tolerance(Tolerance::dangerous_without_future_limit(bound))
            }
            _ => verifier,
        };
        let (seen, runs) = (Mutex::default(), AtomicUsize::new(0));
        Self { flaw, verifier, seen, runs }
    }

    async fn receive(&self, request: Request<AttackBody>) -> u16 {
        let (head, body) = request.into_parts();
        let mut headers = head.headers;
        match self.flaw {
            Flaw::TakesEverything => return self.handle(),
            Flaw::RejectsEverything => return 401,
            Flaw::IsNotThere => return 404,
            Flaw::SkipsTheCheckWithoutASignature if !headers.contains_key(SIGNATURE) => {
                return self.handle();
            }
            Flaw::CrashesWithoutASignature if !headers.contains_key(SIGNATURE) => return 500,
            Flaw::CrashesWithoutAContentType if !headers.contains_key(CONTENT_TYPE) => return 500,
            Flaw::CrashesAtLettersBeyondAscii
                if headers.get(SIGNATURE).is_some_and(|value| !value.as_bytes().is_ascii()) =>
            {
                return 500;
            }
            Flaw::TakesTheFirstOfRepeatedHeaders => {
                let first = headers.get(SIGNATURE).cloned();
                first.map(|first| headers.insert(SIGNATURE, first));
            }
            _ => {}
        }
        let body = match self.read(body).await {
            Ok(body) => self.altered(body),
            Err(status) => return status,
        };
        self.fix_signature(&mut headers, &body);
        let verified = self.verifier.verify(&headers, body);
        match verified {
            Ok(verified) => self.once(&verified, &headers),
            Err(error) if error.code() == "malformed_timestamp" => {
                if self.flaw == Flaw::CrashesAtATimestampThatIsNone { 500 } else { error.status() }
            }
            Err(error) => error.status(),
        }
    }

    async fn read(&self, mut body: AttackBody) -> Result<Bytes, u16> {
        let limit = if self.flaw == Flaw::ReadsWithoutALimit { usize::MAX } else { LIMIT };
        let deadline = match self.flaw {
            Flaw::ReadsWithoutADeadline => Duration::MAX,
            _ => Duration::from_secs(2),
        };
        if self.flaw == Flaw::HandlesWhatHasCome {
            let mut came = Vec::new();
            while let Ok(frame) =
                timeout(deadline, body.frame()).await.map_err(|_| 408_u16)?.transpose()
            {
                let Some(frame) = frame else { break };
                came.extend_from_slice(&frame.into_data().unwrap());
                if came.len() > limit {
                    return Err(413);
                }
            }
            if came.len() < usize::try_from(http_body::Body::size_hint(&body).lower()).unwrap() {
                return Err(self.handle());
            }
            return Ok(came.into());
        }
        match timeout(deadline, Limited::new(body, limit).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(413),
            Ok(Err(_)) => Err(400),
            Err(_) => Err(408),
        }
    }

    /// The body that the receiver verifies.
    fn altered(&self, body: Bytes) -> Bytes {
        match self.flaw {
            Flaw::WritesTheBodyAgain => {
                let event = serde_json::from_slice::<Value>(&body);
                event.map(|event| event.to_string().into()).unwrap_or(body)
            }
            Flaw::TakesBlanksForNothing => body.slice_ref(body.trim_ascii()),
            _ => body,
        }
    }

    /// If the flawed comparison would accept a signature, replaces it with the correct one.
    fn fix_signature(&self, headers: &mut HeaderMap, body: &Bytes) {
        let shorter_ends = self.flaw == Flaw::EndsWithTheShorterSignature;
        if !shorter_ends && self.flaw != Flaw::ComparesTheFirstBytes {
            return;
        }
        let mut values = headers.get_all(SIGNATURE).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return };
        let Ok(value) = value.to_str() else { return };
        let Some((time, tag)) = value.strip_prefix("t=").and_then(|value| value.split_once(",v1="))
        else {
            return;
        };
        let Ok(unix_ms) = time.parse() else { return };
        let signer = Signer::new(venum(), Secret::new(SECRET).unwrap()).unwrap();
        let genuine = signer.at_unix_ms(unix_ms).sign_with(&*headers, body);
        let Ok([(_, genuine)]) = genuine.as_deref() else { return };
        let wanted = genuine.split_once(",v1=").unwrap().1;
        if tag.starts_with(wanted) || shorter_ends && wanted.starts_with(tag) {
            headers.insert(SIGNATURE, genuine.parse().unwrap());
        }
    }

    fn once(&self, verified: &Verified, headers: &HeaderMap) -> u16 {
        let id = match self.flaw {
            Flaw::HandlesRepeats => return self.handle(),
            Flaw::TellsRepeatsByAnUnsignedId => {
                let id = headers.get("x-delivery-id").map(|id| id.to_str().unwrap());
                id.unwrap_or(verified.event_id()).to_owned()
            }
            _ => verified.event_id().to_owned(),
        };
        match self.seen.lock().unwrap().insert(id) {
            true => self.handle(),
            false if self.flaw == Flaw::RejectsRepeats => 409,
            false => 200,
        }
    }

    fn handle(&self) -> u16 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        200
    }
}

fn venum() -> Scheme {
    schemes::venum()
}

const SIGNATURE: &str = "x-venum-signature";
const SECRET: &str = "whsec_test";
const LIMIT: usize = 64 * 1024;
