//! A Postgres server for tests.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::redis_server::{LOOPBACK, free_port};
use crate::unprivileged::{self, ServerProcess};

/// A Postgres server on a free port of the loopback interface, with a separate data folder. It does
/// not touch the databases of the machine.
///
/// The user `postgres` needs no password. A member of the role `secret` needs one.
///
/// It is killed when this is dropped, and when this process ends. All functions here panic on
/// failure, because a test cannot continue without the server.
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    args: Vec<String>,
    /// `None` while the server is down.
    process: Option<ServerProcess>,
}

impl PostgresServer {
    /// Starts a server with these arguments, as on the command line: `&["-c", "fsync=on"]`. Without
    /// that argument it does not sync.
    ///
    /// # Panics
    ///
    /// Panics if Postgres is not installed, or does not start.
    #[must_use]
    pub fn start(args: &[&str]) -> Self {
        let folder = unprivileged::folder();
        initialise(folder.path());
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let mut server = Self { folder, port: 0, args, process: None };
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            if server.launch().is_ok() {
                let _ = server.psql("CREATE ROLE secret");
                return server;
            }
        }
        let output = server.launch().expect_err("it has just failed");
        panic!("postgres does not start: {output}");
    }

    /// Restarts the server, after [`kill9`](Self::kill9) or while it runs, on the same port and in
    /// the same folder.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn restart(&mut self) {
        self.kill9();
        let mut output = String::new();
        for _ in 0..ATTEMPTS {
            match self.launch() {
                Ok(()) => return,
                // The processes of the killed server may still be using its memory.
                Err(printed) => output = printed,
            }
            thread::sleep(BETWEEN_ATTEMPTS);
        }
        panic!("postgres does not start again: {output}");
    }

    /// Kills the server with SIGKILL, if it is running.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Stops the server with SIGSTOP, together with the processes of its connections: they stay
    /// open, but none responds.
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
        for child in children(self.folder.path()) {
            // It may have ended in the meantime.
            let _ = rustix::process::kill_process(child, signal);
        }
        process.signal(signal);
    }

    /// `postgres://postgres@127.0.0.1:port/postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL for this user, with a password if needed: `shop:password`.
    #[must_use]
    pub fn url_of(&self, user: &str) -> String {
        format!("postgres://{user}@{}/postgres", self.address())
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

    /// Writes a file into the data folder, for settings such as `ssl_cert_file`.
    pub fn write(&self, name: &str, contents: &str) {
        unprivileged::write(&data(self.folder.path()), name, contents);
    }

    /// The output of `psql` for these statements, as the superuser `postgres`.
    ///
    /// # Panics
    ///
    /// Panics if they fail.
    #[must_use]
    pub fn psql(&self, statements: &str) -> String {
        let output = Command::new(program("psql"))
            .args(["-h", LOOPBACK, "-p", &self.port.to_string(), "-U", "postgres"])
            .args(["-d", "postgres", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"])
            .args(["-c", statements])
            .output()
            .unwrap_or_else(|error| panic!("psql: {error}. {MISSING}"));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "psql {statements:?}: {error}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// On failure returns the server's output.
    fn launch(&mut self) -> Result<(), String> {
        let args: Vec<String> = ["-D", "data", "-p", &self.port.to_string()]
            .into_iter()
            .chain(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .map(str::to_owned)
            .chain(self.args.iter().cloned())
            .collect();
        let postgres = program("postgres");
        let started = ServerProcess::start(&postgres, &args, self.folder.path(), READY)?;
        self.process = Some(started);
        Ok(())
    }
}

impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresServer")
            .field("url", &self.url())
            .field("args", &self.args)
            .finish_non_exhaustive()
    }
}

/// Creates the data folder.
fn initialise(folder: &Path) {
    let output = unprivileged::command(&program("initdb"), folder)
        .args(["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"])
        .args(["--no-locale", "--no-sync"])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("initdb: {error}. {MISSING}"));
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    unprivileged::write(&data(folder), "pg_hba.conf", USERS);
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

/// The processes of the server's connections.
fn children(folder: &Path) -> Vec<rustix::process::Pid> {
    let pid_file = std::fs::read_to_string(data(folder).join("postmaster.pid"));
    let pid_file = pid_file.expect("the server is running");
    let postmaster = pid_file.lines().next().unwrap_or_default();
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let output = output.unwrap_or_else(|error| panic!("ps: {error}"));
    let children = String::from_utf8_lossy(&output.stdout);
    let child = |line: &str| {
        let (pid, parent) = line.trim().split_once(' ')?;
        let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
        pid.filter(|_| parent.trim() == postmaster)
    };
    children.lines().filter_map(child).collect()
}

/// A program of Postgres. Distributions keep them outside of the PATH, in a folder for each
/// version.
fn program(name: &str) -> PathBuf {
    let on_path = env::split_paths(&env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(name))
        // The wrapper of Debian, which cannot be used with another server's folder, is `psql` only.
        .find(|file| file.is_file());
    if let Some(folder) = env::var_os("COUNTERSIGN_POSTGRES_BIN") {
        return PathBuf::from(folder).join(name);
    }
    let versions = FOLDERS.iter().flat_map(|(parent, bin)| {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        entries.map(|entry| entry.path().join(bin).join(name)).collect::<Vec<_>>()
    });
    let newest = versions.filter(|file| file.is_file()).max_by_key(|file| version(file));
    newest.or(on_path).unwrap_or_else(|| panic!("there is no `{name}` of Postgres. {MISSING}"))
}

/// The number in a path such as `/usr/lib/postgresql/15/bin/postgres`.
fn version(file: &Path) -> u32 {
    let text = file.to_string_lossy();
    let numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.filter_map(|number| number.parse().ok()).max().unwrap_or(0)
}

/// The folders of Debian, of Fedora and Alpine, and of Homebrew.
const FOLDERS: [(&str, &str); 5] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr", "bin"),
    ("/usr/libexec", ""),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

const USERS: &str = "host all +secret 127.0.0.1/32 scram-sha-256\n\
                     host all all 127.0.0.1/32 trust\n";

const SETTINGS: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "max_connections=300",
    "shared_buffers=32MB",
    "max_wal_size=256MB",
    "timezone=UTC",
];

const READY: &str = "ready to accept connections";
const ATTEMPTS: u32 = 20;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(100);
const MISSING: &str = "`cargo xtask test` installs it";
