//! Cost by the size of the body.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_benches::{Delivery, verifier};
use countersign_core::{BufferBudget, MemoryStore, Receiver};
use countersign_tower::WebhookLayer;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody};
use ring::hmac;
use tokio::runtime;
use tower::{Layer, ServiceExt, service_fn};

use crate::{grouped, memory, nanoseconds};

pub(crate) fn print(is_full: bool) {
    println!("A delivery through `WebhookLayer` by the size of its body, in pieces of 16 KiB:\n");
    println!("| bytes | us | HMAC alone, us | most memory, bytes |");
    println!("| ---: | ---: | ---: | ---: |");
    let most = if is_full { 25 << 20 } else { 4 << 10 };
    for bytes in [64, 1 << 10, 16 << 10, 256 << 10, 1 << 20, 4 << 20, 25 << 20] {
        if bytes > most {
            continue;
        }
        let (time, memory) = delivery(bytes, if is_full { 7 } else { 1 });
        let hmac = hmac(bytes, is_full) / 1e3;
        let (bytes, memory) = (grouped(bytes as u64), grouped(memory));
        println!("| {bytes} | {:.1} | {hmac:.1} | {memory} |", time.as_secs_f64() * 1e6);
    }
}

/// The least time of a delivery, and the growth of the process' memory in its course.
fn delivery(bytes: usize, rounds: usize) -> (Duration, u64) {
    let limit = 32 << 20;
    let verifier =
        verifier("venum").with_body_limit(limit).with_buffer_budget(BufferBudget::new(2 * limit));
    let layer = WebhookLayer::new(Receiver::new(verifier, MemoryStore::new()));
    let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (mut least, mut most) = (Duration::MAX, 0);
    for round in 0..rounds {
        let start = format!(r#"{{"type":"finalized","signature":"{round}","pad":""#);
        let pad = "x".repeat(bytes.saturating_sub(start.len() + 2));
        let Delivery { headers, body } = Delivery::of("venum", format!("{start}{pad}\"}}").into());
        let pieces: Vec<Bytes> = body.chunks(16 << 10).map(Bytes::copy_from_slice).collect();
        let pieces =
            pieces.into_iter().map(|piece| Ok::<_, Infallible>(http_body::Frame::data(piece)));
        let body = StreamBody::new(futures_util::stream::iter(pieces)).boxed();
        let mut request = Request::post("/hook").body(body).unwrap();
        *request.headers_mut() = headers;
        memory::forget_peak();
        let before = memory::resident();
        let began = Instant::now();
        let handler = service_fn(async |_: Request<_>| {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        });
        let response = runtime.block_on(layer.layer(handler).oneshot(request)).unwrap();
        least = least.min(began.elapsed());
        most = most.max(memory::peak().saturating_sub(before));
        assert_eq!(response.status(), 200);
    }
    (least, most)
}

fn hmac(bytes: usize, is_full: bool) -> f64 {
    let (body, key) = (vec![b'x'; bytes], hmac::Key::new(hmac::HMAC_SHA256, b"secret"));
    nanoseconds(is_full && bytes < 1 << 20, || {
        std::hint::black_box(hmac::sign(&key, std::hint::black_box(&body)));
    })
}
