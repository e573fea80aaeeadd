//! `countersign send` against receivers, sound and not.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::processes::{self, Files, SECRET};

#[tokio::test]
async fn a_delivery_is_signed_sent_and_handled() {
    let mut serving = processes::jupiter("").await;
    let sent = send(serving.address(), "").run();
    assert_eq!(sent.status, 0, "{sent:?}");
    assert!(sent.stdout.starts_with("200  ") && sent.stdout.ends_with(" ms\n"), "{sent:?}");
    let line = serving.line().await;
    assert_eq!((&line["code"], &line["event_id"]), (&"handled".into(), &"evt_1".into()));
}

#[tokio::test]
async fn what_is_sent_again_is_answered_and_its_spread_is_shown() {
    let mut serving = processes::jupiter("").await;
    let sent = send(serving.address(), "--repeat 20 --concurrency 4 --rate 1000 --json").run();
    assert_eq!(sent.status, 0, "{sent:?}");
    let sent = sent.json();
    assert_eq!(sent["answers"].as_array().unwrap().len(), 20);
    assert_eq!(sent["spread"]["answers"], serde_json::json!({ "200": 20 }));
    let times = &sent["spread"]["ms"];
    let order = ["min", "median", "p95", "max"].map(|time| times[time].as_f64().unwrap());
    assert!(order.is_sorted() && order[0] > 0.0, "{times}");
    assert_eq!(serving.line().await["code"], "handled");
    for _ in 1..20 {
        assert_eq!(serving.line().await["code"], "duplicate");
    }
}

#[tokio::test]
async fn serve_gets_a_clean_card() {
    for scheme in ["jupiter", "venum", "perps-tracker", "standardwebhooks"] {
        let words =
            format!("--listen 127.0.0.1:0 --endpoint /hooks/jupiter={scheme} --secret-env SECRET");
        let mut command = processes::command(&words);
        command.env("SECRET", BASE64);
        let serving = processes::Serving::start(command).await;
        let mut send = send(serving.address(), "--forge all --json");
        let sent = send.of(scheme, BASE64).run();
        assert_eq!(sent.status, 0, "{scheme}: {sent:?}");
        let card = sent.json();
        assert_eq!(card["clean"], true);
        let tried = card["marks"].as_array().unwrap().len();
        let left_out = card["not_tried"].as_array().unwrap().len();
        assert_eq!(tried + left_out, 18, "{card}");
        assert_eq!(left_out, if scheme == "jupiter" { 4 } else { 0 }, "{card}");
    }
}

#[test]
fn what_the_user_may_not_expect_is_said() {
    let mut send = send(takes_everything(), "--secret-env S --id evt_1");
    let sent = send.of("perps-tracker", "secret").run();
    assert_eq!(sent.status, 0, "{sent:?}");
    assert!(sent.stderr.contains("the body's time, at `/created`, is written anew"), "{sent:?}");
    assert!(sent.stderr.contains("the first of the secrets only"), "{sent:?}");
    assert!(sent.stderr.contains("signs no id: `--id` is ignored"), "{sent:?}");
}

#[test]
fn a_time_that_no_signature_can_state_is_to_be_mended() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for time in [i64::MIN, i64::MAX] {
        for kind in ["", "--forge stale", "--forge future", "--forge tampered-timestamp"] {
            let words = format!("--timestamp {time} --repeat 1 {kind}");
            let sent = send(address, &words).of("stripe", "secret").run();
            assert!(!sent.stderr.contains("panicked"), "{words}: {sent:?}");
            assert!([1, 2].contains(&sent.status), "{words}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn one_kind_is_sent_alone_and_answered_as_it_should_be() {
    let mut serving = processes::jupiter("").await;
    for (kind, code) in [
        ("tampered-body", "signature_mismatch"),
        ("missing-signature", "missing_signature"),
        ("cut-body", "body_incomplete"),
    ] {
        let sent = send(serving.address(), &format!("--forge {kind}")).run();
        assert_eq!(sent.status, 0, "{kind}: {sent:?}");
        assert_eq!(serving.line().await["code"], code, "{kind}");
    }
    let stale = send(serving.address(), "--forge stale").run();
    assert_eq!(stale.status, 2);
    assert!(stale.stderr.contains("the scheme signs no time"), "{stale:?}");
}

#[test]
fn a_receiver_that_takes_everything_loses_its_marks_and_is_told_why() {
    let address = takes_everything();
    assert_eq!(send(address, "").run().status, 0);
    let card = send(address, "--forge all").run();
    assert_eq!(card.status, 1, "{card:?}");
    for said in ["tampered-body        LOST  200", "400, 401, 403", "could write any event"] {
        assert!(card.stdout.contains(said), "{said}: {}", card.stdout);
    }
    assert!(card.stdout.contains("14 attacks, 3 answered soundly"), "{}", card.stdout);
    let sent = send(address, "--forge wrong-secret --repeat 2").run();
    assert_eq!(sent.status, 1);
    assert!(sent.stdout.contains("expected 400, 401, 403"), "{sent:?}");
    assert!(sent.stdout.contains("2 x 200"), "{sent:?}");
}

#[test]
fn nobody_who_listens_is_an_answer_that_nobody_expects() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let sent = send(address, "--repeat 3").run();
    assert_eq!(sent.status, 1, "{sent:?}");
    assert!(sent.stdout.starts_with("unreachable  "), "{sent:?}");
    assert_eq!(sent.stderr.matches("cannot be reached").count(), 1, "{sent:?}");
}

#[test]
fn what_cannot_be_sent_is_to_be_mended() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for (words, said) in [
        ("--forge nonsense", "possible values"),
        ("--repeat 0", "--repeat"),
        ("--repeat 10001", "--repeat"),
        ("--concurrency 101", "--concurrency"),
        ("--rate 1001", "--rate"),
        ("--forge all --repeat 2", "`--forge all`"),
    ] {
        let sent = send(address, words).run();
        assert_eq!((sent.status, sent.stdout.as_str()), (2, ""), "{words}");
        assert!(sent.stderr.contains(said), "{words}: {sent:?}");
    }
    let mut elsewhere = send(address, "");
    elsewhere.to = "ftp://127.0.0.1/".to_owned();
    assert_eq!(elsewhere.run().status, 2);
}

#[tokio::test]
async fn nothing_that_is_printed_holds_the_secret_or_a_signature() {
    let serving = processes::jupiter("").await;
    for words in ["", "--json", "--forge all", "--forge all --json"] {
        let sent = send(serving.address(), words).run();
        let printed = format!("{}{}", sent.stdout, sent.stderr);
        assert!(!printed.contains(SECRET) && !printed.contains("whsec"), "{printed}");
        let longest = printed.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
        assert!(longest < Some(32), "{printed}");
    }
}

struct Sending {
    files: Files,
    to: String,
    scheme: &'static str,
    secret: String,
    words: String,
}

#[derive(Debug)]
struct Sent {
    status: i32,
    stdout: String,
    stderr: String,
}

/// A delivery of Jupiter's to this server, with more arguments.
fn send(to: SocketAddr, words: &str) -> Sending {
    Sending {
        files: Files::new("")
            .with("body", r#"{"event_id":"evt_1","id":"evt_1","signature":"a","created":1}"#),
        to: format!("http://{to}/hooks/jupiter"),
        scheme: "jupiter",
        secret: SECRET.to_owned(),
        words: words.to_owned(),
    }
}

impl Sending {
    fn of(&mut self, scheme: &'static str, secret: &str) -> &mut Self {
        self.scheme = scheme;
        secret.clone_into(&mut self.secret);
        self
    }

    fn run(&self) -> Sent {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["send", "--scheme", self.scheme, "--secret-env", "S", "--to", &self.to]);
        command.arg("--body").arg(self.files.path("body")).args(self.words.split_whitespace());
        let output = command.env("S", &self.secret).stdin(Stdio::null()).output().unwrap();
        Sent {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Sent {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Answers 200 to whatever begins to come, and ends with the test's process.
fn takes_everything() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut some = [0; 65536];
                let _ = stream.read(&mut some);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                while stream.read(&mut some).is_ok_and(|read| read > 0) {}
            });
        }
    });
    address
}

/// Text and base64 at once.
const BASE64: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
