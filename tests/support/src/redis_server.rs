//! A Redis server for one test.

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

/// A `redis-server` on a free port of the loopback interface, with a separate
/// folder.
///
/// It is killed when this is dropped, also by a panic. If the environment
/// variable `COUNTERSIGN_REDIS_SERVER` names another program, such as a
/// `valkey-server`, that program is started.
///
/// All functions here panic on failure, because a test cannot continue without
/// the server.
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    args: Vec<String>,
    ready: &'static str,
    /// `None` while the server is down.
    process: Option<Child>,
}

impl RedisServer {
    /// Starts a server with these arguments, as on the command line:
    /// `&["--appendonly", "yes"]`. It takes no snapshots unless the arguments
    /// enable them.
    ///
    /// # Panics
    ///
    /// Panics if there is no `redis-server`, or if it does not start.
    #[must_use]
    pub fn start(args: &[&str]) -> Self {
        let mut all = vec!["--save", ""];
        all.extend(args);
        Self::start_any(all.into_iter().map(str::to_owned).collect(), "Ready to accept")
    }

    /// Starts a sentinel that monitors `primary` under this name. The sentinel
    /// considers the primary down after `down_after` of silence. `quorum` is
    /// the number of sentinels that must agree.
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
        let output = server.launch().expect_err("it has just failed");
        panic!("redis-server does not start: {output}");
    }

    /// Restarts the server, after [`kill9`](Self::kill9) or while it runs, on
    /// the same port and in the same folder.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn restart(&mut self) {
        self.kill9();
        if let Err(output) = self.launch() {
            panic!("redis-server does not start again: {output}");
        }
    }

    /// Kills the server with SIGKILL, if it is running.
    pub fn kill9(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Fails if the process has already ended.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// Stops the server with SIGSTOP: its connections stay open, but it does
    /// not respond.
    ///
    /// # Panics
    ///
    /// Panics if it is not running.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Continues a stopped server with SIGCONT.
    ///
    /// # Panics
    ///
    /// Panics if it is not running.
    pub fn cont(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("the server is running");
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

    /// The server's port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The output of `redis-cli` with these arguments.
    ///
    /// # Panics
    ///
    /// Panics if the command fails.
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

    /// On failure returns the server's output.
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
        let output = process.stdout.take().expect("stdout is piped");
        self.process = Some(process);
        let mut printed = String::new();
        // The channel closes when the process ends.
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

/// Reads all lines, even if they are not consumed, because a server whose
/// output pipe is full would hang.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A port that is free and outside of the range for outgoing connections. The
/// port 10,000 above is free too: the servers of a cluster use it among
/// themselves.
pub(crate) fn free_port() -> u16 {
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

pub(crate) const LOOPBACK: &str = "127.0.0.1";
const SENTINEL: &str = "--sentinel";
const ATTEMPTS: u32 = 5;
const START: Duration = Duration::from_secs(20);
const FIRST_PORT: u16 = 12_000;
const PORTS: u64 = 10_000;
const MISSING: &str = "`cargo xtask test` installs it";
