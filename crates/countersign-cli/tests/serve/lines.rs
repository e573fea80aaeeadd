//! Standard output in non-blocking mode, which another program that shares it may have set.
#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::deliveries::Delivery;
use crate::processes::{Files, PATIENCE, SECRET, Serving, command};

#[tokio::test]
async fn a_blocked_output_is_awaited_and_every_line_is_readable() {
    let files = Files::new(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{ env = 'SECRET' }]\nack_deadline = '18s'\n",
    );
    let (reader, writer) = std::io::pipe().unwrap();
    let mut output = non_blocking(&writer);
    drop(writer);
    fill(&mut output);
    let mut command = command("--show-body --config");
    command.arg(files.path("serve.toml")).stdout(output);
    let serving = Serving::start(command).await;
    let to = serving.address();

    let mut first = tokio::spawn(async move { large(0).send(to).await.status });
    tokio::select! {
        answered = &mut first => panic!("{answered:?}, and its line could not be written"),
        () = sleep(Duration::from_secs(1)) => {}
    }
    let lines = spawn_blocking(move || {
        let lines = BufReader::new(reader).lines().map(Result::unwrap);
        let lines = lines.filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_str::<Value>(&line).expect(&line));
        lines.collect::<Vec<_>>()
    });
    assert_eq!(first.await.unwrap(), 200);
    let mut senders = JoinSet::new();
    for event in 1..EVENTS {
        senders.spawn(async move { large(event).send(to).await.status });
    }
    assert!(senders.join_all().await.iter().all(|status| *status == 200));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));

    let lines = timeout(PATIENCE, lines).await.expect("the program has exited").unwrap();
    let mut ids: Vec<&str> = lines.iter().map(|line| line["event_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let expected: Vec<String> = (0..EVENTS).map(|event| format!("evt_{event}")).collect();
    assert_eq!(ids, expected);
    assert!(lines.iter().all(|line| line["code"] == "handled" && line["body"].is_string()));
}

/// A third of the capacity of a pipe.
fn large(event: usize) -> Delivery {
    let pad = "a".repeat(20_000);
    let body = format!(r#"{{"event_id":"evt_{event}","type":"t","pad":"{pad}"}}"#);
    Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body)
}

/// The same pipe, opened again.
fn non_blocking(pipe: &PipeWriter) -> File {
    const O_NONBLOCK: i32 = 0o4000;
    let own = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(own).unwrap()
}

/// Fills the pipe with empty lines.
fn fill(output: &mut File) {
    for lines in [&[b'\n'; 4096][..], b"\n"] {
        loop {
            match output.write(lines) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

const EVENTS: usize = 8;
