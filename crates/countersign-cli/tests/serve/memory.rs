//! The memory use of the program is bounded.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::processes::{Files, Serving, configured};

/// 256 concurrent bodies that decode to 256 MiB in total, in 300 KB of traffic.
#[tokio::test]
async fn a_flood_of_bodies_that_decode_to_much_more_stays_within_the_budget() {
    let files = Files::new(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/q'\nscheme = 'quicknode'\n\
         secrets = [{ env = 'SECRET' }]\n",
    );
    let serving = configured(&files).await;
    let before = resident_kib(&serving, "VmRSS");
    let bomb = bomb();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let mut client = TcpStream::connect(serving.address()).await.unwrap();
        client.write_all(&bomb).await.unwrap();
        clients.push(client);
    }
    let mut busy = 0;
    for mut client in clients {
        let mut status = [0; 12];
        timeout(PATIENCE, client.read_exact(&mut status)).await.unwrap().unwrap();
        busy += usize::from(&status == b"HTTP/1.1 503");
    }
    let grown = resident_kib(&serving, "VmHWM") - before;
    assert!(busy > 0, "no more than the budget was asked for");
    assert!(grown <= BUDGET_KIB * 3 / 2, "{grown} KiB more than at the start");
}

/// A request without the last byte of its body.
fn bomb() -> Vec<u8> {
    let mut body = GzEncoder::new(Vec::new(), Compression::best());
    body.write_all(&vec![0; 1024 * 1024 - 1]).unwrap();
    let body = body.finish().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let head = format!(
        "POST /q HTTP/1.1\r\nhost: h\r\nx-qn-nonce: {}\r\nx-qn-timestamp: {now}\r\n\
         x-qn-signature: {}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        "a".repeat(32),
        "0".repeat(64),
        body.len() + 1,
    );
    [head.as_bytes(), &body].concat()
}

fn resident_kib(serving: &Serving, what: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(what)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

const CLIENTS: usize = 256;
/// The default budget.
const BUDGET_KIB: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(20);
