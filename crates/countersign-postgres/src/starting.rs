//! Connecting: what the server is, the tables, and a trial of the operations.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::{
    Attempt, ClaimOutcome, CompleteOutcome, Fingerprint, RenewOutcome, StoreError,
};
use deadpool_postgres::{Object, Pool, PoolError};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use crate::error::{ConnectError, PostgresStoreError};
use crate::schema::{self, Tables};
use crate::steps::Steps;

/// What is prepared.
#[derive(Clone, Copy)]
pub(crate) struct Preparation<'a> {
    pub(crate) tables: &'a Tables,
    /// Whether missing tables are created.
    pub(crate) creates: bool,
}

/// Checks the server, creates the tables if necessary, and returns their schema.
pub(crate) async fn prepare(
    pool: &Pool,
    Preparation { tables, creates }: Preparation<'_>,
    schema: Option<&str>,
    server: &str,
) -> Result<String, ConnectError> {
    let failed = |error: Error| ConnectError::of(error, server);
    let connection = pool.get().await.map_err(|error| of_pool(error, server))?;
    let found = query(&connection, SERVER, &[(&schema, Type::TEXT)]).await.map_err(failed)?;
    let found = Server::of(&found).map_err(failed)?;
    let server = server.to_owned();
    if found.version < MIN_VERSION {
        let version = format!("{}.{}", found.version / 10_000, found.version % 10_000);
        return Err(ConnectError::OldServer { server, version });
    }
    if found.is_read_only {
        return Err(ConnectError::ReadOnly { server });
    }
    if tables.name == schema::QUEUE.name {
        found.check_for_queue(&server)?;
    }
    let Some(schema) = found.schema else {
        return Err(ConnectError::NoSchema { server });
    };
    let has_tables = found.has_version_table
        && version(&connection, tables, &schema).await.map_err(failed)?.is_some();
    if !has_tables {
        if !creates {
            return Err(ConnectError::MissingTables { server });
        }
        let text = tables.creation(&schema, found.has_schema);
        connection.batch_execute(&text).await.map_err(failed)?;
    }
    match version(&connection, tables, &schema).await.map_err(failed)? {
        Some(found) if found > tables.version => {
            Err(ConnectError::NewerSchema { server, found, supported: tables.version })
        }
        _ => Ok(schema),
    }
}

/// Executes the operations for a key that belongs to no event.
///
/// # Errors
///
/// If one of them fails, or has no effect: a trigger or a policy of the table can prevent it.
pub(crate) async fn try_operations(steps: &Steps) -> Result<(), StoreError> {
    let attempt = Attempt::new(Fingerprint::from_u64(0), TRIAL, TRIAL)?;
    // As long as the key of an event, and random.
    let key = &attempt.token.to_bytes()[..];
    let is_claimed = match steps.claim(key, &attempt).await? {
        ClaimOutcome::Granted { .. } => true,
        ClaimOutcome::AtCapacity => false,
        _ => return Err(without_effect()),
    };
    if steps.renew(key, &attempt).await? != RenewOutcome::Renewed && is_claimed {
        return Err(without_effect());
    }
    // If its connection breaks, the second try finds it released.
    steps.release(key, &attempt).await?;
    match steps.complete(key, &attempt).await? {
        CompleteOutcome::Recorded | CompleteOutcome::RecordedUnclaimed => {}
        _ => return Err(without_effect()),
    }
    // If its connection breaks, the second try finds it forgotten. Then this completion is the first.
    if !steps.forget(key).await? {
        let again = Attempt::new(Fingerprint::from_u64(0), TRIAL, TRIAL)?;
        if steps.complete(key, &again).await? == CompleteOutcome::AlreadyDone {
            return Err(without_effect());
        }
        steps.forget(key).await?;
    }
    Ok(())
}

fn without_effect() -> StoreError {
    StoreError::unknown_effect(PostgresStoreError::UnexpectedReply)
}

/// The error of an operation, as one of connecting.
pub(crate) fn of_operation(error: &StoreError, server: &str) -> ConnectError {
    let cause = error.source().and_then(<dyn std::error::Error>::downcast_ref);
    let cause: Option<&PostgresStoreError> = cause;
    let cause = cause.cloned().unwrap_or(PostgresStoreError::UnexpectedReply);
    ConnectError::of_operation(cause, server)
}

struct Server {
    version: i32,
    is_read_only: bool,
    schema: Option<String>,
    has_schema: bool,
    has_version_table: bool,
    has_synchronous_commit: bool,
    encoding: String,
}

impl Server {
    fn of(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            version: row.try_get("version")?,
            is_read_only: row.try_get("is_read_only")?,
            schema: row.try_get("schema")?,
            has_schema: row.try_get("has_schema")?,
            has_version_table: row.try_get("has_version_table")?,
            has_synchronous_commit: row.try_get("has_synchronous_commit")?,
            encoding: row.try_get("encoding")?,
        })
    }

    /// A queue loses nothing that it has accepted, and stores texts of any language.
    fn check_for_queue(&self, server: &str) -> Result<(), ConnectError> {
        if !self.has_synchronous_commit {
            return Err(ConnectError::AsynchronousCommit { server: server.to_owned() });
        }
        if !["UTF8", "SQL_ASCII"].contains(&self.encoding.as_str()) {
            let (server, found) = (server.to_owned(), self.encoding.clone());
            return Err(ConnectError::Encoding { server, found });
        }
        Ok(())
    }
}

/// The version of these tables, if they exist.
async fn version(connection: &Object, tables: &Tables, schema: &str) -> Result<Option<i32>, Error> {
    let table = schema::quoted(schema);
    let text = format!("SELECT max(version) FROM {table}.countersign_version WHERE name = $1");
    query(connection, &text, &[(&tables.name, Type::TEXT)]).await?.try_get(0)
}

/// Works behind a pooler, too. The statement returns one row.
async fn query(
    connection: &Object,
    text: &str,
    parameters: &[(&(dyn ToSql + Sync), Type)],
) -> Result<Row, Error> {
    connection.query_typed_one(text, parameters).await
}

fn of_pool(error: PoolError, server: &str) -> ConnectError {
    match error {
        PoolError::Backend(error) => ConnectError::of(error, server),
        error => ConnectError::Server { server: server.to_owned(), source: Arc::new(error) },
    }
}

const SERVER: &str = "\
    SELECT current_setting('server_version_num')::int4 AS version,
        current_setting('transaction_read_only') = 'on' AS is_read_only,
        coalesce($1, current_schema()::text) AS schema,
        to_regnamespace(quote_ident(coalesce($1, current_schema()))) IS NOT NULL AS has_schema,
        to_regclass(quote_ident(coalesce($1, current_schema())) || '.countersign_version')
            IS NOT NULL AS has_version_table,
        current_setting('synchronous_commit') <> 'off' AS has_synchronous_commit,
        current_setting('server_encoding') AS encoding";

/// Version 13.
const MIN_VERSION: i32 = 130_000;

const TRIAL: Duration = Duration::from_secs(60);
