//! Cost of an unauthenticated request of 1 MiB for every scheme, relative to one HMAC over the
//! same number of bytes, as a Markdown table.
//!
//! Each scheme gets the request of one of its vectors, or else one of its sample events, with the
//! bodies that are the most expensive to read and with the maximum number of signatures. The best round decides, because
//! other load on the machine can only add time. Bodies over the limit of a scheme are rejected
//! by their length, as in an adapter. A scheme that signs the decoded body must decode it first: its
//! gzip bodies are compared with a text of the same length that any compressor writes. `SCHEME=figma` measures one scheme, and prints each body.

#![expect(clippy::unwrap_used, reason = "a benchmark of a failing call must not continue")]

use std::future::Future;
use std::hint::black_box;
use std::io::Write;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use countersign_conformance::{Expect, Vector, vectors};
use countersign_core::{
    Algorithm, BodyView, RequestHead, Scheme, Secret, SecretFormat, Signer, TokioRuntime, Verifier,
};
use countersign_schemes::{self as schemes, FreshValues};
use ring::hmac;

const MIB: usize = 1 << 20;
const BUDGET: f64 = 4.0;
/// How the names of the bodies begin that are sent as gzip.
const GZIP: &str = "gzip";
const GZIP_TEXT: &str = "gzip, a text";

fn main() {
    // `cargo test --all-targets` also runs this, only to check that it works.
    let real = std::env::args().any(|argument| argument == "--bench");
    let rounds = if real { 15 } else { 1 };
    println!("### Unauthenticated request of 1 MiB, time relative to one HMAC\n");
    println!("| scheme | most expensive body | ms | relative to HMAC | budget | |");
    println!("| --- | --- | ---: | ---: | ---: | --- |");
    let only = std::env::var("SCHEME").ok();
    for name in schemes::names().filter(|name| only.as_deref().is_none_or(|only| only == *name)) {
        let scheme = schemes::named(name).unwrap();
        let request = request(name, &scheme);
        let verifier = &request.verifier;
        let mut headers = with_max_signatures(&request.headers, &scheme);
        let bodies = bodies(&request.body, &scheme);
        let mut encoded = headers.clone();
        encoded.push(("content-encoding".to_owned(), "gzip".to_owned()));
        let (method, target) = (request.method.as_str(), request.target.as_str());
        if receive(verifier, RequestHead::new(method, target, &headers), b"{}") {
            // The scheme signs nothing, so the token must be another.
            headers = headers.into_iter().map(|(name, value)| (name, value + "x")).collect();
        }
        let head = RequestHead::new(method, target, &headers);
        let encoded = RequestHead::new(method, target, &encoded);
        let costs = bodies.iter().map(|(what, body)| {
            let head = if what.starts_with(GZIP) { encoded } else { head };
            let cost = best(rounds, || receive_unauthenticated(verifier, head, body));
            if only.is_some() {
                eprintln!("{what}: {:.2} ms", cost.as_secs_f64() * 1e3);
            }
            (*what, cost)
        });
        let costs: Vec<_> = costs.collect();
        let plain = plain(&scheme, rounds, || {
            receive_unauthenticated(verifier, head, &[b'a'; MIB]);
        });
        let text =
            costs.iter().find(|(what, _)| *what == GZIP_TEXT).map_or(plain, |(_, text)| *text);
        let ratio = |(what, cost): &(&str, Duration)| {
            let reference = if what.starts_with(GZIP) { text } else { plain };
            cost.as_secs_f64() / reference.as_secs_f64()
        };
        let most = costs.iter().max_by(|one, other| ratio(one).total_cmp(&ratio(other))).unwrap();
        let ((what, cost), ratio) = (most, ratio(most));
        println!(
            "| {name} | {what} | {:.2} | {ratio:.2} | ≤ {BUDGET} | {} |",
            cost.as_secs_f64() * 1e3,
            if ratio <= BUDGET { "ok" } else { "**over**" },
        );
    }
}

/// A request whose headers pass, so that the body is read.
struct Request {
    verifier: Verifier,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn request(name: &str, scheme: &Scheme) -> Request {
    let secret = || {
        let text = match (name, scheme.secret_format()) {
            ("aws-sns", _) => include_str!("../../tests/core/rules/rsa_certificate.pem"),
            (_, SecretFormat::Hex) => "0102030405060708090a0b0c0d0e0f10",
            (_, SecretFormat::Whsec) => "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
            (_, SecretFormat::Basic) => "hooks:correct horse battery staple",
            _ => "a secret of sufficient length",
        };
        Secret::new(text).unwrap()
    };
    let other = || Verifier::new(scheme.clone(), secret()).unwrap();
    let valid = |vector: &&Vector| vector.provider == name && vector.expect == Expect::Valid;
    if let Some(vector) = vectors().iter().find(valid) {
        let now_ms = vector.now_unix_ms;
        return Request {
            // A signature in the body covers only a part of it, and must be one by another secret.
            verifier: if ["adyen", "aws-sns", "figma", "mailgun"].contains(&name) {
                other().with_clock(move || now_ms)
            } else {
                vector.verifier(scheme).unwrap()
            },
            method: vector.method.clone(),
            target: vector.head().target().unwrap_or("/").to_owned(),
            headers: vector.headers.clone(),
            body: vector.body.clone(),
        };
    }
    let sample = &schemes::samples(name).unwrap()[0];
    let fresh = FreshValues::new(7, NOW_MS);
    let mut body = sample.body(&fresh).into_bytes();
    let mut headers: Vec<(String, String)> =
        sample.headers(&fresh).map(|(name, value)| (name.to_owned(), value)).collect();
    let signer = Signer::new(scheme.clone(), secret()).unwrap();
    let signer = signer.with_id(fresh.id()).at_unix_ms(NOW_MS);
    let signed = signer.sign_request(&headers, &body).unwrap();
    headers.extend_from_slice(signed.headers());
    if let Some(signed) = signed.body() {
        body = signed.to_vec();
    }
    let verifier = other().with_clock(|| NOW_MS);
    Request { verifier, method: "POST".to_owned(), target: "/".to_owned(), headers, body }
}

const NOW_MS: i64 = 1_780_000_000_000;

/// Receives a body as an adapter does. Whether it is authentic.
fn receive(verifier: &Verifier, head: RequestHead<'_>, body: &[u8]) -> bool {
    let mut receiving = pin!(verifier.receive(head, body.to_vec(), TokioRuntime));
    match receiving.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(received) => black_box(received).is_ok(),
        Poll::Pending => panic!("the body is complete"),
    }
}

fn receive_unauthenticated(verifier: &Verifier, head: RequestHead<'_>, body: &[u8]) {
    assert!(!receive(verifier, head, body), "the request is authentic");
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
fn with_max_signatures(headers: &[(String, String)], scheme: &Scheme) -> Vec<(String, String)> {
    let most = match scheme.algorithm() {
        Algorithm::Ed25519 | Algorithm::EcdsaP256 => 4,
        _ => 16,
    };
    let header = scheme.headers().next().unwrap_or_default().to_owned();
    let mut headers = headers.to_vec();
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
fn bodies(own: &[u8], scheme: &Scheme) -> Vec<(&'static str, Vec<u8>)> {
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
        let text = flate2::Compression::default();
        let mut text = flate2::write::GzEncoder::new(Vec::new(), text);
        // Letters in an order without repetitions.
        let mut state = 1_u64;
        for _ in 0..MIB - 1024 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.write_all(&[b'0' + (state >> 58) as u8]).unwrap();
        }
        let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        zeros.write_all(&vec![b'['; MIB - 1]).unwrap();
        bodies.extend([
            (GZIP_TEXT, text.finish().unwrap()),
            ("gzip, one byte repeated", zeros.finish().unwrap()),
            ("gzip, empty fixed blocks", gzip_blocks(&EMPTY_FIXED, 0)),
            ("gzip, empty dynamic blocks", gzip_blocks(&EMPTY_DYNAMIC, 0)),
            ("gzip, blocks of one match", gzip_blocks(&ONE_MATCH, 0)),
            ("gzip, padding, then empty fixed blocks", gzip_blocks(&EMPTY_FIXED, MIB - 1024)),
            ("gzip, padding, then empty dynamic blocks", gzip_blocks(&EMPTY_DYNAMIC, MIB - 1024)),
        ]);
    }
    // The content of the request's body, and additional content up to the limit.
    let room = scheme.profile().body_limit().min(MIB) - own.len() - 64;
    let own = String::from_utf8_lossy(own).into_owned();
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
            beside("a string, half of it escapes", {
                format!("\"a\":\"{}\",", fill("\\na", room))
            }),
            beside("numbers", format!("\"a\":[{}0],", fill("0,", room))),
            beside("strings", format!("\"a\":[{}0],", fill("\"\",", room))),
            beside("arrays in arrays", {
                format!("\"a\":{}{},", fill("[", room / 2), fill("]", room / 2))
            }),
            beside("items of Adyen", format!("\"notificationItems\":[{}0],", fill("0,", room))),
            beside("signatures of Mailgun", format!("\"signature\":[{}0],", fill("0,", room))),
            beside("a name of escapes", format!("\"{}\":0,", fill("a\\n", room))),
            beside("a name of escapes, other members", {
                let name = fill("a\\n", 240);
                let names = (0..room / 260).map(|number| format!("\"{number:09}{name}\":0,"));
                names.collect::<String>()
            }),
            beside("a plain string", format!("\"a\":\"{}\",", fill("a", room))),
        ]);
    }
    // A value of any length that is read before it is verified.
    for before in ["\"Message\":\"", "\"Message\": \"", "\"Message\" : \"", "\"passcode\":\""] {
        if own.contains(before) {
            let value = format!("{before}{}", fill("a\\n", room));
            bodies.push(("a signed value of escapes", own.replacen(before, &value, 1).into()));
        }
    }
    bodies
}

/// A gzip body of 1 MiB that consists of copies of a deflate block, given as values and their
/// numbers of bits. They follow a block of at least `padding` bytes, which are matches and so take
/// few bits. The body has no end, which is only noticed after its blocks.
fn gzip_blocks(block: &[(u64, u32)], padding: usize) -> Vec<u8> {
    let mut body = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    // A block with one byte, for the matches, and matches of 258 bytes at the distance 1.
    let first = [(0, 1), (1, 2), (0b110, 8)];
    let match_258 = [(0b1010_0011, 8), (0, 5)].iter().cycle().take(padding.div_ceil(258) * 2);
    let first = first.iter().chain(match_258).chain(&[(0, 7)]);
    let (mut held, mut count) = (0_u64, 0_u32);
    for (value, bits) in first.chain(block.iter().cycle()) {
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
