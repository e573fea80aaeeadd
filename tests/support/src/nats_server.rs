//! A NATS server for tests.

use std::env;
use std::fmt;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::redis_server::{LOOPBACK, free_port};
use crate::unprivileged::{self, ServerProcess};

/// A `nats-server` with JetStream on a free port of the loopback interface, with a separate folder.
///
/// It is killed when this is dropped, and when this process ends.
pub struct NatsServer {
    /// `None` while the server is down. Before the folder, which it uses.
    process: Option<ServerProcess>,
    folder: TempDir,
    port: u16,
}

impl NatsServer {
    /// Starts a server.
    ///
    /// # Panics
    ///
    /// Panics if it is not installed, or does not start.
    #[must_use]
    pub fn start() -> Self {
        let mut server = Self { process: None, folder: unprivileged::folder(), port: 0 };
        let mut output = String::new();
        for _ in 0..ATTEMPTS {
            server.port = free_port();
            match server.launch() {
                Ok(()) => return server,
                Err(printed) => output = printed,
            }
        }
        panic!("nats-server does not start: {output}");
    }

    /// Restarts the server, after [`kill9`](Self::kill9) or while it runs, on the same port and in
    /// the same folder.
    ///
    /// # Panics
    ///
    /// Panics if it does not start.
    pub fn restart(&mut self) {
        self.kill9();
        if let Err(output) = self.launch() {
            panic!("nats-server does not start again: {output}");
        }
    }

    /// Kills the server with SIGKILL, if it is running.
    pub fn kill9(&mut self) {
        self.process = None;
    }

    /// Stops the server with SIGSTOP: its connections stay open, but it does not respond.
    ///
    /// # Panics
    ///
    /// Panics if it is not running.
    pub fn stop(&self) {
        self.process.as_ref().expect("the server is running").signal(Signal::STOP);
    }

    /// Continues a stopped server with SIGCONT.
    ///
    /// # Panics
    ///
    /// Panics if it is not running.
    pub fn cont(&self) {
        self.process.as_ref().expect("the server is running").signal(Signal::CONT);
    }

    /// `nats://127.0.0.1:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", self.address())
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{LOOPBACK}:{}", self.port)
    }

    fn launch(&mut self) -> Result<(), String> {
        let folder = self.folder.path();
        let args = ["-a", LOOPBACK, "-p", &self.port.to_string(), "-js", "-sd", "."];
        let args = args.map(str::to_owned);
        let process = ServerProcess::start(&program(), &args, folder, "Server is ready")?;
        self.process = Some(process);
        Ok(())
    }
}

impl fmt::Debug for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsServer").field("url", &self.url()).finish_non_exhaustive()
    }
}

/// It may be in a folder for administrators.
fn program() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut programs = folders.map(|folder| folder.join("nats-server"));
    programs
        .find(|program| program.is_file())
        .expect("there is no nats-server: `cargo xtask test` installs it")
}

const ATTEMPTS: u32 = 5;
