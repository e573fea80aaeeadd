//! Processes of servers that reject root.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// A folder that the server's user owns.
pub(crate) fn folder() -> TempDir {
    // Not the folder of the environment, which may lie in root's home.
    let folder = TempDir::new_in("/tmp").expect("a temporary folder can be made");
    if let Some((uid, gid)) = user(folder.path()) {
        chown(folder.path(), Some(uid), Some(gid)).expect("root may change the owner");
    }
    folder
}

/// Writes a file that only the server's user can read.
pub(crate) fn write(folder: &Path, name: &str, contents: &str) {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join(name);
    fs::write(&file, contents).expect("the folder is ours");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the file is ours");
    let owner = fs::metadata(folder).expect("the folder exists");
    chown(&file, Some(owner.uid()), Some(owner.gid())).expect("it has this owner, or we are root");
}

/// A command of the user that owns this folder.
pub(crate) fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    // The current folder may be one that the user cannot enter.
    command.current_dir(folder).env("LC_ALL", "C");
    let (owner, own) = (fs::metadata(folder).expect("the folder exists"), own_uid());
    if owner.uid() != own {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

/// A server that ends together with this process, however it ends.
///
/// It is the child of a shell that reads from this process. If this process ends, the shell kills
/// the server and deletes its folder. So a server may be in a `static`, which is never dropped.
pub(crate) struct ServerProcess {
    shell: Child,
    /// Dropped as soon as the server has to end.
    input: Option<ChildStdin>,
    server: Pid,
}

impl ServerProcess {
    /// Starts a server, and waits for the line with which it is ready. On failure returns its
    /// output.
    pub(crate) fn start(
        program: &Path,
        args: &[String],
        folder: &Path,
        ready: &str,
    ) -> Result<Self, String> {
        let mut shell = command(Path::new("/bin/sh"), folder)
            .args(["-c", SHELL, "sh"])
            .arg(folder)
            .arg(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let input = shell.stdin.take();
        let lines = lines(shell.stderr.take().expect("stderr is piped"));
        let mut printed = String::new();
        let mut server = None;
        let end = Instant::now() + START;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) if server.is_none() => {
                    let pid = line.parse().ok().and_then(Pid::from_raw);
                    server = Some(pid.expect("the shell prints the process id"));
                }
                Ok(line) if line.contains(ready) => {
                    let server = server.expect("it was read first");
                    return Ok(Self { shell, input, server });
                }
                Ok(line) => printed.extend(["\n", &line]),
                Err(_) => {
                    end_shell(&mut shell, input, server);
                    return Err(printed);
                }
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.server, signal).expect("our own process takes signals");
        if signal == Signal::STOP {
            self.wait_until_stopped();
        }
    }

    /// One thread takes the signal and stops the others, which run until then.
    fn wait_until_stopped(&self) {
        let tasks = format!("/proc/{}/task", self.server.as_raw_nonzero());
        let is_running = |task: &fs::DirEntry| {
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            status.lines().any(|line| line.starts_with("State:") && !line.contains("(stopped)"))
        };
        // Other systems have no such folder.
        while fs::read_dir(&tasks).into_iter().flatten().flatten().any(|task| is_running(&task)) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        end_shell(&mut self.shell, self.input.take(), Some(self.server));
    }
}

/// Kills the server, and waits until it has ended. Its folder stays.
fn end_shell(shell: &mut Child, input: Option<ChildStdin>, server: Option<Pid>) {
    if let Some(server) = server {
        // Fails if it has already ended.
        let _ = kill_process(server, Signal::KILL);
    }
    if let Some(mut input) = input {
        let _ = input.write_all(b"keep the folder\n");
    }
    let _ = shell.wait();
}

/// The first argument is the folder, the rest is the command. The command does not read the input
/// of the shell, because it runs in the background.
const SHELL: &str = r#"folder=$1; shift
"$@" & server=$!
echo $server >&2
if ! read -r _; then forget=yes; fi
kill -KILL $server 2>/dev/null; wait $server 2>/dev/null
if [ "$forget" ]; then cd /; rm -rf "$folder"; fi"#;

/// Reads all lines, even if they are not consumed, because a server whose output pipe is full would
/// hang.
fn lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// The user and group of the server, if this process belongs to root.
fn user(folder: &Path) -> Option<(u32, u32)> {
    let owner = fs::metadata(folder).expect("the folder exists").uid();
    if owner != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("there are users");
    let ids = |name: &str| {
        let mut fields = users.lines().find(|line| line.starts_with(name))?.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres:").or_else(|| ids("nobody:")).expect("a user `nobody`"))
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

const START: Duration = Duration::from_secs(30);
