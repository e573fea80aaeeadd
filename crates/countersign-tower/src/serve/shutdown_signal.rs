//! The signals that shut a server down.

use std::future::pending;

/// Waits for SIGTERM or SIGINT; on other platforms than Unix, for Ctrl-C only.
///
/// Service managers send SIGTERM to end a process, and Ctrl-C sends SIGINT. Use
/// it with
/// [`Serve::with_graceful_shutdown`](crate::Serve::with_graceful_shutdown).
///
/// From its first poll on, these signals no longer end the process by default.
/// If the signal handlers cannot be installed, the future never completes, and
/// the signals end the process as usual.
///
/// # Panics
///
/// Panics outside of a tokio runtime with its I/O enabled.
pub async fn shutdown_signal() {
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
