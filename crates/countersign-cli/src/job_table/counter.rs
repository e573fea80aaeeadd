//! The numbers of jobs.

use std::collections::BTreeSet;

use countersign::queue::jobs::TargetCounts;
#[cfg(feature = "postgres")]
use countersign_postgres::queue::PostgresQueue;
#[cfg(feature = "sqlite")]
use countersign_sqlite::queue::QueueAdmin;

use super::JobTable;
use crate::serve::with_causes;

/// Counts jobs. A file is read with a connection of its own, in a thread that may block.
pub(crate) enum Counter {
    #[cfg(feature = "sqlite")]
    Sqlite {
        file: std::sync::Arc<std::path::Path>,
        /// `None` before the first use, and after an error.
        admin: Option<QueueAdmin>,
    },
    #[cfg(feature = "postgres")]
    Postgres(PostgresQueue),
}

/// Whether targets that were not named are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Others {
    /// Those with jobs that are not done.
    Included,
    LeftOut,
}

impl Counter {
    /// For a table that is open.
    pub(crate) fn of(table: &JobTable) -> Self {
        match table {
            #[cfg(feature = "sqlite")]
            JobTable::Sqlite { file, .. } => Self::Sqlite { file: file.clone(), admin: None },
            #[cfg(feature = "postgres")]
            JobTable::Postgres(queue) => Self::Postgres(queue.clone()),
        }
    }

    /// The numbers of these targets, and then of others. The error is its text.
    pub(crate) async fn counts(
        &mut self,
        targets: &[String],
        others: Others,
    ) -> Result<Vec<TargetCounts>, String> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite { file, admin } => {
                let (file, open, targets) = (file.clone(), admin.take(), targets.to_vec());
                let counting = tokio::task::spawn_blocking(move || {
                    let admin = match open {
                        Some(admin) => admin,
                        None => QueueAdmin::open(&file).map_err(|error| with_causes(&error))?,
                    };
                    let counts = counts_in_file(&admin, targets, others);
                    counts.map(|counts| (admin, counts)).map_err(|error| with_causes(&error))
                });
                let counted = counting.await.map_err(|error| error.to_string())?;
                let (open, counts) = counted?;
                *admin = Some(open);
                Ok(counts)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(queue) => {
                let counts = counts_in_database(queue, targets, others).await;
                counts.map_err(|error| with_causes(&error))
            }
        }
    }
}

#[cfg(feature = "sqlite")]
fn counts_in_file(
    admin: &QueueAdmin,
    targets: Vec<String>,
    others: Others,
) -> Result<Vec<TargetCounts>, countersign_sqlite::queue::QueueError> {
    let found = if others == Others::Included { admin.targets()? } else { Vec::new() };
    let (named, all) = joined(targets, found);
    let counts = all.iter().map(|target| admin.counts(target));
    Ok(shown(counts.collect::<Result<_, _>>()?, &named))
}

#[cfg(feature = "postgres")]
async fn counts_in_database(
    queue: &PostgresQueue,
    targets: &[String],
    others: Others,
) -> Result<Vec<TargetCounts>, countersign_postgres::queue::QueueError> {
    let found = if others == Others::Included { queue.targets().await? } else { Vec::new() };
    let (named, all) = joined(targets.to_vec(), found);
    let mut counts = Vec::new();
    for target in &all {
        counts.push(queue.counts(target).await?);
    }
    Ok(shown(counts, &named))
}

/// The targets that were named, and all targets, each once.
fn joined(named: Vec<String>, found: Vec<String>) -> (BTreeSet<String>, Vec<String>) {
    let set: BTreeSet<String> = named.iter().cloned().collect();
    let others = found.into_iter().filter(|target| !set.contains(target));
    let all = named.into_iter().chain(others).collect();
    (set, all)
}

/// Without the others whose jobs are all done.
fn shown(counts: Vec<TargetCounts>, named: &BTreeSet<String>) -> Vec<TargetCounts> {
    let is_open = |counts: &TargetCounts| counts.pending + counts.running + counts.dead > 0;
    let is_shown = |counts: &TargetCounts| named.contains(&counts.target) || is_open(counts);
    counts.into_iter().filter(is_shown).collect()
}
