//! `countersign send --attack all`, and what follows a delivery that is not accepted.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::processes::{self, Files, SECRET};
use crate::sending::{answers_in_turn, send};

#[test]
fn a_receiver_that_does_not_accept_a_genuine_delivery_is_not_attacked() {
    for (status, said) in [
        ("401 Unauthorized", "check the scheme, the secret and the URL"),
        ("404 Not Found", "no endpoint at this path"),
        ("500 Internal Server Error", "its log has the reason"),
        ("302 Found", "redirected"),
    ] {
        let card = send(answers_in_turn(leaked(status)), "--attack all").run();
        assert_eq!((card.status, card.stdout.as_str()), (2, ""), "{card:?}");
        let number = status.split(' ').next().unwrap();
        assert!(card.stderr.contains(&format!("answered {number}")), "{card:?}");
        assert!(card.stderr.contains(said) && card.stderr.contains("No attack"), "{card:?}");
        let is_rejection = number == "401";
        assert_eq!(card.stderr.contains("countersign diagnose"), is_rejection, "{card:?}");
    }
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let card = send(closed, "--attack all --json").run();
    assert_eq!((card.status, card.stdout.as_str()), (2, ""), "{card:?}");
    assert!(card.stderr.contains("cannot be reached"), "{card:?}");
}

#[test]
fn a_run_against_a_hanging_receiver_ends_after_one_delivery() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let card = send(listener.local_addr().unwrap(), "--attack all").run();
    assert_eq!((card.status, card.stdout.as_str()), (2, ""), "{card:?}");
    assert!(card.stderr.contains("did not answer a genuine delivery in time"), "{card:?}");
}

#[test]
fn only_failed_attacks_are_explained() {
    let card = send(answers_in_turn(&["200 OK"]), "--attack all").run();
    assert_eq!(card.status, 1, "{card:?}");
    let (rows, rest) = card.stdout.split_once("\nWhat failed, and why it matters:\n").unwrap();
    assert_eq!(rows.lines().count(), 18, "{rows}");
    assert!(rest.contains("  wrong-secret         a delivery signed with another secret\n"));
    assert!(!rest.contains("a delivery as its provider sends it"), "{rest}");
    assert!(rest.contains("\nNot run:\n  tampered-timestamp "), "{rest}");
}

#[tokio::test]
async fn the_results_are_written_for_a_ci_server() {
    let serving = processes::jupiter("").await;
    let files = Files::new("");
    for (to, status, failed) in [(serving.address(), 0, 0), (answers_in_turn(&["200 OK"]), 1, 14)] {
        let (junit, sarif) = (files.path("junit.xml"), files.path("a.sarif"));
        let words = format!(
            "--attack all --junit {} --sarif {}",
            junit.to_str().unwrap(),
            sarif.to_str().unwrap()
        );
        let sent = send(to, &words).run();
        assert_eq!(sent.status, status, "{sent:?}");
        let xml = std::fs::read_to_string(junit).unwrap();
        let counts = format!("tests=\"21\" failures=\"{failed}\" errors=\"0\" skipped=\"4\"");
        assert!(xml.contains(&counts), "{xml}");
        assert_eq!(xml.matches("<testcase ").count(), 21, "{xml}");
        assert_eq!(xml.matches("<failure ").count(), failed, "{xml}");
        let sarif = serde_json::from_slice(&std::fs::read(sarif).unwrap());
        let sarif: serde_json::Value = sarif.unwrap();
        assert_eq!(sarif["version"], "2.1.0");
        let run = &sarif["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 17);
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), failed, "{sarif}");
        assert!(results.iter().all(|result| result["level"] == "error"));
    }
    let sent = send(serving.address(), "--attack stale --junit x.xml").run();
    assert!(sent.status == 2 && sent.stderr.contains("need `--attack all`"), "{sent:?}");
    let sent = send(serving.address(), "--attack all --junit no-such/x.xml").run();
    assert!(sent.status == 2 && sent.stderr.contains("no-such/x.xml` cannot be"), "{sent:?}");
}

#[test]
fn the_report_of_a_receiver_that_is_not_attacked_has_the_genuine_delivery() {
    let files = Files::new("");
    let junit = files.path("junit.xml");
    let words = format!("--attack all --junit {}", junit.to_str().unwrap());
    let to = answers_in_turn(&["401 Unauthorized"]);
    let sent = send(to, &words).run();
    assert_eq!(sent.status, 2, "{sent:?}");
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(xml.contains("name=\"genuine\"") && xml.contains("response 401"), "{xml}");
}

#[test]
fn a_rejected_delivery_shows_the_command_that_diagnoses_it() {
    let to = answers_in_turn(&["401 Unauthorized"]);
    let sent = send(to, "").run();
    assert_eq!(sent.status, 1, "{sent:?}");
    let command =
        "  countersign diagnose --scheme jupiter \\\n    --secret-env S --request REQUEST.json\n";
    assert!(sent.stderr.contains(command), "{sent:?}");
    let accepted = send(answers_in_turn(&["200 OK"]), "").run();
    assert!(!accepted.stderr.contains("diagnose"), "{accepted:?}");
    let forged = send(to, "--attack wrong-secret").run();
    assert!(forged.status == 0 && !forged.stderr.contains("diagnose"), "{forged:?}");

    let request = r#"{"method":"POST","headers":{},"body_base64":"e30="}"#;
    let files = Files::new("").with("request.json", request);
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["send", "--verbatim", "--to", &format!("http://{to}/"), "--request"]);
    let output = command.arg(files.path("request.json")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--scheme SCHEME") && said.contains("/request.json"), "{said}");
}

#[test]
fn send_prints_the_same_notes_as_sign() {
    let to = answers_in_turn(&["200 OK"]);
    let encoded = send(to, "-H content-encoding:gzip").run();
    assert!(encoded.stderr.contains("unsupported_encoding (status 415)"), "{encoded:?}");
    let timed = send(to, "--timestamp 1760000000000").run();
    assert!(timed.stderr.contains("signs no time: `--timestamp` is ignored"), "{timed:?}");
    let old = send(to, "--timestamp 1760000000000").of("stripe", SECRET).run();
    assert_eq!(old.stderr, "", "{old:?}");
}

#[tokio::test]
async fn a_sample_event_needs_no_file() {
    let mut serving = processes::jupiter("").await;
    for words in ["--sample", "--sample --attack all"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        let to = format!("http://{}/hooks/jupiter", serving.address());
        command.args(["send", "--scheme", "jupiter", "--secret-env", "S", "--to", &to]);
        command.args(words.split(' ')).env("S", SECRET).stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words}: {output:?}");
    }
    let line = serving.line().await;
    assert_eq!(line["code"], "handled", "{line}");
    assert!(line["event_id"].as_str().unwrap().len() > 8, "{line}");
}

fn leaked(status: &'static str) -> &'static [&'static str] {
    Box::leak(Box::new([status]))
}
