//! Unread output and files that cannot grow do not block the server.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

use http::Request;
use http_body_util::Full;
use rustix::process::{Pid, Signal, kill_process};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::deliveries::{jupiter, send};
use crate::processes::{self, Files, PATIENCE, Serving};

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_blocked_stderr_blocks_neither_deliveries_nor_health_nor_shutdown() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = closed.local_addr().unwrap();
    drop(closed);
    let mut command = processes::command(&format!(
        "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET --forward \
         http://{target}/in"
    ));
    let (mut unread, writer) = std::io::pipe().unwrap();
    command.stderr(writer.try_clone().unwrap()).stdout(Stdio::null());
    let mut server = Killed(command.spawn().unwrap());
    let to = loop {
        if let Some(address) = line(&mut unread).strip_prefix("listening on http://") {
            break address.parse().unwrap();
        }
    };
    fill(&writer);

    // This request causes a note.
    assert_eq!(jupiter("evt_1").send(to).await.status, 503);
    assert_eq!(jupiter("evt_1").forged().send(to).await.status, 401);
    let health = Request::get(format!("http://{to}/healthz")).body(Full::default());
    assert_eq!(send(health.unwrap()).await.status, 200);
    for _ in 0..400 {
        kill_process(Pid::from_child(&server.0), Signal::HUP).unwrap();
        assert_eq!(jupiter("evt_1").forged().send(to).await.status, 401);
    }
    kill_process(Pid::from_child(&server.0), Signal::TERM).unwrap();
    let ended = timeout(PATIENCE, spawn_blocking(move || server.0.wait().unwrap())).await;
    assert_eq!(ended.expect("the program exits").unwrap().code(), Some(0));
    drop((unread, writer));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_abandoned_line_is_never_printed_and_a_started_one_counts() {
    let files = Files::new(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{ env = 'SECRET' }]\nack_deadline = '1s'\nhandler_timeout = '300ms'\n",
    );
    let mut command = processes::command("--config");
    let (reader, writer) = std::io::pipe().unwrap();
    command.arg(files.path("serve.toml")).stdout(writer.try_clone().unwrap());
    let serving = Serving::start(command).await;
    let to = serving.address();
    fill(&writer);
    drop(writer);
    // The writer is blocked in the first line. The second line is queued, and times out.
    assert_eq!(jupiter("evt_begun").send(to).await.status, 503);
    assert_eq!(jupiter("evt_given_up").send(to).await.status, 503);

    let lines = spawn_blocking(move || {
        let lines = BufReader::new(reader).lines().map_while(Result::ok);
        let lines = lines.filter(|line| line.starts_with('{'));
        let lines = lines.map(|line| serde_json::from_str::<serde_json::Value>(&line).unwrap());
        let handled = lines.filter(|line| line["code"] == "handled");
        handled.map(|line| format!("{} {}", line["event_id"], line["attempt"])).collect::<Vec<_>>()
    });
    // Once the pipe is read, both are answered: the first is completed, the second is handled now.
    for id in ["evt_begun", "evt_given_up"] {
        while jupiter(id).send(to).await.status != 200 {}
    }
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
    let handled = timeout(PATIENCE, lines).await.expect("the program has exited").unwrap();
    assert_eq!(handled[0], "\"evt_begun\" 1");
    // It may have timed out any number of times while the pipe was emptied.
    assert!(handled.len() == 2 && handled[1].starts_with("\"evt_given_up\" "), "{handled:?}");
    assert_ne!(handled[1], "\"evt_given_up\" 1");
}

#[tokio::test]
async fn a_failed_capture_stops_neither_the_program_nor_the_delivery() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut command = Command::new("sh");
    // In blocks of 512 or 1024 bytes.
    command.args(["-c", "ulimit -f 8; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_countersign")]);
    command.args(["serve", "--listen", "127.0.0.1:0", "--endpoint", "/hooks/jupiter=jupiter"]);
    command.args(["--secret-env", "SECRET", "--capture"]).arg(folder.path());
    command.env("SECRET", processes::SECRET);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut serving = Serving::start(command).await;
    let large = jupiter(&"a".repeat(60_000));
    assert_eq!(large.send(serving.address()).await.status, 200);
    while !serving.note().await.contains("cannot be captured") {}
    assert_eq!(jupiter("evt_2").send(serving.address()).await.status, 200);
    while !serving.note().await.contains("captured again") {}
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files(), 1);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0.code(), Some(0));
}

/// Fills a pipe with empty lines, as another process that shares it.
#[cfg(target_os = "linux")]
fn fill(pipe: &PipeWriter) {
    const O_NONBLOCK: i32 = 0o4000;
    let own = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    let mut own = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(own).unwrap();
    for lines in [&[b'\n'; 4096][..], b"\n"] {
        loop {
            match own.write(lines) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Reads the next line, and no byte more.
fn line(pipe: &mut PipeReader) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while byte != *b"\n" {
        pipe.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap().trim_end().to_owned()
}

/// A process that is killed on drop.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
