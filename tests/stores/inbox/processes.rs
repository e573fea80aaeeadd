//! Processes that are killed with SIGKILL between the statements of a transaction.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, Command, Stdio};

use countersign::inbox::{InboxDatabase, InboxRow};

use super::database::{Database, deliver_until_settled};
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::*;

/// The statements of a delivery. The process stops after each of them.
const STATEMENTS: [&str; 4] = ["begin", "claim", "effect", "commit"];

/// The processes that these tests start run this test alone.
#[tokio::test]
async fn a_child_process_handles_an_event_step_by_step() {
    let Ok(target) = std::env::var(TARGET) else { return };
    let event = std::env::var(EVENT).unwrap();
    if target.starts_with("postgres:") {
        handle_step_by_step::<Postgres>(postgres::inbox_at(&target, 1), &event).await;
    } else {
        handle_step_by_step::<Sqlite>(sqlite::inbox_at(target.as_ref()), &event).await;
    }
}

async fn handle_step_by_step<D: Database>(inbox: D::Inbox, event: &str) {
    let mut tx = inbox.begin().await.unwrap();
    stop_after("begin");
    let row = inbox.claim(&mut tx, &settings().event(&delivery(event))).await.unwrap();
    assert_eq!(row, InboxRow::Inserted);
    stop_after("claim");
    D::book(&mut tx, event).await;
    stop_after("effect");
    inbox.commit(tx).await.unwrap();
    stop_after("commit");
}

/// Reports the statement, and waits until the parent says that the process may continue.
fn stop_after(statement: &str) {
    eprintln!("{statement}");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

const TARGET: &str = "COUNTERSIGN_TEST_INBOX";
const EVENT: &str = "COUNTERSIGN_TEST_EVENT";
const CHILD: [&str; 3] =
    ["inbox::processes::a_child_process_handles_an_event_step_by_step", "--exact", "--nocapture"];

struct Process {
    child: Child,
    input: ChildStdin,
    lines: BufReader<ChildStderr>,
}

impl Process {
    fn start(target: &str, event: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(CHILD).env(TARGET, target).env(EVENT, event);
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

on_each_database!(after_a_kill_9_between_any_two_statements_the_retry_completes);

/// `COUNTERSIGN_INBOX_ROUNDS=125` is the whole run: 500 processes for each database.
async fn after_a_kill_9_between_any_two_statements_the_retry_completes<D: Target>() {
    let database = D::new().await;
    let inbox = database.inbox();
    let mut handled = 0;
    for round in 0..kill_rounds() {
        for statement in STATEMENTS {
            let event = format!("{statement} {round}");
            Process::start(&database.target(), &event).kill_after(statement);
            handled += usize::from(statement == "commit");
            assert_eq!(database.counts().await, [handled; 3], "{event}");

            match deliver_until_settled::<D>(&inbox, &delivery(&event)).await {
                InboxRun::Handled(()) if statement != "commit" => handled += 1,
                InboxRun::Early(EarlyResponse::Duplicate { .. }) if statement == "commit" => {}
                retry => panic!("{event}: {retry:?}"),
            }
            assert_eq!(database.counts().await, [handled; 3], "{event}");
        }
    }
}

/// A database that another process can use.
trait Target: Database {
    /// Its path or URL.
    fn target(&self) -> String;
}

impl Target for Sqlite {
    fn target(&self) -> String {
        self.path.to_str().unwrap().to_owned()
    }
}

impl Target for Postgres {
    fn target(&self) -> String {
        self.url.clone()
    }
}
