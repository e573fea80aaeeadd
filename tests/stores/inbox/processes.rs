//! Processes that are killed with SIGKILL between the statements of a transaction.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

use countersign_sqlite::SqliteInbox;

use super::sqlite::{Database, book, connect};
use super::*;

/// The statements of a delivery. The process stops after each of them.
const STATEMENTS: [&str; 4] = ["begin", "claim", "effect", "commit"];

/// The processes that these tests start run this test alone.
#[test]
fn a_child_process_handles_an_event_step_by_step() {
    let Ok(path) = std::env::var(PATH) else { return };
    let event = std::env::var(EVENT).unwrap();
    let connection = connect(path.as_ref());
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    stop_after("begin");
    let claim = SqliteInbox::new(settings()).claim(&connection, &delivery(&event)).unwrap();
    assert_eq!(claim, InboxClaim::First);
    stop_after("claim");
    book(&connection, &event);
    stop_after("effect");
    connection.execute_batch("COMMIT").unwrap();
    stop_after("commit");
}

/// Reports the statement, and waits until the parent says that the process may continue.
fn stop_after(statement: &str) {
    eprintln!("{statement}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

const PATH: &str = "COUNTERSIGN_TEST_INBOX";
const EVENT: &str = "COUNTERSIGN_TEST_EVENT";
const CHILD: [&str; 3] =
    ["inbox::processes::a_child_process_handles_an_event_step_by_step", "--exact", "--nocapture"];

struct Process {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStderr>,
}

impl Process {
    fn start(path: &str, event: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(CHILD).env(PATH, path).env(EVENT, event);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap());
        Self { child, input, lines }
    }

    /// Lets it execute its statements up to this one, and kills it.
    fn kill_after(mut self, statement: &str) {
        for expected in STATEMENTS {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            assert_eq!(line.trim_end(), expected);
            if expected == statement {
                break;
            }
            self.input.write_all(b"\n").unwrap();
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// `COUNTERSIGN_INBOX_ROUNDS=125` is the whole run: 500 processes.
#[test]
fn after_a_kill_9_between_any_two_statements_the_retry_completes() {
    let database = Database::new();
    let mut handled = 0;
    for round in 0..kill_rounds() {
        for statement in STATEMENTS {
            let event = format!("{statement} {round}");
            Process::start(database.path.to_str().unwrap(), &event).kill_after(statement);
            handled += usize::from(statement == "commit");
            assert_eq!(database.counts(), [handled; 3], "{event}");

            let inbox = SqliteInbox::new(settings());
            let retry = inbox.run(&mut database.connect(), &delivery(&event), |tx, _| {
                book(tx, &event);
                Ok::<_, Infallible>(())
            });
            match retry {
                InboxRun::Handled(()) if statement != "commit" => handled += 1,
                InboxRun::Early(EarlyResponse::Duplicate { .. }) if statement == "commit" => {}
                retry => panic!("{event}: {retry:?}"),
            }
            assert_eq!(database.counts(), [handled; 3], "{event}");
        }
    }
}
