//! Cost by the number of endpoints of `countersign serve`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use countersign_benches::SECRET;

use crate::load::{self, Deliveries};
use crate::{grouped, memory};

pub(crate) fn print(is_full: bool) {
    println!(
        "`countersign serve` by the number of its endpoints, deliveries of 1 KiB to the last one:\n"
    );
    let Some(program) = std::env::var_os("COUNTERSIGN_PROGRAM").map(PathBuf::from) else {
        println!("not measured: set COUNTERSIGN_PROGRAM to the path of the program");
        return;
    };
    println!("| endpoints | ms until it is ready | resident memory | requests/s |");
    println!("| ---: | ---: | ---: | ---: |");
    let counts: &[usize] = if is_full { &[1, 10, 100, 1_000] } else { &[1] };
    let requests = if is_full { 30_000 } else { 160 };
    for (round, count) in counts.iter().enumerate() {
        let began = Instant::now();
        let folder = tempfile::tempdir().unwrap();
        let (mut child, address) = start(&program, *count, folder.path());
        let ready = began.elapsed().as_millis();
        let memory = memory::resident_of(child.id());
        let deliveries = Deliveries::signed(1024, requests, round);
        let rate = load::requests_per_second(address, &deliveries, load::CONNECTIONS);
        child.kill().unwrap();
        child.wait().unwrap();
        println!("| {} | {ready} | {} | {rate:.0} |", grouped(*count as u64), grouped(memory));
    }
}

/// The last endpoint is `/hook`. The events are written to a file: the program does not
/// start if nothing takes them.
fn start(program: &Path, count: usize, folder: &Path) -> (Child, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut file = format!("listen = \"{address}\"\n");
    for number in 0..count {
        let last = number + 1 == count;
        let path = if last { "/hook".to_owned() } else { format!("/hook-{number}") };
        write!(
            file,
            "[[endpoint]]\npath = \"{path}\"\nscheme = \"venum\"\nsecrets = [{{ env = \"BENCH\" }}]\n"
        )
        .unwrap();
    }
    let config = folder.join("serve.toml");
    fs::write(&config, file).unwrap();
    let mut child = Command::new(program)
        .args(["serve", "--config"])
        .arg(&config)
        .env("BENCH", SECRET)
        .stdout(File::create(folder.join("events.jsonl")).unwrap())
        .stderr(File::create(folder.join("log.jsonl")).unwrap())
        .spawn()
        .unwrap();
    for _ in 0..1_000 {
        if TcpStream::connect(address).is_ok() {
            return (child, address);
        }
        sleep(Duration::from_millis(10));
    }
    drop(child.kill());
    drop(child.wait());
    let log = fs::read_to_string(folder.join("log.jsonl")).unwrap_or_default();
    panic!("the program did not start: {log}");
}
