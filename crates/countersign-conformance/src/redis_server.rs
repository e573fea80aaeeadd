//! A Redis of a test's own.

use std::env;
use std::fmt;
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A `redis-server` on a free port of the loopback, with a folder of its own.
/// It is killed when this is dropped, by a panic too. Where the environment
/// variable `COUNTERSIGN_REDIS_SERVER` names another program, such as a
/// `valkey-server`, that one is started.
///
/// Everything here panics where it does not succeed, for a test cannot go on
/// without.
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    args: Vec<String>,
    ready: &'static str,
    /// None while it is down.
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server with these arguments, as on the command line:
    /// `&["--appendonly", "yes"]`. It takes no snapshots unless they say so.
    ///
    /// # Panics
    ///
    /// Where there is no `redis-server`, or it does not start.
    #[must_use]
    pub fn start(args: &[&str]) -> Self {
        let mut all = vec!["--save", ""];
        all.extend(args);
        Self::start_any(all.into_iter().map(str::to_owned).collect(), "Ready to accept")
    }

    /// Starts a sentinel that watches `primary` under this name, and takes it
    /// for dead when it has been silent for `down_after`. `quorum` is how many
    /// sentinels have to agree.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_sentinel(primary: &Self, name: &str, quorum: u32, down_after: Duration) -> Self {
        let down_after = down_after.as_millis().to_string();
        let (port, quorum) = (primary.port.to_string(), quorum.to_string());
        let args = [
            &["--sentinel", "monitor", name, LOOPBACK, &port, &quorum][..],
            &["--sentinel", "down-after-milliseconds", name, &down_after],
            &["--sentinel", "failover-timeout", name, "2000"],
        ];
        let args = args.concat().into_iter().map(str::to_owned);
        Self::start_any([SENTINEL.to_owned()].into_iter().chain(args).collect(), "+monitor")
    }

    fn start_any(args: Vec<String>, ready: &'static str) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let mut server = Self { folder, port: 0, args, ready, process: None };
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            if server.launch().is_ok() {
                return server;
            }
        }
        let output = server.launch().expect_err("it has just failed, and fails again");
        panic!("redis-server does not start: {output}");
    }

    /// Starts the server again after [`kill9`](Self::kill9), on the same port,
    /// in the same folder.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    pub fn restart(&mut self) {
        self.kill9();
        if let Err(output) = self.launch() {
            panic!("redis-server does not start again: {output}");
        }
    }

    /// Kills the server by SIGKILL, if it runs.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It fails where the process has ended by itself.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Stops the server by SIGSTOP: its connections stay open, and it does not
    /// answer.
    ///
    /// # Panics
    ///
    /// Where it does not run.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a stopped server go on, by SIGCONT.
    ///
    /// # Panics
    ///
    /// Where it does not run.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("the server runs");
        kill_process(Pid::from_child(process), signal).expect("our own process takes signals");
    }

    /// `redis://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{LOOPBACK}:{}", self.port)
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What `redis-cli` with these arguments prints.
    ///
    /// # Panics
    ///
    /// Where it fails.
    #[must_use]
    pub fn cli(&self, args: &[&str]) -> String {
        let port = self.port.to_string();
        let output =
            Command::new("redis-cli").args(["-h", LOOPBACK, "-p", &port]).args(args).output();
        let output = output.unwrap_or_else(|error| panic!("redis-cli: {error}. {MISSING}"));
        assert!(
            output.status.success(),
            "redis-cli {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// The error is what the server has printed.
    fn launch(&mut self) -> Result<(), String> {
        let program = env::var_os("COUNTERSIGN_REDIS_SERVER");
        let mut command = Command::new(program.unwrap_or_else(|| "redis-server".into()));
        if self.args.first().is_some_and(|first| first == SENTINEL) {
            // A sentinel keeps its state in its file.
            let file = self.folder.path().join("sentinel.conf");
            if !file.exists() {
                std::fs::write(&file, "").expect("the folder is ours");
            }
            command.arg(file);
        }
        let process = command
            .args(["--port", &self.port.to_string(), "--bind", LOOPBACK, "--dir"])
            .arg(self.folder.path())
            .args(&self.args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn();
        let mut process = match process {
            Ok(process) => process,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                panic!("there is no redis-server. {MISSING}")
            }
            Err(error) => panic!("redis-server: {error}"),
        };
        let output = process.stdout.take().expect("it was asked for");
        self.process = Some(process);
        let mut printed = String::new();
        // The lines end where the process does.
        let lines = lines(output);
        loop {
            match lines.recv_timeout(START) {
                Ok(line) if line.contains(self.ready) => return Ok(()),
                Ok(line) => printed.extend(["\n", &line]),
                Err(_) => {
                    self.kill9();
                    return Err(printed);
                }
            }
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill9();
    }
}

impl fmt::Debug for RedisServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisServer").field("url", &self.url()).field("args", &self.args).finish()
    }
}

/// Reads them all, even if nobody takes them: a server whose output is full
/// would hang.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A port that nobody has now, nor gets for an outgoing connection; nor the one
/// 10,000 above, on which the servers of a cluster talk.
fn free_port() -> u16 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    loop {
        let random = RandomState::new().build_hasher().finish();
        let port = FIRST_PORT + u16::try_from(random % PORTS).expect("there are that many ports");
        let is_free = |port| TcpListener::bind((LOOPBACK, port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}

const LOOPBACK: &str = "127.0.0.1";
const SENTINEL: &str = "--sentinel";
const ATTEMPTS: u32 = 5;
const START: Duration = Duration::from_secs(20);
const FIRST_PORT: u16 = 12_000;
const PORTS: u64 = 10_000;
const MISSING: &str = "`cargo xtask test` installs it";
