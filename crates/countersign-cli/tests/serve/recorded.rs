//! Captured deliveries that are sent again, a whole folder at once.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::deliveries::jupiter;
use crate::processes::{self, Files, SECRET};

#[tokio::test]
async fn a_folder_is_sent_in_order_of_time_and_each_line_names_its_file() {
    let files = Files::new("").with_folder("captures");
    let folder = files.path("captures");
    let words = format!("--capture {} --capture-rejected", folder.to_str().unwrap());
    let mut serving = processes::jupiter(&words).await;
    let mut captured = Vec::new();
    for (delivery, kind) in [
        (jupiter("evt_1"), "verified"),
        (jupiter("evt_1"), "verified"),
        (jupiter("evt_2"), "verified"),
        (jupiter("evt_3").forged(), "rejected"),
    ] {
        delivery.send(serving.address()).await;
        let line = serving.line().await;
        let name = line["capture"].as_str().unwrap().to_owned();
        assert!(name.contains(kind), "{line}");
        captured.push(name);
    }
    serving.signal(rustix::process::Signal::TERM);
    assert!(serving.ended().await.0.success());
    assert!(captured.iter().all(|name| folder.join(name).is_file()), "{captured:?}");
    std::fs::write(folder.join(".hidden.json"), "").unwrap();
    std::fs::write(folder.join("notes.txt"), "").unwrap();

    let mut other = processes::jupiter("").await;
    let to = format!("http://{}/hooks/jupiter", other.address());
    let sent = send(&to, &folder, &["--verbatim", "--json"]);
    assert_eq!(sent.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&sent.stdout).unwrap();
    let answers = report["answers"].as_array().unwrap().iter();
    let answers: Vec<(&str, u64)> = answers
        .map(|answer| (answer["file"].as_str().unwrap(), answer["answer"].as_u64().unwrap()))
        .collect();
    let files: Vec<&str> = captured.iter().map(String::as_str).collect();
    let expected = files.iter().copied().zip([200, 200, 200, 401]);
    assert_eq!(answers, expected.collect::<Vec<_>>());
    for (code, id) in [("handled", "evt_1"), ("duplicate", "evt_1"), ("handled", "evt_2")] {
        let line = other.line().await;
        assert_eq!((&line["code"], &line["event_id"]), (&code.into(), &id.into()));
    }
    assert_eq!(other.line().await["code"], "signature_mismatch");

    // Signed again, all of them verify.
    let sent = send(&to, &folder, &["--scheme", "jupiter", "--secret-env", "S"]);
    assert_eq!(sent.status.code(), Some(0));
    let rows = String::from_utf8(sent.stdout).unwrap();
    for (row, file) in rows.lines().zip(files) {
        assert!(row.starts_with("200  ") && row.ends_with(file), "{rows}");
    }
    assert!(rows.contains("\n4 x 200\n"), "{rows}");
}

#[test]
fn a_folder_without_requests_or_with_another_file_is_an_error() {
    let files = Files::new("").with_folder("empty").with_folder("other");
    std::fs::write(files.path("other").join("a.json"), "{}").unwrap();
    for (folder, words, said) in [
        ("empty", &["--verbatim"][..], "has no requests"),
        ("other", &["--verbatim"], "a.json"),
        ("other", &["--verbatim", "--repeat", "2"], "remove `--repeat`"),
    ] {
        let sent = send("http://127.0.0.1:9/", &files.path(folder), words);
        let stderr = String::from_utf8(sent.stderr).unwrap();
        assert!(sent.status.code() == Some(2) && stderr.contains(said), "{stderr}");
    }
}

fn send(to: &str, folder: &Path, words: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.args(["send", "--to", to, "--request"]).arg(folder).args(words);
    command.env("S", SECRET).output().unwrap()
}
