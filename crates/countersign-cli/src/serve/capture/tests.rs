//! Queue and memory limits of captures.

use countersign::{Secret, Verifier, VerifyErrorKind, schemes};

use super::*;

fn captures(queue: &Arc<Queue<Entry, 2>>, room: usize) -> Captures {
    let waiting = Arc::new(Waiting(Arc::clone(queue)));
    let [arriving, verified, rejected] = [(); 3].map(|()| QueueLimit::of(room));
    let rejected = Some(rejected);
    let namer = Arc::new(Mutex::new(Namer::of(7)));
    let hidden = Arc::new(KnownSecrets::nothing());
    Captures {
        waiting,
        namer,
        hidden,
        dropped: Arc::default(),
        arriving,
        verified,
        rejected,
        has_folder: true,
        captures_rejected: true,
        is_inspected: false,
    }
}

fn capture(captures: &Captures) -> (Capture, Scheme) {
    let scheme = schemes::github();
    let path = Arc::from("/hooks");
    (Capture::new(captures, &path, &scheme, None, 99, Duration::ZERO).unwrap(), scheme)
}

fn seen() -> Seen {
    Seen {
        at_ms: 0,
        stamp: Namer::of(7).stamp(0),
        since: Instant::now(),
        method: Method::POST,
        uri: Uri::from_static("/hooks"),
        headers: HeaderMap::new(),
        copy: None,
        stopwatch: None,
    }
}

/// Captures the same delivery, with a body of 13 bytes, `times` times.
async fn take(captures: &Captures, times: usize) {
    let (capture, scheme) = capture(captures);
    let secret = Secret::new("It's a Secret to Everybody").unwrap();
    let verifier = Verifier::new(scheme, secret).unwrap();
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let verified = verifier.verify(&[("X-Hub-Signature-256", signature)], "Hello, World!");
    let verified = verified.unwrap();
    for _ in 0..times {
        capture.take(seen(), &Response::new(()), "handled", Some(&verified), None).await;
    }
}

#[tokio::test]
async fn captures_beyond_the_queue_limit_are_dropped_and_counted() {
    let queue = Queue::new(2);
    let captures = captures(&queue, usize::MAX);
    take(&captures, 5).await;
    assert_eq!(captures.dropped[0].load(Ordering::Relaxed), 3);
    drop(captures);
    assert_eq!(std::iter::from_fn(|| queue.next()).count(), 2);
}

#[tokio::test]
async fn bodies_above_the_byte_limit_are_dropped() {
    let queue = Queue::new(9);
    let captures = captures(&queue, 2 * 13);
    take(&captures, 3).await;
    // Writes the oldest.
    drop(queue.next());
    take(&captures, 2).await;
    assert_eq!(captures.dropped[0].load(Ordering::Relaxed), 2);
    drop(captures);
    assert_eq!(std::iter::from_fn(|| queue.next()).count(), 2);
}

#[tokio::test]
async fn rejected_deliveries_that_fill_the_queue_do_not_block_verified_ones() {
    let queue = Queue::new(2);
    let captures = captures(&queue, 2 * 13);
    let (capture, _) = capture(&captures);
    for _ in 0..5 {
        let mut seen = seen();
        seen.copy = Some(BodyCopy::of(b"Hello, World?", &captures.arriving));
        let rejected = EarlyResponse::Rejected(VerifyErrorKind::SignatureMismatch.into());
        let mut response = Response::new(());
        response.extensions_mut().insert(rejected);
        capture.take(seen, &response, "signature_mismatch", None, None).await;
    }
    take(&captures, 2).await;
    let dropped = captures.dropped.each_ref().map(|count| count.load(Ordering::Relaxed));
    assert_eq!(dropped, [0, 3]);
    drop((capture, captures));
    let kinds: Vec<Kind> = std::iter::from_fn(|| queue.next()).map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Verified, Kind::Verified, Kind::Rejected, Kind::Rejected]);
}
