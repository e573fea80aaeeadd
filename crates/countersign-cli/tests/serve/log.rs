//! The JSON log lines.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::deliveries::{Delivery, jupiter};
use crate::processes::{self, Files, OLD_SECRET, SECRET, Serving, configured};
use crate::target::Target;

#[tokio::test]
async fn deliveries_duplicates_and_forgeries_are_answered_and_printed_differently() {
    let mut serving = processes::jupiter("").await;
    let delivery = jupiter("evt_1");
    for (delivery, status, code, event, attempt) in [
        (delivery.clone(), 200, "handled", Some("evt_1"), Some(1)),
        (delivery.clone(), 200, "duplicate", Some("evt_1"), None),
        (delivery.clone().forged(), 401, "signature_mismatch", None, None),
    ] {
        let answered = delivery.send(serving.address()).await;
        assert_eq!((answered.status, &answered.body[..]), (status, &b""[..]), "{code}");
        let line = serving.line().await;
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = KEYS;
        expected.sort_unstable();
        assert_eq!(keys, expected);
        assert_eq!(line["endpoint"], "/hooks/jupiter");
        assert_eq!(line["status"], status);
        assert_eq!(line["code"], code);
        assert_eq!(line["event_id"].as_str(), event);
        assert_eq!(line["event_type"].as_str(), event.map(|_| "swap.completed"));
        assert_eq!(line["secret"].as_u64(), event.map(|_| 0));
        assert_eq!(line["attempt"].as_u64(), attempt);
        assert!(line["ms"].is_u64(), "{line}");
        assert_eq!(line["scheme"], "jupiter");
        let reason = line["reason"].as_str();
        assert_eq!(reason.is_some(), event.is_none(), "{line}");
        assert!(reason.is_none_or(|reason| reason.contains("does not match")), "{line}");
        let ts = line["ts"].as_str().unwrap();
        assert!(ts.len() == 24 && ts.starts_with("20") && ts.ends_with('Z'), "{ts}");
    }
}

const KEYS: [&str; 11] = [
    "attempt",
    "code",
    "endpoint",
    "event_id",
    "event_type",
    "ms",
    "reason",
    "scheme",
    "secret",
    "status",
    "ts",
];

#[tokio::test]
async fn a_line_names_the_matching_secret() {
    let mut serving = processes::jupiter("--secret-env OLD_SECRET").await;
    let body = r#"{"event_id":"evt_1","type":"t"}"#;
    let old = Delivery::signed("/hooks/jupiter", "jupiter", OLD_SECRET, body);
    assert_eq!(old.send(serving.address()).await.status, 200);
    assert_eq!(serving.line().await["secret"], 1);
}

#[tokio::test]
async fn bodies_are_printed_on_request_and_as_base64_if_they_are_not_text() {
    let mut serving = processes::jupiter("--show-body").await;
    let text = jupiter("evt_1");
    text.send(serving.address()).await;
    let line = serving.line().await;
    assert_eq!(line["body"].as_str().unwrap().as_bytes(), &text.body[..]);
    assert_eq!(line.get("body_base64"), None);

    let binary = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, &b"\xff\0"[..]);
    binary.send(serving.address()).await;
    let line = serving.line().await;
    assert_eq!(line["body_base64"], "/wA=");
    assert_eq!(line.get("body"), None);

    jupiter("evt_2").forged().send(serving.address()).await;
    let line = serving.line().await;
    assert_eq!((line.get("body"), line.get("body_base64")), (None, None));
}

#[tokio::test]
async fn neither_secret_nor_body_nor_signature_is_ever_printed() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = '{}'\n",
        target.url()
    ));
    let serving = configured(&files).await;
    let body = r#"{"event_id":"evt_1","type":"t","note":"canary of the body"}"#;
    let delivery = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body);
    let to = serving.address();
    let failed = tokio::spawn({
        let delivery = delivery.clone();
        async move { delivery.send(to).await.status }
    });
    target.call().await.answer(500);
    assert_eq!(failed.await.unwrap(), 500);
    assert_eq!(delivery.clone().forged().send(to).await.status, 401);
    serving.signal(Signal::TERM);
    let (status, said) = serving.ended().await;
    assert!(status.success(), "{said}");
    assert!(said.contains("handler_failed") && said.contains("signature_mismatch"), "{said}");
    let signature = &delivery.headers[0].1;
    for canary in [SECRET, "canary of the body", signature] {
        assert!(!said.contains(canary), "{said}");
    }
}

#[test]
fn an_output_that_discards_lines_is_rejected_if_printing_is_the_handler() {
    let words = "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET";
    let to = |path: &str| {
        let mut command = processes::command(words);
        command.stdout(File::options().write(true).open(path).unwrap());
        command
    };
    let mut closed = Command::new("sh");
    closed.args(["-c", r#"exec "$0" serve "$@" >&-"#, env!("CARGO_BIN_EXE_countersign")]);
    closed.args(words.split(' ')).env("SECRET", SECRET).stderr(Stdio::piped());
    let mut datagrams = processes::command(words);
    let (_unread, socket) = UnixDatagram::pair().unwrap();
    datagrams.stdout(Stdio::from(OwnedFd::from(socket)));
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut deleted = processes::command(words);
    deleted.stdout(file.reopen().unwrap());
    file.close().unwrap();
    for mut command in [to("/dev/null"), to("/dev/zero"), closed, datagrams, deleted] {
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            said += &line.unwrap();
            if said.contains("listening on") {
                child.kill().unwrap();
            }
        }
        assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
        for part in ["`/hooks/jupiter`: standard output is closed or the null device", "--forward"]
        {
            assert!(said.contains(part), "{said}");
        }
    }
}

#[tokio::test]
async fn without_a_log_reader_events_are_acknowledged_only_if_forwarded() {
    let target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = '{}'\n\
         [[endpoint]]\npath = '/printed'\nscheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\n",
        target.url()
    ));
    let mut command = processes::command("--config");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    command.arg(files.path("serve.toml")).stdout(Stdio::from(writer));
    let mut serving = Serving::start(command).await;
    let events = target.answer_all();

    let printed = Delivery { path: "/printed", ..jupiter("evt_1") };
    for _ in 0..2 {
        assert_eq!(printed.send(serving.address()).await.status, 503);
        assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    }
    assert_eq!(*events.borrow(), ["evt_1"]);
    let note = serving.note().await;
    assert!(note.contains("standard output"), "{note}");
    serving.signal(Signal::TERM);
    let (status, said) = serving.ended().await;
    assert!(status.success() && !said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn an_event_is_not_acknowledged_after_the_log_file_was_deleted() {
    let files = Files::new("").with("lines", "");
    let mut command = processes::command("--listen 127.0.0.1:0 --secret-env SECRET");
    let lines = File::options().append(true).open(files.path("lines")).unwrap();
    command.args(["--endpoint", "/hooks/jupiter=jupiter"]).stdout(Stdio::from(lines));
    let mut serving = Serving::start(command).await;
    assert_eq!(jupiter("evt_1").send(serving.address()).await.status, 200);
    std::fs::rename(files.path("lines"), files.path("lines.1")).unwrap();
    assert_eq!(jupiter("evt_2").send(serving.address()).await.status, 200);
    std::fs::remove_file(files.path("lines.1")).unwrap();
    for _ in 0..2 {
        assert_eq!(jupiter("evt_3").send(serving.address()).await.status, 503);
    }
    let note = serving.note().await;
    assert!(note.contains("its file was deleted"), "{note}");
}

#[tokio::test]
async fn a_stalled_log_reader_blocks_neither_deliveries_nor_shutdown() {
    let mut command = processes::command("--listen 127.0.0.1:0 --secret-env SECRET --endpoint");
    let (unread, writer) = std::io::pipe().unwrap();
    // Long lines fill the pipe sooner.
    let path: &'static str = format!("/{}", "a".repeat(2000)).leak();
    command.arg(format!("{path}=jupiter")).stdout(Stdio::from(writer));
    let serving = Serving::start(command).await;
    let forged = Delivery { path, ..jupiter("evt_1").forged() };
    for _ in 0..1_200 {
        assert_eq!(forged.send(serving.address()).await.status, 401);
    }
    serving.signal(Signal::TERM);
    let (status, said) = serving.ended().await;
    assert!(status.success(), "{said}");
    drop(unread);
}
