//! Several processes: two on one file, one that is killed, and one that may not
//! write.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStderr, Command, Stdio};

use tokio::task::JoinSet;

use super::*;

/// The processes that these tests start run this test alone.
#[test]
fn a_child_process_does_what_its_parent_wants() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let path = std::env::var_os(PATH).unwrap();
    let config = SqliteConfig::new(path).with_deadline(PATIENT).with_lock_timeout(PATIENT);
    if role == "open" {
        return eprintln!("{:?}", SqliteStore::open_with(config).unwrap_err());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = SqliteStore::open_with(config).unwrap();
    eprintln!("ready");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    match role.as_str() {
        "claim each event" => runtime.block_on(claim_each(store)),
        "write until killed" => runtime.block_on(write(store)),
        "fill the disk" => runtime.block_on(fill(&store)),
        role => panic!("no role: {role}"),
    }
}

const ROLE: &str = "COUNTERSIGN_TEST_ROLE";
const PATH: &str = "COUNTERSIGN_TEST_PATH";
const CHILD: [&str; 3] =
    ["sqlite::processes::a_child_process_does_what_its_parent_wants", "--exact", "--nocapture"];

/// The events that two processes claim.
const SHARED: usize = 500;

async fn claim_each(store: SqliteStore) {
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            for id in (0..SHARED).map(|id| (id + task * SHARED / 8) % SHARED) {
                let outcome = store.claim(&event(&id.to_string()), &attempt()).await.unwrap();
                if outcome == FIRST {
                    eprintln!("granted {id}");
                }
            }
        });
    }
    tasks.join_all().await;
}

/// Prints each event after it was claimed, and after it was completed.
async fn write(store: SqliteStore) {
    let mut tasks = JoinSet::new();
    let process = std::process::id();
    for task in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for number in 0.. {
                let (id, holder) = (format!("{process}-{task}-{number}"), attempt());
                assert_eq!(store.claim(&event(&id), &holder).await.unwrap(), FIRST);
                eprintln!("claimed {id}");
                store.complete(&event(&id), &holder).await.unwrap();
                eprintln!("done {id}");
            }
        });
    }
    tasks.join_all().await;
}

/// Claims until no file of this process can grow.
async fn fill(store: &SqliteStore) {
    let (done, holder) = (event("done"), attempt());
    store.complete(&done, &holder).await.unwrap();
    for id in 0.. {
        match store.claim(&event(&id.to_string()), &holder).await {
            Ok(outcome) => assert_eq!(outcome, FIRST),
            Err(error) => {
                eprintln!("{:?} {:?}", error.effect(), cause(&error));
                break;
            }
        }
    }
    // A step that writes nothing does not fail.
    eprintln!("{:?}", store.claim(&done, &holder).await.unwrap());
    eprintln!("{:?}", store.probe().await.map_err(|error| cause(&error).clone()));
}

struct Process {
    child: Child,
    lines: BufReader<ChildStderr>,
}

impl Process {
    fn start(command: &mut Command, role: &str, file: &File) -> Self {
        command.env(ROLE, role).env(PATH, &file.path);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { child, lines }
    }

    fn test(role: &str, file: &File) -> Self {
        let mut process = Self::start(Command::new(this_test()).args(CHILD), role, file);
        assert_eq!(process.line(), "ready");
        process
    }

    fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// The rest of its lines, after it has ended. A line that is cut off is left out.
    fn rest(mut self) -> Vec<String> {
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap();
        let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(str::to_owned).collect()
    }
}

fn this_test() -> std::path::PathBuf {
    std::env::current_exe().unwrap()
}

#[test]
fn two_processes_on_one_file_grant_each_event_once() {
    let file = File::new();
    let mut processes = [(); 2].map(|()| Process::test("claim each event", &file));
    processes.iter_mut().for_each(Process::go);
    let mut granted: Vec<usize> = Vec::new();
    for process in processes {
        for line in process.rest() {
            granted.push(
                line.strip_prefix("granted ").unwrap_or_else(|| panic!("{line}")).parse().unwrap(),
            );
        }
    }
    granted.sort_unstable();
    assert!(granted.iter().copied().eq(0..SHARED), "{granted:?}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill_9() {
    let file = File::new();
    for round in 0..4 {
        let mut process = Process::test("write until killed", &file);
        process.go();
        let mut acknowledged: HashMap<String, bool> = HashMap::new();
        let mut note = |line: &str| match line.split_once(' ').unwrap() {
            ("claimed", id) => drop(acknowledged.entry(id.to_owned()).or_default()),
            ("done", id) => drop(acknowledged.insert(id.to_owned(), true)),
            _ => panic!("{line}"),
        };
        for _ in 0..400 + 100 * round {
            note(&process.line());
        }
        process.child.kill().unwrap();
        process.rest().iter().for_each(|line| note(line));

        let store = file.open();
        for (id, was_completed) in &acknowledged {
            let outcome = store.claim(&event(id), &attempt()).await.unwrap();
            let kept = is_done(&outcome) || (!was_completed && is_in_flight(&outcome));
            assert!(kept, "{id}, completed: {was_completed}: {outcome:?}");
        }
        assert_eq!(store.claim(&event(&round.to_string()), &attempt()).await.unwrap(), FIRST);
        drop(store);
    }
    let check = "PRAGMA integrity_check";
    let check: String = file.connect().query_row(check, [], |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

/// The limit has the same effect as a disk that has no room, with another error of
/// the operating system.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_is_an_error_and_what_it_has_is_still_known() {
    let file = File::new();
    let script = r#"trap '' XFSZ; ulimit -f 400; exec "$0" "$@""#;
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).arg(this_test()).args(CHILD);
    let mut process = Process::start(&mut shell, "fill the disk", &file);
    assert_eq!(process.line(), "ready");
    process.go();
    let lines = process.rest();
    let [failed, done, probed] = &lines[..] else { panic!("{lines:?}") };
    assert!(failed.starts_with("Unknown Io") || failed.starts_with("NotApplied Full"), "{failed}");
    assert!(done.starts_with("Done"), "{done}");
    assert!(probed.starts_with("Err(Io") || probed.contains("Full"), "{probed}");
}

/// Permissions do not apply to root, so root starts the process as another user.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let file = File::new();
    drop(file.open());
    file.closed().await;
    let folder = file.path.parent().unwrap();
    let is_root = std::fs::metadata(folder).unwrap().uid() == 0;
    set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    set_permissions(&file.path, Permissions::from_mode(0o444)).unwrap();

    // That user may not be able to reach the path of this test.
    let path = if is_root { "/proc/self/exe".into() } else { this_test() };
    let mut command = Command::new(path);
    command.args(CHILD).current_dir("/");
    if is_root {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    let lines = Process::start(&mut command, "open", &file).rest();
    let [error] = &lines[..] else { panic!("{lines:?}") };
    assert!(error.starts_with("the store's file is read-only for this user"), "{error}");
}

#[cfg(unix)]
const UNPRIVILEGED: u32 = 65_534;
