use std::thread;

use tokio::sync::mpsc;

use super::*;
use crate::config::SqliteConfig;
use crate::database::Database;
use crate::schema;
use crate::tables::StoreTables;

/// Adds about as many pages to the log.
fn write(connection: &Connection, pages: usize) {
    let mut insert = connection
        .prepare("INSERT INTO event SELECT randomblob(16), 2, 0, 0, zeroblob(4000), 0, 0, 0, 0")
        .unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for _ in 0..pages {
        insert.execute([]).unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
}

#[test]
fn a_long_log_starts_at_its_beginning_after_a_pause_of_the_writer() {
    let folder = tempfile::tempdir().unwrap();
    let config = SqliteConfig::new(folder.path().join("events.db"));
    let Database { writer, checkpointer, file } = Database::open(&config, &schema::STORE).unwrap();
    let (tasks, mut queue) = mpsc::channel(1);
    let checkpointer: Checkpointer<StoreTables> =
        Checkpointer { connection: checkpointer, file, tasks: tasks.downgrade() };
    write(&writer, 2 * usize::try_from(LONG_LOG).unwrap());

    let copying = thread::spawn(move || {
        let copied = checkpointer.copy().unwrap();
        drop(tasks);
        (checkpointer, copied)
    });
    let Some(Task::Pause(reached)) = queue.blocking_recv() else { panic!("no pause") };
    // The first checkpoint has not seen these pages.
    write(&writer, 10);
    reached.send(()).unwrap();
    reached.send(()).unwrap();
    let (checkpointer, copied) = copying.join().unwrap();
    assert!(copied);
    write(&writer, 10);
    let log = checkpointer.checkpoint("PASSIVE").unwrap();
    assert!((1..LONG_LOG).contains(&log.in_log), "{} pages", log.in_log);
}

#[test]
fn a_short_log_is_copied_without_a_pause_and_the_log_of_an_idle_store_is_truncated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let Database { writer, checkpointer, file } =
        Database::open(&SqliteConfig::new(&path), &schema::STORE).unwrap();
    let (tasks, _queue) = mpsc::channel(1);
    let checkpointer: Checkpointer<StoreTables> =
        Checkpointer { connection: checkpointer, file, tasks: tasks.downgrade() };
    write(&writer, 10);
    assert!(checkpointer.copy().unwrap());
    assert_eq!(tasks.capacity(), 1);

    write(&writer, 2 * usize::try_from(LONG_LOG).unwrap());
    assert!(checkpointer.give_back_space().unwrap());
    assert_eq!(std::fs::metadata(path.with_extension("db-wal")).unwrap().len(), 0);
}
