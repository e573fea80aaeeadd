//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET` and the ledger in the file
//! `LEDGER` (`ledger.db`), until it is terminated.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use countersign::serve::{Serve, shutdown_signal};
use countersign::sqlite::SqliteInbox;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret")?;
    let path = PathBuf::from(std::env::var_os("LEDGER").unwrap_or_else(|| "ledger.db".into()));

    let verifier = example_inbox_axum_sqlite::verifier(&secret)?;
    let layer =
        example_inbox_axum_sqlite::layer(verifier.clone(), example_inbox_axum_sqlite::open(&path)?);
    tokio::spawn(purge(SqliteInbox::new(&verifier), path));

    let app = example_inbox_axum_sqlite::app(layer.clone());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    Serve::new(listener, app).with_graceful_shutdown(shutdown_signal()).await;
    // Handlers can outlive their connections, and the server does not wait for them.
    layer.drain().await;
    Ok(())
}

/// Deletes expired rows of the inbox once an hour, in small transactions.
async fn purge(inbox: SqliteInbox, path: PathBuf) {
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        let (inbox, path) = (inbox.clone(), path.clone());
        let purged = tokio::task::spawn_blocking(move || {
            let connection = example_inbox_axum_sqlite::open(&path)?;
            while inbox.purge(&connection, 1_000)? > 0 {}
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        });
        match purged.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("purge: {error}"),
            Err(error) => eprintln!("purge: {error}"),
        }
    }
}
