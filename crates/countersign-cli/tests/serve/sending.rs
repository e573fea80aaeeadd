//! `countersign send` against correct and faulty receivers.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::{Secret, Verifier, schemes};
use serde_json::{Value, json};

use crate::processes::{self, Files, SECRET};
use crate::target::Target;

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
async fn repeated_sends_are_answered_and_their_spread_is_shown() {
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
async fn serve_passes_every_attack() {
    for scheme in ["jupiter", "venum", "perps-tracker", "standardwebhooks"] {
        let words =
            format!("--listen 127.0.0.1:0 --endpoint /hooks/jupiter={scheme} --secret-env SECRET");
        let mut command = processes::command(&words);
        command.env("SECRET", BASE64);
        let serving = processes::Serving::start(command).await;
        let mut send = send(serving.address(), "--attack all --json");
        let sent = send.of(scheme, BASE64).run();
        assert_eq!(sent.status, 0, "{scheme}: {sent:?}");
        let card = sent.json();
        assert_eq!(card["clean"], true);
        let tried = card["marks"].as_array().unwrap().len();
        let left_out = card["not_tried"].as_array().unwrap().len();
        assert_eq!(tried + left_out, 21, "{card}");
        assert_eq!(left_out, if scheme == "jupiter" { 4 } else { 0 }, "{card}");
    }
}

#[test]
fn unexpected_changes_are_noted() {
    let mut send = send(takes_everything(), "--secret-env S --id evt_1");
    let sent = send.of("perps-tracker", "secret").run();
    assert_eq!(sent.status, 0, "{sent:?}");
    assert!(sent.stderr.contains("the body's time, at `/created`, is updated"), "{sent:?}");
    assert!(sent.stderr.contains("with the first secret only"), "{sent:?}");
    assert!(sent.stderr.contains("signs no id: `--id` is ignored"), "{sent:?}");
}

#[test]
fn an_extreme_timestamp_is_no_panic() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for time in [i64::MIN, i64::MAX] {
        for kind in ["", "--attack stale", "--attack future", "--attack tampered-timestamp"] {
            let words = format!("--timestamp {time} --repeat 1 {kind}");
            let sent = send(address, &words).of("stripe", "secret").run();
            assert!(!sent.stderr.contains("panicked"), "{words}: {sent:?}");
            assert!([1, 2].contains(&sent.status), "{words}: {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_single_attack_is_sent_and_rejected_with_its_code() {
    let mut serving = processes::jupiter("").await;
    for (kind, code) in [
        ("tampered-body", "signature_mismatch"),
        ("missing-signature", "missing_signature"),
        ("cut-body", "body_incomplete"),
    ] {
        let sent = send(serving.address(), &format!("--attack {kind}")).run();
        assert_eq!(sent.status, 0, "{kind}: {sent:?}");
        assert_eq!(serving.line().await["code"], code, "{kind}");
    }
    let stale = send(serving.address(), "--attack stale").run();
    assert_eq!(stale.status, 2);
    assert!(stale.stderr.contains("the scheme signs no timestamp"), "{stale:?}");
}

#[test]
fn a_receiver_that_accepts_everything_fails_with_explanations() {
    let address = takes_everything();
    assert_eq!(send(address, "").run().status, 0);
    let card = send(address, "--attack all").run();
    assert_eq!(card.status, 1, "{card:?}");
    for said in ["tampered-body        LOST  200", "400, 401, 403", "could forge any event"] {
        assert!(card.stdout.contains(said), "{said}: {}", card.stdout);
    }
    assert!(card.stdout.contains("17 attacks, 3 passed"), "{}", card.stdout);
    assert!(!card.stdout.contains("5xx"), "{}", card.stdout);
    let sent = send(address, "--attack wrong-secret --repeat 2").run();
    assert_eq!(sent.status, 1);
    assert!(sent.stdout.contains("expected 400, 401, 403"), "{sent:?}");
    assert!(sent.stdout.contains("2 x 200"), "{sent:?}");
}

#[test]
fn a_receiver_that_crashes_at_every_attack_fails_because_500_is_no_rejection() {
    let address = answers_in_turn(&["200 OK", "500 Internal Server Error"]);
    let card = send(address, "--attack all").run();
    assert_eq!(card.status, 1, "{card:?}");
    assert!(card.stdout.contains("17 attacks, 1 passed"), "{}", card.stdout);
    assert!(card.stdout.contains("A 5xx is not a rejection"), "{}", card.stdout);
}

#[test]
fn results_that_responses_cannot_show_are_listed_for_a_manual_check() {
    let words = "--timestamp 1760000000999 --attack all";
    let card = send(takes_everything(), words).run();
    for said in [
        "replay               ok*   200 / 200",
        "* responses cannot show this: check",
        "  replay: …replay_1760000000999\n",
        "  changed-unsigned-id: …changed-unsigned-id_1760000000999\n",
    ] {
        assert!(card.stdout.contains(said), "{said}: {}", card.stdout);
    }
    let json = send(takes_everything(), &format!("{words} --json")).run().json();
    let marks = json["marks"].as_array().unwrap();
    let event = |kind| &marks.iter().find(|mark| mark["attack"] == kind).unwrap()["event"];
    assert_eq!(event("replay"), "replay_1760000000999");
    assert_eq!(event("genuine"), &Value::Null);
}

#[test]
fn for_a_scheme_without_a_signed_id_the_report_says_that_events_are_handled_twice() {
    let card = send(takes_everything(), "--attack all").of("github", SECRET).run();
    assert!(card.stdout.contains("* the scheme signs no id"), "{}", card.stdout);
    assert!(!card.stdout.contains("handled each of these events once"), "{}", card.stdout);
}

#[test]
fn an_unreachable_receiver_fails_the_command() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let sent = send(address, "--repeat 3").run();
    assert_eq!(sent.status, 1, "{sent:?}");
    assert!(sent.stdout.starts_with("unreachable  "), "{sent:?}");
    assert_eq!(sent.stderr.matches("cannot be reached").count(), 1, "{sent:?}");
}

#[test]
fn invalid_send_options_are_errors() {
    let address = SocketAddr::from(([127, 0, 0, 1], 9));
    for (words, said) in [
        ("--attack nonsense", "possible values"),
        ("--repeat 0", "--repeat"),
        ("--repeat 10001", "--repeat"),
        ("--concurrency 101", "--concurrency"),
        ("--rate 1001", "--rate"),
        ("--attack all --repeat 2", "`--attack all`"),
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
async fn a_request_that_is_signed_again_keeps_its_id_and_loses_its_old_signature() {
    let mut target = Target::start().await;
    for (scheme, headers, body) in [
        ("github", json!({ "X-Hub-Signature-256": ["sha256=00", "sha256=01"] }), "{}"),
        ("stripe", json!({ "stripe-signature": "t=1,v1=00", "x-twice": ["1", "2"] }), "{}"),
        ("slack", json!({ "X-Slack-Signature": "v0=00", "x-slack-request-timestamp": "1" }), "{}"),
        (
            "svix",
            json!({
                "svix-id": "msg_own",
                "Svix-Timestamp": "1",
                "svix-signature": "v1,AA==",
                "webhook-id": "msg_other",
                "webhook-timestamp": "1",
                "webhook-signature": "v1,AA==",
            }),
            "{}",
        ),
        (
            "perps-tracker",
            json!({ "X-Webhook-Signature": "00" }),
            r#"{"z":1.50, "created":1,"id":"evt_1"}"#,
        ),
    ] {
        let request = json!({
            "method": "POST",
            "url": "https://a.example/x",
            "headers": headers,
            "body_base64": STANDARD.encode(body),
        });
        let files = Files::new("").with("request.json", request.to_string());
        for id in [None, Some("msg_given")] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
            command.args(["send", "--scheme", scheme, "--secret-env", "S", "--to", &target.url()]);
            command.arg("--request").arg(files.path("request.json")).env("S", BASE64);
            command.args(id.iter().flat_map(|id| ["--id", id]));
            let sent = tokio::task::spawn_blocking(move || command.output().unwrap());
            let call = target.call().await;
            let (head, body) = (call.request.headers().clone(), call.request.body().clone());
            call.answer(200);
            assert!(sent.await.unwrap().status.success(), "{scheme}");

            let headers: Vec<(&str, &str)> =
                head.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
            let secret = Secret::new(BASE64).unwrap();
            let verifier = Verifier::new(schemes::named(scheme).unwrap(), secret).unwrap();
            let verified = verifier.verify(&headers, body);
            assert!(verified.is_ok(), "{scheme}: {verified:?}");
            assert!(headers.iter().all(|(_, value)| !value.contains("AA==")), "{headers:?}");
            match scheme {
                "svix" => {
                    assert_eq!(head["svix-id"], id.unwrap_or("msg_own"));
                    assert!(!head.contains_key("webhook-id"), "{headers:?}");
                }
                "stripe" => assert_eq!(head.get_all("x-twice").iter().count(), 2),
                _ => {}
            }
        }
    }
}

#[test]
fn verbatim_requires_a_file_and_conflicts_with_options_that_change_it() {
    let files = Files::new("").with("body", "{}");
    let verbatim = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(["send", "--verbatim", "--to", "http://127.0.0.1:9/"]).args(words);
        let output = command.current_dir(files.path("")).env("S", SECRET).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {stderr}");
        stderr
    };
    for words in [
        &["--scheme", "stripe"][..],
        &["--secret-env", "S"],
        &["--secret-file", "body"],
        &["--id", "a"],
        &["--timestamp", "1"],
        &["--attack", "stale"],
    ] {
        let said = verbatim(&[&["--request", "request.json"], words].concat());
        assert!(said.contains(words[0]) && said.contains("cannot be used with"), "{said}");
    }
    assert!(verbatim(&["--body", "body"]).contains("cannot be used with '--body <FILE>'"));
    assert!(verbatim(&[]).contains("--request <FILE>"));
    assert!(verbatim(&["--request", "no-such"]).contains("cannot be read"));

    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["send", "--to", "http://127.0.0.1:9/", "--body"]).arg(files.path("body"));
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("--scheme <SCHEME>"), "{said}");
    command.args(["--scheme", "stripe"]);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("`--secret-env`"), "{said}");
}

#[tokio::test]
async fn the_output_never_contains_the_secret_or_a_signature() {
    let serving = processes::jupiter("").await;
    for words in ["", "--json", "--attack all", "--attack all --json"] {
        let sent = send(serving.address(), words).run();
        let printed = format!("{}{}", sent.stdout, sent.stderr);
        assert!(!printed.contains(SECRET) && !printed.contains("whsec"), "{printed}");
        let longest = printed.split(|c: char| !c.is_ascii_hexdigit()).map(str::len).max();
        assert!(longest < Some(32), "{printed}");
    }
}

pub(crate) struct Sending {
    files: Files,
    to: String,
    scheme: &'static str,
    secret: String,
    words: String,
}

#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Sends a delivery of Jupiter to this server, with further arguments.
pub(crate) fn send(to: SocketAddr, words: &str) -> Sending {
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
    pub(crate) fn of(&mut self, scheme: &'static str, secret: &str) -> &mut Self {
        self.scheme = scheme;
        secret.clone_into(&mut self.secret);
        self
    }

    pub(crate) fn run(&self) -> Sent {
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
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

fn takes_everything() -> SocketAddr {
    answers_in_turn(&["200 OK"])
}

/// Answers each connection with the next of these statuses, the last one again and again, until the
/// test's process ends.
pub(crate) fn answers_in_turn(statuses: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for (turn, stream) in listener.incoming().enumerate() {
            let status = statuses[turn.min(statuses.len() - 1)];
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut some = [0; 65536];
                let _ = stream.read(&mut some);
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
                while stream.read(&mut some).is_ok_and(|read| read > 0) {}
            });
        }
    });
    address
}

/// Valid as text and as base64.
const BASE64: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
