//! Cost of an unauthenticated request of 1 MiB for every scheme, relative to one HMAC over the
//! same number of bytes, as a Markdown table.
//!
//! Each scheme gets the request of one of its vectors, with the bodies that are the most
//! expensive to read and with the maximum number of signatures. The best round decides, because
//! other load on the machine can only add time. Bodies over the limit of a scheme are rejected
//! by their length, as in an adapter.

#![expect(clippy::unwrap_used, reason = "a benchmark of a failing call must not continue")]

use std::future::Future;
use std::hint::black_box;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use countersign_conformance::{Expect, Vector, vectors};
use countersign_core::{Algorithm, BodyView, RequestHead, Scheme, TokioRuntime, Verifier};
use countersign_schemes as schemes;
use ring::hmac;

const MIB: usize = 1 << 20;
const BUDGET: f64 = 4.0;
/// How the names of the bodies begin that are sent as gzip.
const GZIP: &str = "gzip";

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let real = std::env::args().any(|argument| argument == "--bench");
    let rounds = if real { 15 } else { 1 };
    println!("### Unauthenticated request of 1 MiB, time relative to one HMAC\n");
    println!("| scheme | most expensive body | ms | relative to HMAC | budget | |");
    println!("| --- | --- | ---: | ---: | ---: | --- |");
    for name in schemes::names() {
        let scheme = schemes::named(name).unwrap();
        let valid = |vector: &&Vector| vector.provider == name && vector.expect == Expect::Valid;
        let Some(vector) = vectors().iter().find(valid) else {
            println!("| {name} | no vector | | | | |");
            continue;
        };
        // This build lacks a feature that the scheme needs.
        let Ok(verifier) = vector.verifier(&scheme) else { continue };
        let headers = with_max_signatures(vector, &scheme);
        let bodies = bodies(vector, &scheme);
        let request = vector.head();
        let mut encoded = headers.clone();
        encoded.push(("content-encoding".to_owned(), "gzip".to_owned()));
        let target = request.target().unwrap_or("/");
        let head = RequestHead::new(&vector.method, target, &headers);
        let encoded = RequestHead::new(&vector.method, target, &encoded);
        let costs = bodies.iter().map(|(what, body)| {
            let head = if what.starts_with(GZIP) { encoded } else { head };
            (*what, best(rounds, || receive(&verifier, head, body)))
        });
        let (what, cost) = costs.max_by_key(|(_, cost)| *cost).unwrap();
        let plain = plain(&scheme, rounds, || receive(&verifier, head, &[b'a'; MIB]));
        let ratio = cost.as_secs_f64() / plain.as_secs_f64();
        println!(
            "| {name} | {what} | {:.2} | {ratio:.2} | ≤ {BUDGET} | {} |",
            cost.as_secs_f64() * 1e3,
            if ratio <= BUDGET { "ok" } else { "**over**" },
        );
    }
}

/// Receives a body as an adapter does.
fn receive(verifier: &Verifier, head: RequestHead<'_>, body: &[u8]) {
    let mut receiving = pin!(verifier.receive(head, body.to_vec(), TokioRuntime));
    let received = receiving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(black_box(received).is_ready(), "the body is complete");
}

fn best(rounds: usize, mut call: impl FnMut()) -> Duration {
    let time = |_| {
        let started = Instant::now();
        call();
        started.elapsed()
    };
    (0..rounds).map(time).min().unwrap()
}

/// Measures one HMAC with the hash of the scheme. If the reference library does not have that
/// hash, measures the work of the scheme for a plain body.
fn plain(scheme: &Scheme, rounds: usize, own: impl FnMut()) -> Duration {
    let algorithm = match scheme.algorithm() {
        Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::HmacSha512 | Algorithm::Ed25519 => hmac::HMAC_SHA512,
        Algorithm::Keccak256 => return best(rounds, own),
        _ => hmac::HMAC_SHA256,
    };
    let (key, body) = (hmac::Key::new(algorithm, b"key"), vec![b'a'; MIB]);
    best(rounds, || {
        black_box(hmac::sign(&key, black_box(&body)));
    })
}

/// Fills the signature header with the maximum number of signatures if it is a list.
fn with_max_signatures(vector: &Vector, scheme: &Scheme) -> Vec<(String, String)> {
    let most = match scheme.algorithm() {
        Algorithm::Ed25519 | Algorithm::EcdsaP256 => 4,
        _ => 16,
    };
    let header = scheme.headers().next().unwrap_or_default().to_owned();
    let mut headers = vector.headers.clone();
    for (_, value) in headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case(&header)) {
        for (key, separator) in [("v1=", ","), ("v1,", " "), ("v1a,", " "), ("h1=", ";")] {
            let item = value.split([' ', ',', ';']).find(|item| item.starts_with(key));
            if let Some(item) = item.map(str::to_owned) {
                value.push_str(&format!("{separator}{item}").repeat(most - 1));
            }
        }
    }
    headers
}

/// The bodies that are the most expensive to read.
fn bodies(vector: &Vector, scheme: &Scheme) -> Vec<(&'static str, Vec<u8>)> {
    let fill = |piece: &str, bytes: usize| piece.repeat(bytes / piece.len());
    let mut bodies: Vec<(&'static str, Vec<u8>)> = vec![
        ("plain", vec![b'a'; MIB]),
        ("many fields", fill("a&b=c&", MIB).into()),
        ("escapes", format!("a={}", fill("%41", MIB - 2)).into()),
        ("spaces", format!("a={}", fill("+", MIB - 2)).into()),
        ("empty fields", fill("&", MIB).into()),
        (
            "parts",
            format!("--b\r\n{}", fill("\r\n--b\r\nx: name=\"token\"\r\n\r\n", MIB - 5)).into(),
        ),
    ];
    if scheme.body_view() == BodyView::Decoded {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b'['; MIB - 1]).unwrap();
        bodies.extend([
            (GZIP, gzip.finish().unwrap()),
            ("gzip, empty fixed blocks", gzip_blocks(&EMPTY_FIXED)),
            ("gzip, empty dynamic blocks", gzip_blocks(&EMPTY_DYNAMIC)),
            ("gzip, blocks of one match", gzip_blocks(&ONE_MATCH)),
        ]);
    }
    // The content of the vector's body, and additional content up to the limit.
    let room = scheme.profile().body_limit().min(MIB) - vector.body.len() - 64;
    let own = String::from_utf8_lossy(&vector.body).into_owned();
    if let Some(rest) = own.strip_prefix('{') {
        // As many backslashes as a scheme allows; those of the vector's body count too.
        let escapes = |most: usize, room: usize| {
            let escapes = fill("\\n", room.min(2 * (most - 64)));
            let rest = room - escapes.len();
            format!("\"a\":\"{escapes}{}\",", fill("a", rest))
        };
        let members = |most: usize| {
            let mut all = String::new();
            for number in 0..most {
                let member = format!("\"{number:x}\":0,");
                if all.len() + member.len() > room {
                    break;
                }
                all.push_str(&member);
            }
            all
        };
        let beside = |what, beside: String| (what, format!("{{{beside}{rest}").into_bytes());
        bodies.extend([
            beside("members", members(200_000)),
            beside("maximum number of members", members(4_000)),
            beside("maximum number of members, and a string", {
                let members = members(200);
                let text = fill("\\n", room - members.len());
                format!("{members}\"s\":\"{text}\",")
            }),
            beside("elements", format!("\"a\":[{}0],", fill("{},", room))),
            beside("a string of escapes", format!("\"a\":\"{}\",", fill("\\n", room))),
            beside("a string of Unicode escapes", format!("\"a\":\"{}\",", fill("\\u00e4", room))),
            beside("32,768 escapes, and a string", escapes(32 * 1024, room)),
            beside("131,072 escapes, and a string", escapes(128 * 1024, room)),
            beside("a plain string", format!("\"a\":\"{}\",", fill("a", room))),
        ]);
    }
    bodies
}

/// A gzip body of 1 MiB that consists of copies of a deflate block, given as values and their
/// numbers of bits. It has no end, which is only noticed after its blocks.
fn gzip_blocks(block: &[(u64, u32)]) -> Vec<u8> {
    let mut body = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    // A block with one byte, for the matches.
    let first = [(0, 1), (1, 2), (0b110, 8), (0, 7)];
    let (mut held, mut count) = (0_u64, 0_u32);
    for (value, bits) in first.iter().chain(block.iter().cycle()) {
        held |= value << count;
        count += bits;
        while count >= 8 {
            body.push((held & 0xff) as u8);
            held >>= 8;
            count -= 8;
        }
        if body.len() >= MIB - 8 {
            return body;
        }
    }
    body
}

/// Not the last block, fixed codes, the end of the block.
const EMPTY_FIXED: [(u64, u32); 3] = [(0, 1), (1, 2), (0, 7)];
/// As `EMPTY_FIXED`, with a match of three bytes at the distance 1.
const ONE_MATCH: [(u64, u32); 5] = [(0, 1), (1, 2), (0b100_0000, 7), (0, 5), (0, 7)];
/// Not the last block, dynamic codes: 257 literals and lengths, 1 distance, and 18 lengths of
/// codes, of which those of 18 and of 1 are used. Then 256 symbols without a code, two codes of
/// one bit, and the end of the block.
const EMPTY_DYNAMIC: [(u64, u32); 16] = [
    (0, 1),
    (2, 2),
    (0, 5),
    (0, 5),
    (14, 4),
    (0, 6),
    (1, 3),
    (0, 21),
    (0, 21),
    (1, 3),
    (1, 1),
    (138 - 11, 7),
    (1, 1),
    (118 - 11, 7),
    (0, 2),
    (0, 1),
];
