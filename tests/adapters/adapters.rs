//! The tower layer and the axum extractors: tests that all of them share, then
//! tests of each.

mod extractor;
mod layer;
pub(crate) mod scripted;
pub(crate) mod sockets;

use std::time::Duration;

use axum::body::{Body, Bytes};
use countersign::{Scheme, Verifier};
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body_util::Limited;
use tokio::time::Instant;

use self::scripted::{Step, scripted};
use crate::harness::axum::verifying as adapters;
use crate::harness::request;
use fixtures::delivery::{BODY, Delivery, scheme, secret, verifier};

#[tokio::test]
async fn a_verified_body_is_passed_on_byte_for_byte() {
    let jupiter = scheme("jupiter");
    let every_byte: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    for body in [BODY.as_bytes(), b"", b"\0", b"\xff\xfe\0\xc3(", b"\r\n \t", &every_byte] {
        let delivery = Delivery::with_body(&jupiter, body);
        for adapter in adapters(&verifier(&jupiter)) {
            let whole = adapter.answer(request(&delivery, body.to_vec())).await;
            assert_eq!((whole.status, &whole.body[..]), (200, body), "{adapter}");

            let bytes = body.iter().map(|byte| Step::Data(vec![*byte]));
            let single = adapter.answer(request(&delivery, scripted(bytes).0)).await;
            assert_eq!((single.status, &single.body[..]), (200, body), "{adapter}, byte by byte");
        }
    }
}

#[tokio::test]
async fn a_rejection_has_a_status_an_empty_body_and_its_error_in_the_extensions() {
    let venum = scheme("venum");
    let genuine = || Delivery::of(&venum);
    let signature = String::from_utf8(genuine().header("x-venum-signature").to_vec()).unwrap();
    let mut repeated = genuine();
    repeated.headers.extend(genuine().headers);
    let mut tampered = genuine();
    tampered.body.push(b' ');
    let cases = [
        (genuine().without_header("x-venum-signature"), 401, "missing_signature"),
        (genuine().with_header("x-venum-signature", "t=1,v0=00"), 401, "unsupported_signature"),
        (genuine().with_header("x-venum-signature", "\u{e9}"), 400, "malformed_signature"),
        (genuine().with_header("x-venum-signature", &signature[2..]), 400, "missing_timestamp"),
        (Delivery::signed(&venum, secret(1), 0, BODY), 400, "timestamp_too_old"),
        (genuine().with_header("content-encoding", "gzip"), 415, "unsupported_encoding"),
        (repeated, 400, "repeated_header"),
        (tampered, 401, "signature_mismatch"),
        (
            Delivery::signed(&venum, secret(2), fixtures::delivery::NOW_MS, BODY),
            401,
            "signature_mismatch",
        ),
    ];
    for (delivery, status, code) in cases {
        for adapter in adapters(&verifier(&venum)) {
            let answer = adapter.answer(request(&delivery, delivery.body.clone())).await;
            assert_eq!((answer.status, answer.code), (status, Some(code)), "{adapter}");
            assert_eq!(answer.body, "", "{adapter}: {code}");
        }
    }
}

#[tokio::test]
async fn a_request_rejected_for_its_headers_has_none_of_its_body_read() {
    let venum = scheme("venum");
    let cases = [
        Delivery::of(&venum).without_header("x-venum-signature"),
        Delivery::of(&venum).with_header("x-venum-signature", "nonsense"),
        Delivery::of(&venum).with_header("content-encoding", "gzip"),
        Delivery::signed(&venum, secret(1), 0, BODY),
        // An invalid `Content-Length` is rejected like any other invalid
        // header.
        Delivery::of(&venum).with_header("content-length", "999999999"),
        Delivery::of(&venum).with_header("content-length", u64::MAX.to_string()),
    ];
    for delivery in cases {
        for adapter in adapters(&verifier(&venum)) {
            let (body, polled) = scripted([Step::Data(delivery.body.clone())]);
            let answer = adapter.answer(request(&delivery, body)).await;
            assert!(answer.status >= 400, "{adapter}");
            assert_eq!(polled.times(), 0, "{adapter}: {:?}", answer.code);
        }
    }
}

#[tokio::test]
async fn the_body_limit_applies_with_and_without_a_content_length() {
    const LIMIT: usize = 1000;
    let jupiter = scheme("jupiter");
    let limited = verifier(&jupiter).with_body_limit(LIMIT);
    for (length, status, code) in [(LIMIT, 200, None), (LIMIT + 1, 413, Some("body_too_large"))] {
        let body = vec![b'x'; length];
        let delivery = Delivery::with_body(&jupiter, &body);
        let announced = delivery.clone().with_header("content-length", length.to_string());
        for adapter in adapters(&limited) {
            let answer = adapter.answer(request(&announced, body.clone())).await;
            assert_eq!((answer.status, answer.code), (status, code), "{adapter}, announced");

            let pieces = body.chunks(7).map(|piece| Step::Data(piece.to_vec()));
            let endless = std::iter::repeat_n(Step::Data(vec![b'x'; 7]), 10_000);
            let (body, polled) = scripted(match length > LIMIT {
                true => pieces.chain(endless).collect::<Vec<_>>(),
                false => pieces.collect(),
            });
            let answer = adapter.answer(request(&delivery, body)).await;
            assert_eq!((answer.status, answer.code), (status, code), "{adapter}, not announced");
            assert!(polled.times() <= LIMIT / 7 + 2, "{adapter} continued to read after the limit");
        }
    }
}

#[tokio::test]
async fn a_body_limit_of_an_outer_layer_is_answered_413() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for adapter in adapters(&verifier(&jupiter)) {
        let body = Body::new(Limited::new(Body::from(BODY), BODY.len() - 1));
        let answer = adapter.answer(request(&delivery, body)).await;
        assert_eq!((answer.status, answer.code), (413, Some("body_too_large")), "{adapter}");
    }
}

#[tokio::test]
async fn a_truncated_body_is_rejected_as_incomplete() {
    let jupiter = scheme("jupiter");
    // Even if the part that arrived is exactly what was signed.
    let delivery = Delivery::of(&jupiter);
    let announced = delivery.clone().with_header("content-length", (BODY.len() + 1).to_string());
    for adapter in adapters(&verifier(&jupiter)) {
        let (broken, _) = scripted([Step::Data(BODY.into()), Step::Fail]);
        let answer = adapter.answer(request(&delivery, broken)).await;
        assert_eq!(
            (answer.status, answer.code),
            (400, Some("body_incomplete")),
            "{adapter}, broken"
        );

        let (short, _) = scripted([Step::Data(BODY.into())]);
        let answer = adapter.answer(request(&announced, short)).await;
        assert_eq!(
            (answer.status, answer.code),
            (400, Some("body_incomplete")),
            "{adapter}, short"
        );
    }
}

#[tokio::test]
async fn a_body_that_was_already_read_is_rejected_as_incomplete() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter).with_header("content-length", BODY.len().to_string());
    for mut adapter in adapters(&verifier(&jupiter)) {
        adapter.app = adapter.app.layer(axum::middleware::map_request(read_it));
        let answer = adapter.answer(request(&delivery, BODY)).await;
        assert_eq!((answer.status, answer.code), (400, Some("body_incomplete")), "{adapter}");
    }

    async fn read_it(request: Request<Body>) -> Request<Body> {
        let (parts, body) = request.into_parts();
        axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Request::from_parts(parts, Body::empty())
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_ends_at_one_total_deadline() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for adapter in adapters(&verifier(&jupiter)) {
        let trickle =
            BODY.bytes().flat_map(|byte| [Step::Wait(SECOND / 2), Step::Data(vec![byte])]);
        let started = Instant::now();
        let answer = adapter.answer(request(&delivery, scripted(trickle).0)).await;
        assert_eq!((answer.status, answer.code), (408, Some("body_timeout")), "{adapter}");
        // The provider waits for 5 s, and the body has a third of that.
        let took = started.elapsed();
        assert!((SECOND * 5 / 3..SECOND * 2).contains(&took), "{adapter}: {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_minimum_body_rate_applies_to_providers_with_a_long_deadline() {
    let patient = Scheme::builder("patient")
        .signature_header("x-signature")
        .signed_payload("{body}")
        .ack_deadline(SECOND * 60)
        .build()
        .unwrap();
    let delivery = Delivery::of(&patient);
    for adapter in adapters(&verifier(&patient)) {
        for (pause, status) in [(SECOND * 2 - MILLISECOND, 200), (SECOND * 2 + MILLISECOND, 408)] {
            let (body, _) = scripted([Step::Wait(pause), Step::Data(BODY.into())]);
            let answer = adapter.answer(request(&delivery, body)).await;
            assert_eq!(answer.status, status, "{adapter} after {pause:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_of_endless_empty_frames_ends_at_the_deadline_too() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for adapter in adapters(&verifier(&jupiter)) {
        let frames = std::iter::repeat_n(Step::Data(Vec::new()), 100_000);
        let (body, _) = scripted(frames.chain([Step::Data(BODY.into())]));
        let deadline = async {
            tokio::task::yield_now().await;
            tokio::time::advance(SECOND * 5).await;
        };
        let (answer, ()) = tokio::join!(adapter.answer(request(&delivery, body)), deadline);
        assert_eq!((answer.status, answer.code), (408, Some("body_timeout")), "{adapter}");
    }
}

#[test]
fn a_body_that_is_already_available_sets_no_timer() {
    let without_timer = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for adapter in adapters(&verifier(&jupiter)) {
        let answer = without_timer.block_on(adapter.answer(request(&delivery, BODY)));
        assert_eq!(answer.status, 200, "{adapter}");
    }
}

#[tokio::test]
async fn trailers_are_dropped() {
    let jupiter = scheme("jupiter");
    let delivery = Delivery::of(&jupiter);
    for adapter in adapters(&verifier(&jupiter)) {
        let (body, _) = scripted([Step::Data(BODY.into()), Step::Trailers]);
        let answer = adapter.answer(request(&delivery, body)).await;
        assert_eq!((answer.status, answer.body), (200, Bytes::from(BODY)), "{adapter}");
    }
}

#[tokio::test]
async fn an_invalid_content_length_is_ignored() {
    let jupiter = scheme("jupiter");
    for text in ["", "-1", "0x10", "99999999999999999999999", "\u{e9}"] {
        let delivery = Delivery::of(&jupiter).with_header(CONTENT_LENGTH.as_str(), text);
        for adapter in adapters(&verifier(&jupiter)) {
            let answer = adapter.answer(request(&delivery, BODY)).await;
            assert_eq!(answer.status, 200, "{adapter}: {text}");
        }
    }
}

#[tokio::test]
async fn an_unverified_delivery_never_reaches_the_handler() {
    let jupiter = scheme("jupiter");
    let wrong = Delivery::signed(&jupiter, secret(2), fixtures::delivery::NOW_MS, BODY);
    let knows_the_first: Verifier = verifier(&jupiter);
    for adapter in adapters(&knows_the_first) {
        assert_eq!(adapter.answer(request(&wrong, BODY)).await.status, 401, "{adapter}");
        assert_eq!(adapter.handled(), 0, "{adapter}");
        assert_eq!(
            adapter.answer(request(&Delivery::of(&jupiter), BODY)).await.status,
            200,
            "{adapter}"
        );
        assert_eq!(adapter.handled(), 1, "{adapter}");
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MILLISECOND: Duration = Duration::from_millis(1);
