//! Captured deliveries, and how other commands use them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use countersign::handshake::Handshake;
use countersign::scheme::{Algorithm, SecretFormat};
use countersign::testing::{AttackKind, Attacks};
use countersign::{Scheme, schemes};
use countersign_conformance::{Vector, vectors};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::Full;
use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::config::must_fix;
use crate::deliveries::{Delivery, jupiter, send};
use crate::processes::{self, Files, OLD_SECRET, PATIENCE, SECRET, Serving, configured};

#[tokio::test]
async fn a_captured_delivery_verifies_and_is_handled_once_by_another_server() {
    let folder = Folder::new();
    let serving = venum(&folder.option()).await;
    let body = r#"{"signature":"s","type":"finalized","note":"ä"}"#;
    let delivery = Delivery::signed("/hooks/venum", "venum", SECRET, body);
    for _ in 0..2 {
        assert_eq!(delivery.send(serving.address()).await.status, 200);
    }
    stopped(serving).await;
    let [handled, duplicate] = &folder.captures()[..] else { panic!("each delivery is captured") };
    assert_eq!((&handled["code"], &handled["status"]), (&"handled".into(), &200.into()));
    assert_eq!((&duplicate["code"], &duplicate["status"]), (&"duplicate".into(), &200.into()));

    let file = folder.file(0);
    let now = handled["received_at_ms"].to_string();
    for command in ["verify", "diagnose"] {
        let words = [command, "--scheme", "venum", "--secret-env", "S", "--json", "--now", &now];
        let ended = countersign(&words, &file, SECRET);
        assert_eq!(ended.status, 0, "{command}: {ended:?}");
        assert_eq!((&ended.json()["verified"], ended.stderr.as_str()), (&true.into(), ""));
    }

    let mut other = venum("").await;
    let to = format!("http://{}/hooks/venum", other.address());
    for code in ["handled", "duplicate"] {
        let sent = countersign(&["send", "--verbatim", "--to", &to], &file, SECRET);
        assert!(sent.status == 0 && sent.stdout.starts_with("200 "), "{sent:?}");
        let line = other.line().await;
        assert_eq!((&line["code"], &line["event_id"]), (&code.into(), &handled["event_id"]));
    }
    let words = ["send", "--scheme", "venum", "--secret-env", "S", "--to", &to];
    let sent = countersign(&words, &file, SECRET);
    assert_eq!(sent.status, 0, "{sent:?}");
    assert_eq!(other.line().await["code"], "duplicate");
}

#[tokio::test]
async fn a_capture_has_the_original_request_and_is_private_to_its_owner() {
    let folder = Folder::new();
    let serving = processes::jupiter(&folder.option()).await;
    let delivery = jupiter("evt_1");
    let raw = delivery.to_bytes();
    let head =
        "POST /hooks/jupiter?a=%20b HTTP/1.1\r\nconnection: close\r\nx-twice: 1\r\nx-twice: 2\r\n";
    let odd = b"x-odd: caf\xe9\r\nx-odd: plain\r\nx-text: caf\xc3\xa9\r\n";
    let rest = raw.strip_prefix(b"POST /hooks/jupiter HTTP/1.1\r\n").unwrap();
    let sent = [head.as_bytes(), odd, rest].concat();
    assert!(ask(&serving, &sent).await.starts_with("HTTP/1.1 200"));
    stopped(serving).await;

    assert_eq!(mode(&folder.path()), 0o700);
    assert_eq!(mode(&folder.file(0)), 0o600);
    let name = folder.file(0).file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.ends_with("-verified-hooks-jupiter.json") && !name.contains("evt"), "{name}");
    let [capture] = &folder.captures()[..] else { panic!("one delivery, one file") };
    let keys: BTreeSet<&str> = capture.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(KEYS));
    for (key, value) in [
        ("endpoint", "/hooks/jupiter".into()),
        ("scheme", "jupiter".into()),
        ("event_id", "evt_1".into()),
        ("body_complete", true.into()),
        ("redacted", Value::Array(Vec::new())),
        ("method", "POST".into()),
        ("url", "http://h/hooks/jupiter?a=%20b".into()),
        ("body_base64", STANDARD.encode(&delivery.body).into()),
    ] {
        assert_eq!(capture[key], value, "{key}");
    }
    let headers = &capture["headers"];
    assert_eq!(headers["x-twice"], serde_json::json!(["1", "2"]));
    assert_eq!(headers["x-text"], "café");
    assert_eq!(headers["x-jup-signature"], delivery.headers[0].1);
    assert_eq!(headers.get("x-odd"), None);
    let odd = [&b"caf\xe9"[..], b"plain"].map(|value| STANDARD.encode(value));
    assert_eq!(capture["headers_base64"]["x-odd"], serde_json::json!(odd));
}

const KEYS: [&str; 13] = [
    "body_base64",
    "body_complete",
    "code",
    "endpoint",
    "event_id",
    "headers",
    "headers_base64",
    "method",
    "received_at_ms",
    "redacted",
    "scheme",
    "status",
    "url",
];

#[tokio::test]
async fn a_verbatim_request_arrives_unchanged_except_hop_by_hop_headers() {
    let (first, second) = (Folder::new(), Folder::new());
    let serving = processes::jupiter(&first.option()).await;
    let delivery = jupiter("evt_1");
    let (name, signature) = &delivery.headers[0];
    let mut raw = format!(
        "POST /hooks/jupiter HTTP/1.1\r\nhost: first.example\r\n{name}: {signature}\r\n\
         x-hop: 1\r\nconnection: close, x-hop\r\nte: trailers\r\nx-twice: 1\r\nx-twice: 2\r\n\
         transfer-encoding: chunked\r\nx-odd: "
    )
    .into_bytes();
    raw.extend_from_slice(b"\xff\xfe\r\n\r\n");
    for piece in delivery.body.chunks(7) {
        raw.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        raw.extend_from_slice(&[piece, b"\r\n"].concat());
    }
    raw.extend_from_slice(b"0\r\n\r\n");
    assert!(ask(&serving, &raw).await.starts_with("HTTP/1.1 200"));
    stopped(serving).await;

    let serving = processes::jupiter(&second.option()).await;
    let to = format!("http://{}/hooks/jupiter", serving.address());
    let words = ["send", "--verbatim", "--repeat", "3", "--json", "--to", &to];
    let sent = countersign(&words, &first.file(0), SECRET);
    assert_eq!(sent.status, 0, "{sent:?}");
    assert_eq!(sent.json()["spread"]["answers"], serde_json::json!({ "200": 3 }));
    let address = serving.address();
    stopped(serving).await;
    let captures = second.captures();
    assert_eq!(captures.len(), 3);
    let was = &first.captures()[0];
    for is in &captures {
        for same in ["method", "body_base64", "headers_base64"] {
            assert_eq!(is[same], was[same], "{same}");
        }
        let mut headers = was["headers"].as_object().unwrap().clone();
        for gone in ["x-hop", "te", "transfer-encoding"] {
            assert!(headers.remove(gone).is_some(), "{gone}");
        }
        headers.insert("connection".to_owned(), "close".into());
        headers.insert("host".to_owned(), address.to_string().into());
        headers.insert("content-length".to_owned(), delivery.body.len().to_string().into());
        assert_eq!(is["headers"].as_object().unwrap(), &headers);
    }
}

#[tokio::test]
async fn the_oldest_captures_are_removed_first_and_no_foreign_file_is() {
    let folder = Folder::new();
    let serving = processes::jupiter(&format!("{} --capture-files 3", folder.option())).await;
    for event in 0..5 {
        let delivery = jupiter(&format!("evt_{event}"));
        assert_eq!(delivery.send(serving.address()).await.status, 200);
    }
    stopped(serving).await;
    let ids = |folder: &Folder| -> Vec<String> {
        let captures = folder.captures();
        captures.iter().map(|capture| capture["event_id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&folder), ["evt_2", "evt_3", "evt_4"]);

    fs::write(folder.path().join("0.txt"), "somebody's own").unwrap();
    let serving = processes::jupiter(&format!("{} --capture-files 2", folder.option())).await;
    assert_eq!(ids(&folder), ["evt_3", "evt_4"]);
    assert_eq!(jupiter("evt_5").send(serving.address()).await.status, 200);
    stopped(serving).await;
    assert_eq!(ids(&folder), ["evt_4", "evt_5"]);
    assert!(folder.path().join("0.txt").exists());
}

#[tokio::test]
async fn rejected_deliveries_are_captured_only_if_configured_and_completely() {
    let forged = jupiter("evt_1").forged();
    let unsigned = Delivery { headers: Vec::new(), ..jupiter("evt_2") };
    for (words, files) in [("", 1), ("--capture-rejected", 3)] {
        let folder = Folder::new();
        let serving = processes::jupiter(&format!("{} {words}", folder.option())).await;
        let to = serving.address();
        // It is rejected because of its headers, before its body is read.
        assert_eq!(unsigned.send(to).await.status, 401);
        assert_eq!(forged.send(to).await.status, 401);
        assert_eq!(jupiter("evt_3").send(to).await.status, 200);
        let get = Request::get(format!("http://{to}/hooks/jupiter")).body(Full::default());
        assert_eq!(send(get.unwrap()).await.status, 405);
        stopped(serving).await;
        let captures = folder.captures();
        assert_eq!(captures.len(), files, "{words}");
        if words.is_empty() {
            assert_eq!(captures[0]["code"], "handled");
            continue;
        }
        // Verified deliveries and rejected requests are written from two queues, in any order.
        let position =
            |code: &str| captures.iter().position(|capture| capture["code"] == code).unwrap();
        for (code, body) in
            [("missing_signature", &unsigned.body), ("signature_mismatch", &forged.body)]
        {
            let capture = &captures[position(code)];
            assert_eq!(capture["status"], 401, "{code}");
            assert_eq!(capture["event_id"], Value::Null);
            assert_eq!(capture["body_complete"], true, "{code}");
            assert_eq!(capture["body_base64"], STANDARD.encode(body), "{code}");
        }
        let words = ["diagnose", "--scheme", "jupiter", "--secret-env", "S", "--json"];
        let diagnosed =
            countersign(&words, &folder.file(position("signature_mismatch")), SECRET).json();
        assert_eq!(diagnosed["code"], "signature_mismatch");
    }
}

#[tokio::test]
async fn an_incomplete_body_is_marked_in_its_capture_and_in_its_diagnosis() {
    let folder = Folder::new();
    let mut serving = processes::jupiter(&format!("{} --capture-rejected", folder.option())).await;
    let whole = jupiter("evt_1").to_bytes();
    let mut sender = TcpStream::connect(serving.address()).await.unwrap();
    sender.write_all(&whole[..whole.len() - 10]).await.unwrap();
    sender.shutdown().await.unwrap();
    assert_eq!(serving.line().await["code"], "body_incomplete");
    stopped(serving).await;
    let [capture] = &folder.captures()[..] else { panic!("it is captured") };
    assert_eq!(capture["body_complete"], false);
    let body = STANDARD.decode(capture["body_base64"].as_str().unwrap()).unwrap();
    assert!(whole[..whole.len() - 10].ends_with(&body) && !body.is_empty());

    let words = ["diagnose", "--scheme", "jupiter", "--secret-env", "S", "--json"];
    let diagnosed = countersign(&words, &folder.file(0), SECRET);
    assert!(diagnosed.stdout.contains("body_truncated"), "{diagnosed:?}");
    assert!(diagnosed.stderr.contains("does not have the complete body"), "{diagnosed:?}");
}

#[tokio::test]
async fn a_missing_folder_fails_no_delivery_and_is_reported_once_per_outage() {
    let folder = Folder::new();
    let mut serving = processes::jupiter(&folder.option()).await;
    let to = serving.address();
    fs::remove_dir(folder.path()).unwrap();
    for event in 0..3 {
        assert_eq!(jupiter(&format!("evt_{event}")).send(to).await.status, 200);
        assert_eq!(serving.line().await["code"], "handled");
    }
    let note = serving.note().await;
    assert!(note.contains("cannot be captured in") && note.contains("still handled"));
    fs::create_dir(folder.path()).unwrap();
    // A delivery that is still queued may also be written into the new folder.
    assert_eq!(jupiter("evt_3").send(to).await.status, 200);
    let note = serving.note().await;
    assert!(note.contains("captured again"), "{note}");
    assert_eq!(jupiter("evt_4").send(to).await.status, 200);
    let said = stopped(serving).await;
    for reported in ["cannot be captured in", "captured again"] {
        assert_eq!(said.matches(reported).count(), 1, "{said}");
    }
    for event in ["evt_3", "evt_4"] {
        assert!(folder.captures().iter().any(|capture| capture["event_id"] == event), "{event}");
    }
}

#[tokio::test]
async fn credentials_are_redacted_with_a_marker_and_the_capture_stays_usable() {
    let folder = Folder::new();
    let mut serving =
        processes::jupiter(&format!("{} --endpoint /t=gitlab-token", folder.option())).await;
    let (first, second) = (jupiter("evt_1"), Delivery::signed("/t", "gitlab-token", SECRET, "{}"));
    let with_credentials = |delivery: Delivery| {
        let delivery = delivery.with_header("cookie", "hunter2").with_header("x-note", SECRET);
        delivery.with_header("authorization", "Bearer hunter2")
    };
    for delivery in [first, second] {
        let delivery = with_credentials(delivery);
        for _ in 0..2 {
            assert_eq!(delivery.send(serving.address()).await.status, 200);
        }
    }
    for endpoint in ["`/hooks/jupiter`", "`/t`"] {
        let note = serving.note().await;
        assert!(note.contains(endpoint) && note.contains("`header:x-note`"), "{note}");
    }
    let said = stopped(serving).await;
    assert_eq!(said.matches("are captured without").count(), 2, "{said}");
    assert!(!said.contains(SECRET) && !said.contains("hunter2"), "{said}");
    assert!(!folder.text().contains(SECRET) && !folder.text().contains("hunter2"));
    let captures = folder.captures();
    let left_out = ["header:authorization", "header:cookie", "header:x-note"];
    assert_eq!(captures[0]["redacted"], serde_json::json!(left_out));
    assert_eq!(captures[0]["headers"]["cookie"], "[redacted]");
    let with_token =
        ["header:authorization", "header:cookie", "header:x-gitlab-token", "header:x-note"];
    assert_eq!(captures[3]["redacted"], serde_json::json!(with_token));

    let verify = ["verify", "--scheme", "jupiter", "--secret-env", "S"];
    let verified = countersign(&verify, &folder.file(0), SECRET);
    assert_eq!(verified.status, 0, "{verified:?}");
    assert!(verified.stderr.contains("without `header:authorization`"), "{verified:?}");

    // The marker is not a token, and is never sent as one.
    let mut serving = processes::jupiter("--endpoint /t=gitlab-token").await;
    let to = format!("http://{}/t", serving.address());
    let sent = countersign(&["send", "--verbatim", "--to", &to], &folder.file(3), SECRET);
    assert!(sent.status == 1 && sent.stdout.starts_with("401 "), "{sent:?}");
    assert!(sent.stderr.contains("`header:x-gitlab-token`"), "{sent:?}");
    assert_eq!(serving.line().await["code"], "missing_signature");
    let words = ["send", "--scheme", "gitlab-token", "--secret-env", "S", "--to", &to];
    let sent = countersign(&words, &folder.file(3), SECRET);
    assert_eq!(sent.status, 0, "{sent:?}");
    assert_eq!(serving.line().await["code"], "handled");
}

#[tokio::test]
async fn a_body_that_contains_a_secret_is_not_captured_and_reported_once() {
    let folder = Folder::new();
    let serving = processes::jupiter(&format!("{} --endpoint /figma=figma", folder.option())).await;
    let send = async |path: &'static str, body: &str| {
        let delivery = Delivery::signed(path, "jupiter", SECRET, body.to_owned());
        delivery.send(serving.address()).await.status
    };
    let encoded = STANDARD.encode(format!("a{SECRET}"));
    let escaped: String = SECRET.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let xml: String = SECRET.bytes().map(|byte| format!("&#{byte};")).collect();
    for secret in [SECRET, &encoded, &escaped, &xml] {
        assert_eq!(send("/hooks/jupiter", &format!(r#"{{"event_id":"{secret}"}}"#)).await, 200);
    }
    assert_eq!(send("/figma", &format!(r#"{{"passcode":"{SECRET}"}}"#)).await, 200);
    assert_eq!(send("/hooks/jupiter", r#"{"event_id":"evt_1"}"#).await, 200);
    let said = stopped(serving).await;
    assert!(said.contains("`/figma`: no delivery is captured"), "{said}");
    assert_eq!(said.matches("whose body contains a secret is not captured").count(), 1, "{said}");
    assert_eq!(folder.captures().len(), 1);
    assert_eq!(folder.captures()[0]["event_id"], "evt_1");
}

#[tokio::test]
async fn handshake_secrets_and_reloaded_secrets_are_redacted_too() {
    let folder = Folder::new();
    let config = format!(
        "listen = '127.0.0.1:0'\ncapture = '{}'\ncapture_rejected = true\n\
         [[endpoint]]\npath = '/asana'\nscheme = 'asana'\nhandshake_secret_file = 'key'\n\
         handshake_window = '10m'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ file = 'secret' }}]\n",
        folder.path().display()
    );
    let files = Files::new(&config).with("secret", OLD_SECRET);
    let mut serving = configured(&files).await;
    let to = serving.address();
    let key = "the key that was handed over";
    let send_handshake = |key: &str| {
        let request = Request::post(format!("http://{to}/asana")).header("x-hook-secret", key);
        send(request.body(Full::default()).unwrap())
    };
    assert_eq!(send_handshake(key).await.status, 200);
    assert_eq!(send_handshake("another key").await.status, 401);
    let event = Delivery::signed("/asana", "asana", key, "{}").with_header("x-note", key);
    assert_eq!(event.send(to).await.status, 200);

    let files = files.with("secret", SECRET);
    let files = files.with("serve.toml", config.replace("capture_rejected = true\n", ""));
    serving.signal(Signal::HUP);
    while !serving.note().await.contains("`capture_rejected` has changed") {}
    while !serving.note().await.contains("reloaded the secrets") {}
    let noted = jupiter("evt_1").with_header("x-note", SECRET).with_header("x-old", OLD_SECRET);
    assert_eq!(noted.send(to).await.status, 200);
    stopped(serving).await;
    drop(files);
    let captures = folder.captures();
    assert_eq!(captures.len(), 3);
    let rejected = captures.iter().find(|capture| capture["status"] == 401).unwrap();
    assert_eq!(rejected["headers"]["x-hook-secret"], "[redacted]");
    for secret in [key, "another key", SECRET, OLD_SECRET] {
        assert!(!folder.text().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn secrets_of_all_tenants_are_redacted_in_every_tenants_deliveries() {
    let folder = Folder::new();
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\ncapture = '{}'\n\
         [[endpoint]]\npath = '/t/{{tenant}}'\nscheme = 'jupiter'\n\
         [endpoint.tenants]\ndirectory = 'tenants'\n\
         [endpoint.tenants.secrets]\nacme = [{{ env = 'SECRET' }}]\n",
        folder.path().display()
    ))
    .with_folder("tenants")
    .with("tenants/other", OLD_SECRET);
    let serving = configured(&files).await;
    let delivery = Delivery::signed("/t/acme", "jupiter", SECRET, r#"{"event_id":"evt_1"}"#);
    let delivery = delivery.with_header("x-own", SECRET).with_header("x-other", OLD_SECRET);
    let delivery = delivery.with_header(SECRET, "in the name");
    assert_eq!(delivery.send(serving.address()).await.status, 200);
    stopped(serving).await;
    let [capture] = &folder.captures()[..] else { panic!("it is captured") };
    let redacted = serde_json::json!(["header:x-other", "header:x-own", "header"]);
    assert_eq!(capture["redacted"], redacted);
    assert!(!folder.text().contains(SECRET) && !folder.text().contains(OLD_SECRET));
}

#[tokio::test]
async fn a_compressed_body_is_captured_encoded_and_searched_decoded() {
    let folder = Folder::new();
    let words = "--listen 127.0.0.1:0 --secret-env SECRET --endpoint /q=quicknode";
    let serving = Serving::start(processes::command(&format!("{words} {}", folder.option()))).await;
    let signed = |body: String| {
        let attacks = Attacks::new(schemes::quicknode(), SECRET).unwrap();
        let nonce = HeaderValue::from_static("a nonce");
        let attacks = attacks.with_header(HeaderName::from_static("x-qn-nonce"), nonce);
        attacks.with_body(body).attack(AttackKind::Genuine).unwrap().requests()[0].clone()
    };
    for body in ["{\"block\":1}".to_owned(), format!("{{\"note\":\"{SECRET}\"}}")] {
        let signed = signed(body.clone());
        let mut request = Request::post(format!("http://{}/q", serving.address()));
        for (name, value) in signed.request().headers() {
            request = request.header(name, value);
        }
        let request = request.header("content-encoding", "gzip");
        let answered = send(request.body(Full::from(gzip(body.as_bytes()))).unwrap()).await;
        assert_eq!(answered.status, 200);
    }
    let said = stopped(serving).await;
    assert!(said.contains("whose body contains a secret is not captured"), "{said}");
    let [capture] = &folder.captures()[..] else { panic!("the other is captured") };
    assert_eq!(capture["body_base64"], STANDARD.encode(gzip(b"{\"block\":1}")));
    let words = ["verify", "--scheme", "quicknode", "--secret-env", "S"];
    assert_eq!(countersign(&words, &folder.file(0), SECRET).status, 0);
}

/// Gzip (RFC 1952) with the body in a stored block.
fn gzip(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let crc = body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0xedb8_8320,
            _ => crc >> 1,
        })
    });
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    gzip.extend(length.to_le_bytes());
    gzip.extend((!length).to_le_bytes());
    gzip.extend(body);
    gzip.extend((!crc).to_le_bytes());
    gzip.extend(u32::from(length).to_le_bytes());
    gzip
}

#[tokio::test]
async fn the_url_of_a_file_is_the_one_that_is_signed() {
    let folder = Folder::new();
    let url = "https://hooks.example/acme?tenant=7";
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\ncapture = '{}'\n\
         [[endpoint]]\npath = '/acme'\nscheme = 'acme.toml'\nurl = '{url}'\n\
         secrets = [{{ env = 'SECRET' }}]\n",
        folder.path().display()
    ))
    .with("acme.toml", "name = 'acme'\nsignature_header = 'X-S'\nsigned_payload = '{url}{body}'\n")
    .with("body", "{}");
    let serving = configured(&files).await;
    let scheme = files.path("acme.toml").to_str().unwrap().to_owned();
    let to = format!("http://{}/acme", serving.address());
    let mut sending = Command::new(env!("CARGO_BIN_EXE_countersign"));
    sending.args(["send", "--scheme", &scheme, "--secret-env", "S", "--url", url, "--to", &to]);
    let sent = sending.env("S", SECRET).arg("--body").arg(files.path("body")).output().unwrap();
    assert!(sent.status.success(), "{sent:?}");
    let said = stopped(serving).await;
    assert!(said.contains("`/acme`: scheme `acme` signs the URL, so deliveries are"), "{said}");
    assert_eq!(folder.captures()[0]["url"], url);
    let words = ["verify", "--scheme", &scheme, "--secret-env", "S"];
    assert_eq!(countersign(&words, &folder.file(0), SECRET).status, 0);
}

#[tokio::test]
async fn no_capture_of_any_scheme_contains_a_secret() {
    let folder = Folder::new();
    let mut config = format!(
        "listen = '127.0.0.1:0'\ncapture = '{}'\ncapture_rejected = true\ncapture_files = 5000\n",
        folder.path().display()
    );
    let mut files = Files::new("");
    let mut secrets = Vec::new();
    let mut endpoint = |scheme: &str, url: Option<&str>, texts: &[String], more: &str| {
        let number = secrets.len();
        let names = (0..texts.len()).map(|of| format!("{{ file = 'secret-{number}-{of}' }}"));
        let names = names.collect::<Vec<_>>().join(", ");
        let url = url.map(|url| format!("url = {}\n", Value::from(url))).unwrap_or_default();
        config += &format!(
            "[[endpoint]]\npath = '/{number}'\nscheme = '{scheme}'\nsecrets = [{names}]\n{url}{more}"
        );
        secrets.push(texts.to_vec());
    };
    // The vectors with the provider's original headers. They are too old now, and rejected.
    let mut requests: Vec<(&str, Headers, Bytes)> = Vec::new();
    let is_served = |vector: &&Vector| {
        let scheme = schemes::named(&vector.provider).unwrap();
        vector.method == "POST" && vector.verifier(&scheme).is_ok()
    };
    for vector in vectors().iter().filter(is_served) {
        endpoint(&vector.provider, vector.url.as_deref(), &vector.secret_texts(), "");
        let headers = vector.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.clone(), value.clone().into_bytes())).collect();
        let body = Bytes::from(vector.body.clone());
        requests.push((vector.provider.as_str(), headers, body));
    }
    let old = requests.len();
    // For each scheme a delivery signed now, which is handled.
    for name in schemes::names() {
        let scheme = schemes::named(name).unwrap();
        let Some(mut secret) = shared_secret(&scheme) else { continue };
        if scheme.handshakes().iter().any(Handshake::signs_unsigned_challenge) {
            secret.push_str(" of its own");
        }
        let attacks = Attacks::new(scheme.clone(), &secret).unwrap();
        let url = scheme.signs_url().then_some("https://hooks.example/x");
        let attacks = match url {
            Some(url) => attacks.with_url(countersign::PublicUrl::new(url).unwrap()),
            None => attacks,
        };
        let Ok(attack) = attacks.attack(AttackKind::Genuine) else { continue };
        // They were signed before hundreds of others were sent.
        let tolerance = scheme.tolerance().map_or("", |_| "tolerance = '1d'\n");
        endpoint(name, url, &[secret], tolerance);
        let request = attack.requests()[0].request();
        let headers = request.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
        requests.push((name, headers.collect(), request.body().clone()));
    }
    let genuine = requests.len() - old;
    assert!(old > 400 && genuine > 55, "{old} vectors, {genuine} schemes");
    for (number, texts) in secrets.iter().enumerate() {
        for (of, text) in texts.iter().enumerate() {
            files = files.with(&format!("secret-{number}-{of}"), text);
        }
    }
    files = files.with("serve.toml", &config);

    let mut serving = configured(&files).await;
    let all: Vec<String> = secrets.iter().flatten().flat_map(|secret| forms(secret)).collect();
    let mut expected = 0;
    for (number, (scheme, headers, body)) in requests.iter().enumerate() {
        let mut request = Request::post(format!("http://{}/{number}", serving.address()));
        for (name, value) in headers {
            request = request.header(name, &value[..]);
        }
        send(request.body(Full::new(body.clone())).unwrap()).await;
        let line = serving.line().await;
        assert_eq!(line["endpoint"], format!("/{number}"));
        assert!(number < old || line["code"] == "handled", "{scheme}: {line}");
        let text = String::from_utf8_lossy(body);
        let holds_secret = *scheme == "figma" || all.iter().any(|form| text.contains(form));
        expected += usize::from(line["code"] != "handshake" && !holds_secret);
    }
    // The shutdown would not wait for this many.
    let written = async {
        while folder.files().len() < expected {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, written).await.expect("all are written");
    let said = stopped(serving).await;
    assert!(!said.contains("not captured:") && !said.contains("not all"), "{said}");

    let captures = folder.captures();
    assert_eq!(captures.len(), expected);
    for capture in captures {
        let number: usize = capture["endpoint"].as_str().unwrap()[1..].parse().unwrap();
        let which = format!("{} at {number}", capture["scheme"]);
        let text = capture.to_string();
        let body = STANDARD.decode(capture["body_base64"].as_str().unwrap()).unwrap();
        for secret in &secrets[number] {
            for form in forms(secret) {
                assert!(!text.contains(&form), "{which}");
                assert!(!String::from_utf8_lossy(&body).contains(&form), "{which}");
            }
        }
        assert_eq!(body, requests[number].2, "{which}");
        assert_eq!(capture["body_complete"], true, "{which}");
    }
}

type Headers = Vec<(String, Vec<u8>)>;

/// A secret and its decoded key, as text, base64 and hexadecimal.
fn forms(secret: &str) -> Vec<String> {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let bare = secret.strip_prefix("whsec_").unwrap_or(secret);
    let mut keys = vec![secret.as_bytes().to_vec()];
    keys.extend(STANDARD.decode(bare).ok().filter(|key| key.len() > 7));
    let mut forms = vec![secret.to_owned()];
    for key in keys {
        forms.extend([STANDARD.encode(&key), URL_SAFE_NO_PAD.encode(&key), hex(&key)]);
    }
    forms
}

/// A secret in the scheme's format; `None` if the scheme needs a public key.
fn shared_secret(scheme: &Scheme) -> Option<String> {
    let text = "a secret of many characters";
    let is_shared = !matches!(
        scheme.algorithm(),
        Algorithm::Ed25519 | Algorithm::EcdsaP256 | Algorithm::RsaSha256
    );
    is_shared.then(|| match scheme.secret_format() {
        SecretFormat::Hex => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        SecretFormat::Base64 | SecretFormat::Whsec | SecretFormat::WhsecOrText => {
            STANDARD.encode(text)
        }
        SecretFormat::Basic => format!("user:{text}"),
        _ => text.to_owned(),
    })
}

#[tokio::test]
async fn an_old_capture_sent_verbatim_is_rejected_and_fails_the_command() {
    let folder = Folder::new();
    let serving = venum(&format!("{} --capture-rejected", folder.option())).await;
    let old = Delivery {
        headers: vec![("x-venum-signature".to_owned(), format!("t=1760000000000,v1={:064}", 0))],
        ..Delivery::signed("/hooks/venum", "venum", SECRET, "{}")
    };
    assert_eq!(old.send(serving.address()).await.status, 400);
    stopped(serving).await;
    let mut serving = venum("").await;
    let to = format!("http://{}/hooks/venum", serving.address());
    let sent = countersign(&["send", "--verbatim", "--to", &to], &folder.file(0), SECRET);
    assert!(sent.status == 1 && sent.stdout.starts_with("400 "), "{sent:?}");
    assert_eq!(serving.line().await["code"], "timestamp_too_old");
}

#[test]
fn a_capture_folder_that_is_not_writable_is_an_error() {
    let config = |words: &str| {
        format!(
            "listen = '127.0.0.1:0'\n{words}\n[[endpoint]]\npath = '/hooks/jupiter'\n\
             scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\n"
        )
    };
    for (words, said) in [
        ("capture = 'good.txt'", &["line 2, `capture`", "cannot write files"][..]),
        ("capture = 'no/where'", &["line 2, `capture`", "cannot write files"]),
        ("capture = true", &["line 2, `capture`", "a folder"]),
        ("capture_rejected = true", &["line 2, `capture_rejected`", "no folder"]),
        ("capture_files = 5", &["line 2, `capture_files`", "no folder"]),
        ("capture_files = 0\ncapture = 'x'", &["line 2, `capture_files`", "between 1 and 100000"]),
        ("capture_files = 100001\ncapture = 'x'", &["line 2, `capture_files`", "between 1"]),
        ("capture_files = -1\ncapture = 'x'", &["line 2, `capture_files`", "a number of files"]),
        ("capture_rejected = 1\ncapture = 'x'", &["line 2, `capture_rejected`", "`true` or"]),
        ("capture = ''", &["line 2, `capture`", "is empty"]),
        ("dead_letters = ''", &["line 2, `dead_letters`", "is empty"]),
        ("capture = 'x'\ndead_letters = './x'", &["line 3, `dead_letters`", "a separate folder"]),
    ] {
        must_fix(&config(words), said);
    }
}

/// A folder that the server creates.
struct Folder(Files);

impl Folder {
    fn new() -> Self {
        Self(Files::new(""))
    }

    fn path(&self) -> PathBuf {
        self.0.path("captures")
    }

    fn option(&self) -> String {
        format!("--capture {}", self.path().display())
    }

    /// Its JSON files, sorted by name.
    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_json =
            |file: &PathBuf| file.extension().is_some_and(|extension| extension == "json");
        let mut files: Vec<PathBuf> = files.filter(is_json).collect();
        files.sort_unstable();
        files
    }

    fn file(&self, index: usize) -> PathBuf {
        self.files().swap_remove(index)
    }

    fn captures(&self) -> Vec<Value> {
        let files = self.files().into_iter().map(|file| fs::read(file).unwrap());
        files.map(|text| serde_json::from_slice(&text).unwrap()).collect()
    }

    fn text(&self) -> String {
        self.files().into_iter().map(|file| fs::read_to_string(file).unwrap()).collect()
    }
}

#[derive(Debug)]
struct Ended {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Runs the program with these words and this request file.
fn countersign(words: &[&str], request: &Path, secret: &str) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(words).arg("--request").arg(request).env("S", secret);
    let output = command.output().unwrap();
    Ended {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn venum(words: &str) -> Serving {
    let endpoint = "--listen 127.0.0.1:0 --endpoint /hooks/venum=venum --secret-env SECRET";
    Serving::start(processes::command(&format!("{endpoint} {words}"))).await
}

/// Stops the server, so that it writes everything, and returns its output.
async fn stopped(serving: Serving) -> String {
    serving.signal(Signal::TERM);
    let (status, said) = serving.ended().await;
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Sends these bytes and returns the response.
async fn ask(serving: &Serving, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(serving.address()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
