//! Limits on the lines that are queued for printing.

#[cfg(unix)]
use std::net::UdpSocket;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::{UnixDatagram, UnixStream};

use countersign::{Secret, Signer, Verifier, schemes};
use serde_json::Value;

use super::*;

/// A log whose lines stay queued until the test reads them.
fn unwritten() -> (Log, Receiver<Entry>) {
    let (queue, entries) = sync_channel(MAX_LINES);
    let bodies = PrintedBodies {
        queued: Arc::default(),
        hidden: Arc::new(KnownSecrets::new()),
        is_hidden_reported: Arc::default(),
    };
    let (dropped, format, bodies) = (Arc::default(), Format::Json, Some(bodies));
    let log = Log { queue, dropped, format, bodies, ring: None };
    (log, entries)
}

fn verified(body: String) -> Verified {
    let scheme = schemes::jupiter();
    let secret = || Secret::new("the secret").unwrap();
    let headers = Signer::new(scheme.clone(), secret()).unwrap();
    let headers = headers.sign_with(&[("content-type", "application/json")], body.as_bytes());
    let verifier = Verifier::new(scheme, secret()).unwrap().with_body_limit(64 * 1024 * 1024);
    verifier.verify(&headers.unwrap(), body).unwrap()
}

fn line(verified: &Verified) -> Line<'_> {
    Line {
        endpoint: Some("/hooks"),
        scheme: Some("jupiter"),
        verified: Some(verified),
        ..Line::new("handled", 200, Instant::now())
    }
}

fn parsed(entry: &Entry) -> Value {
    serde_json::from_str(&entry.text).unwrap()
}

/// A mebibyte of a character that JSON writes in six bytes.
fn grown() -> Verified {
    verified(format!(r#"{{"event_id":"evt_1","pad":"{}"}}"#, "\u{7f}".repeat(1024 * 1024)))
}

#[tokio::test]
async fn a_body_that_contains_a_secret_is_not_printed() {
    let (log, entries) = unwritten();
    log.bodies.as_ref().unwrap().hidden.add(&Secret::new("a token of the endpoint").unwrap());
    let shown = verified(r#"{"event_id":"evt_1"}"#.to_owned());
    let hidden = verified(r#"{"event_id":"evt_2","token":"a token of the endpoint"}"#.to_owned());
    log.print(&line(&shown));
    log.print(&line(&hidden));
    // Printing would handle the event, and its reader needs the body.
    assert!(!log.print_now(&line(&hidden), std::future::pending()).await);
    let lines: Vec<Value> = entries.try_iter().map(|entry| parsed(&entry)).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["body"], r#"{"event_id":"evt_1"}"#);
    assert_eq!((&lines[1]["body"], &lines[1]["body_dropped"]), (&Value::Null, &true.into()));
}

#[tokio::test]
async fn queued_bodies_have_a_byte_limit_and_lines_without_bodies_are_kept() {
    let (log, entries) = unwritten();
    let verified = grown();
    for _ in 0..100 {
        log.print(&line(&verified));
    }
    let waiting: Vec<Entry> = entries.try_iter().collect();
    assert_eq!((waiting.len(), log.dropped.load(Ordering::Relaxed)), (100, 0));
    let bytes: usize = waiting.iter().map(|entry| entry.text.capacity()).sum();
    assert!(bytes <= MAX_BODY_BYTES + 100 * 1024, "{bytes}");
    let (whole, dropped): (Vec<Value>, Vec<Value>) =
        waiting.iter().map(parsed).partition(|line| line.get("body_dropped").is_none());
    assert!(!whole.is_empty() && whole.iter().all(|line| line["body"].is_string()));
    for line in dropped {
        assert_eq!((&line["event_id"], &line["body_dropped"]), (&"evt_1".into(), &true.into()));
        assert_eq!(line.get("body"), Some(&Value::Null));
    }
    // Written lines free their room.
    drop(waiting);
    log.print(&line(&verified));
    assert!(parsed(&entries.try_recv().unwrap())["body"].is_string());
}

#[tokio::test]
async fn a_line_whose_print_settles_the_event_always_has_the_body() {
    let (log, entries) = unwritten();
    let verified = grown();
    log.print(&line(&verified));
    assert!(!log.print_now(&line(&verified), std::future::pending()).await);
    assert_eq!(log.dropped.load(Ordering::Relaxed), 1);
    assert_eq!(entries.try_iter().count(), 1);
}

#[tokio::test]
async fn a_line_above_the_limit_is_printed_if_the_queue_is_empty() {
    let (log, entries) = unwritten();
    let pad = "a".repeat(MAX_BODY_BYTES);
    let large = verified(format!(r#"{{"event_id":"evt_1","pad":"{pad}"}}"#));
    let writer = thread::spawn(move || {
        let mut out = Vec::new();
        write_all(LineWriter::new(&mut out), &entries, &AtomicU64::new(0));
        out
    });
    for _ in 0..2 {
        while !log.print_now(&line(&large), std::future::pending()).await {}
    }
    drop(log);
    let out = writer.join().unwrap();
    assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 2);
}

#[test]
fn a_long_id_and_a_long_type_are_digests() {
    let long = "a".repeat(100_000);
    let verified = verified(format!(r#"{{"event_id":"{long}","type":"{long}"}}"#));
    let text = json::line(&line(&verified), &ShownBody::Nothing);
    assert!(text.len() < 1000, "{} bytes", text.len());
    let line: Value = serde_json::from_str(&text).unwrap();
    for key in ["event_id", "event_type"] {
        assert!(line[key].as_str().unwrap().starts_with("sha256:"), "{key}");
    }
}

#[cfg(unix)]
#[test]
fn a_device_that_is_not_a_terminal_may_discard_and_a_file_and_a_pipe_do_not() {
    for device in ["/dev/null", "/dev/zero", "/dev/full"] {
        // On other systems than Linux, some are missing.
        if let Ok(device) = File::options().write(true).open(device) {
            assert!(may_discard(&device).unwrap());
        }
    }
    let (_reader, writer) = io::pipe().unwrap();
    assert!(!may_discard(&File::from(OwnedFd::from(writer))).unwrap());
    assert!(!may_discard(tempfile::NamedTempFile::new().unwrap().as_file()).unwrap());
}

#[cfg(unix)]
#[test]
fn a_deleted_file_and_a_socket_for_datagrams_may_discard_and_a_connection_does_not() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let deleted = file.reopen().unwrap();
    file.close().unwrap();
    assert!(may_discard(&deleted).unwrap());

    let is_discarding = |socket: OwnedFd| may_discard(&File::from(socket)).unwrap();
    let (_one, other) = UnixDatagram::pair().unwrap();
    assert!(is_discarding(other.into()));
    assert!(is_discarding(UdpSocket::bind("127.0.0.1:0").unwrap().into()));
    let (_one, other) = UnixStream::pair().unwrap();
    assert!(!is_discarding(other.into()));
}

#[cfg(target_os = "linux")]
#[test]
fn the_controlling_side_of_a_pseudoterminal_may_discard() {
    let device = File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    assert!(may_discard(&device).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_that_this_program_reads_itself_is_rejected_and_another_is_not() {
    use std::os::fd::AsRawFd;

    let file = |end: OwnedFd| File::from(end);
    let (reader, writer) = io::pipe().unwrap();
    let both_ways = format!("/proc/self/fd/{}", writer.as_raw_fd());
    let both_ways = File::options().read(true).write(true).open(both_ways).unwrap();
    let (reader, writer) = (file(reader.into()), file(writer.into()));
    let (other_reader, _other_writer) = io::pipe().unwrap();
    let other = file(other_reader.into());
    assert!(is_read_here(&both_ways, &other).unwrap());
    assert!(is_read_here(&writer, &reader).unwrap());
    assert!(!is_read_here(&writer, &other).unwrap());
    let regular = tempfile::tempfile().unwrap();
    assert!(!is_read_here(&regular, &regular).unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_socket_that_is_connected_to_itself_is_rejected_and_another_is_not() {
    let input = tempfile::tempfile().unwrap();
    let is_rejected = |socket: OwnedFd| is_read_here(&File::from(socket), &input).unwrap();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let own = socket.local_addr().unwrap();
    let itself = socket.connect(own).await.unwrap().into_std().unwrap();
    assert!(is_rejected(itself.into()));

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert!(!is_rejected(client.into()));
    let (_one, other) = UnixStream::pair().unwrap();
    assert!(!is_rejected(other.into()));
}
