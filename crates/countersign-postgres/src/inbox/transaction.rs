//! Open transactions.

use std::fmt;
use std::ops::Deref;

use deadpool_postgres::{ClientWrapper, Object};

/// A transaction in which an event can be claimed: one of tokio-postgres or of deadpool, and the
/// [`PostgresTransaction`] of an inbox layer. A connection outside of a transaction is none.
///
/// On a connection of deadpool, statements are prepared once. A transaction of tokio-postgres has no
/// cache of statements, so there they are sent without being prepared, which is one round trip too.
pub trait OpenTransaction: statement::Execute {}

/// An open transaction that has a connection of the pool to itself.
///
/// It derefs to the connection, [`ClientWrapper`]: `tx.execute(…)`, `tx.query(…)`,
/// `tx.prepare_cached(…)`. Savepoints are statements: `tx.batch_execute("SAVEPOINT a")`. Neither
/// commit nor roll back: the inbox does.
///
/// If it is dropped before its end, the connection is closed, and the server rolls back.
pub struct PostgresTransaction {
    /// `None` after the end, and while it is dropped.
    connection: Option<Object>,
    /// Whether the connection can be used for a further statement.
    is_sound: bool,
}

impl PostgresTransaction {
    /// The connection on which the transaction is begun from now on.
    pub(super) fn on(connection: Object) -> Self {
        Self { connection: Some(connection), is_sound: true }
    }

    /// Its connection is not used again. The server rolls back.
    pub(super) fn give_up(&mut self) {
        self.is_sound = false;
    }

    pub(super) fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// Gives the connection back to its pool. The transaction must have ended.
    pub(super) fn ended(mut self) {
        self.connection = None;
    }
}

impl OpenTransaction for PostgresTransaction {}
impl OpenTransaction for deadpool_postgres::Transaction<'_> {}
impl OpenTransaction for tokio_postgres::Transaction<'_> {}

pub(super) mod statement {
    //! Sealed: only the transactions of this crate and of its libraries are known to be open.

    use std::future::Future;

    use deadpool_postgres::ClientWrapper;
    use tokio_postgres::types::{ToSql, Type};
    use tokio_postgres::{Error, Row};

    use super::PostgresTransaction;

    type Parameter<'a> = &'a (dyn ToSql + Sync);

    /// Executes a statement with parameters of these types.
    #[expect(unnameable_types, reason = "it seals `OpenTransaction`")]
    pub trait Execute: Sync {
        fn rows<'a>(
            &'a self,
            statement: (&'a str, &'static [Type]),
            parameters: &'a [Parameter<'a>],
            has_pooler: bool,
        ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send + 'a;
    }

    impl Execute for PostgresTransaction {
        async fn rows<'a>(
            &'a self,
            (text, types): (&'a str, &'static [Type]),
            parameters: &'a [Parameter<'a>],
            has_pooler: bool,
        ) -> Result<Vec<Row>, Error> {
            let client: &ClientWrapper = self;
            if has_pooler {
                return client.query_typed(text, &typed(types, parameters)).await;
            }
            let prepared = client.prepare_typed_cached(text, types).await?;
            client.query(&prepared, parameters).await
        }
    }

    impl Execute for deadpool_postgres::Transaction<'_> {
        async fn rows<'a>(
            &'a self,
            (text, types): (&'a str, &'static [Type]),
            parameters: &'a [Parameter<'a>],
            has_pooler: bool,
        ) -> Result<Vec<Row>, Error> {
            if has_pooler {
                return self.query_typed(text, &typed(types, parameters)).await;
            }
            let prepared = self.prepare_typed_cached(text, types).await?;
            self.query(&prepared, parameters).await
        }
    }

    impl Execute for tokio_postgres::Transaction<'_> {
        async fn rows<'a>(
            &'a self,
            (text, types): (&'a str, &'static [Type]),
            parameters: &'a [Parameter<'a>],
            _: bool,
        ) -> Result<Vec<Row>, Error> {
            self.query_typed(text, &typed(types, parameters)).await
        }
    }

    fn typed<'a>(types: &[Type], parameters: &[Parameter<'a>]) -> Vec<(Parameter<'a>, Type)> {
        parameters.iter().copied().zip(types.iter().cloned()).collect()
    }
}

impl Deref for PostgresTransaction {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        self.connection.as_ref().expect("it has the connection until its end")
    }
}

impl Drop for PostgresTransaction {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Closed in place of going back to the pool.
            drop(Object::take(connection));
        }
    }
}

impl fmt::Debug for PostgresTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresTransaction").finish_non_exhaustive()
    }
}
