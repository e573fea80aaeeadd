//! The signals that end a server.

use std::future::pending;

/// Waits for SIGTERM, by which service managers end a process, or for SIGINT,
/// which is Ctrl-C; elsewhere than on Unix for Ctrl-C alone. For
/// [`Serve::with_graceful_shutdown`](crate::Serve::with_graceful_shutdown).
///
/// From when it is first polled, these signals do not end the process by
/// themselves. Where they cannot be listened to it waits for ever, and they end
/// the process as ever.
///
/// # Panics
///
/// Outside of a tokio runtime with its I/O enabled.
pub async fn terminated() {
    if listen().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn listen() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn listen() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
