//! Runs the program as a server in tests.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

pub(crate) const SECRET: &str = "whsec_canary0123456789";
pub(crate) const OLD_SECRET: &str = "whsec_canary_of_last_year";

/// A running server. It is killed on drop.
pub(crate) struct Serving {
    child: Child,
    address: SocketAddr,
    stdout: UnboundedReceiver<String>,
    stderr: UnboundedReceiver<String>,
    said: Arc<Mutex<String>>,
}

/// `countersign serve` with these arguments, separated by spaces.
pub(crate) fn command(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
    command.arg("serve").args(words.split_whitespace());
    command.env("SECRET", SECRET).env("OLD_SECRET", OLD_SECRET).env_remove("NOT_SET");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A server with the endpoint `/hooks/jupiter`, and further arguments.
pub(crate) async fn jupiter(words: &str) -> Serving {
    let endpoint = "--listen 127.0.0.1:0 --endpoint /hooks/jupiter=jupiter --secret-env SECRET";
    Serving::start(command(&format!("{endpoint} {words}"))).await
}

/// A server with this configuration file.
pub(crate) async fn configured(files: &Files) -> Serving {
    let mut command = command("--config");
    command.arg(files.path("serve.toml"));
    Serving::start(command).await
}

impl Serving {
    pub(crate) async fn start(command: Command) -> Self {
        Self::start_with_banner(command).await.0
    }

    /// The server, and its lines on standard error before the last line of the banner.
    pub(crate) async fn start_with_banner(mut command: Command) -> (Self, Vec<String>) {
        let mut child = command.spawn().unwrap();
        let said = Arc::default();
        let stdout = match child.stdout.take() {
            Some(stdout) => lines(stdout, &said),
            None => unbounded_channel().1,
        };
        let stderr = lines(child.stderr.take().unwrap(), &said);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut serving = Self { child, address, stdout, stderr, said };
        let mut before = Vec::new();
        serving.address = loop {
            let line = serving.note().await;
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.parse().unwrap();
            }
            before.push(line);
        };
        (serving, before)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next line of JSON.
    #[track_caller]
    pub(crate) fn line(&mut self) -> impl Future<Output = Value> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let line = timeout(PATIENCE, self.stdout.recv()).await;
            let line = line.unwrap_or_else(|_| panic!("{caller}: no line"));
            serde_json::from_str(&line.expect("the server runs")).unwrap()
        }
    }

    /// Whether a line of JSON has been read and not yet been taken.
    pub(crate) fn has_line(&mut self) -> bool {
        !self.stdout.is_empty()
    }

    /// The next line on standard error.
    pub(crate) async fn note(&mut self) -> String {
        let line = timeout(PATIENCE, self.stderr.recv()).await.expect("a line on standard error");
        line.unwrap_or_else(|| panic!("the program has exited: {}", self.said.lock().unwrap()))
    }

    /// The id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the exit. Returns the status and all output.
    pub(crate) async fn ended(mut self) -> (ExitStatus, String) {
        let wait = async {
            while self.stderr.recv().await.is_some() {}
            while self.stdout.recv().await.is_some() {}
        };
        timeout(PATIENCE, wait).await.expect("the program exits");
        let status = self.child.wait().unwrap();
        let said = self.said.lock().unwrap().clone();
        (status, said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // This fails if the process has exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(
    output: impl Read + Send + 'static,
    said: &Arc<Mutex<String>>,
) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    let said = Arc::clone(said);
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            *said.lock().unwrap() += &format!("{line}\n");
            let _ = sender.send(line);
        }
    });
    receiver
}

/// A temporary folder with files, removed on drop.
pub(crate) struct Files(TempDir);

impl Files {
    pub(crate) fn new(config: &str) -> Self {
        Self(TempDir::new().unwrap()).with("serve.toml", config)
    }

    pub(crate) fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), contents).unwrap();
        self
    }

    pub(crate) fn with_folder(self, name: &str) -> Self {
        std::fs::create_dir(self.path(name)).unwrap();
        self
    }

    pub(crate) fn path(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.0.path().join(name.as_ref())
    }
}

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
