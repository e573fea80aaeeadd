//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET`, until it is terminated.

use std::error::Error;
use std::io;
use std::net::TcpListener;

use actix_web::rt;
use actix_web::rt::signal::ctrl_c;
use actix_web::rt::signal::unix::{SignalKind, signal};

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the webhook's secret")?;
    let middleware = example_actix_middleware::middleware(&secret)?;
    let listener = TcpListener::bind("127.0.0.1:3000")?;
    let server = example_actix_middleware::serve(listener, middleware.clone())?;
    let handle = server.handle();
    let serving = rt::spawn(server);
    terminated().await?;
    example_actix_middleware::shut_down(&handle, &middleware).await;
    Ok(serving.await??)
}

/// Waits for Ctrl+C or SIGTERM.
async fn terminated() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = ctrl_c() => pressed,
        _ = terminate.recv() => Ok(()),
    }
}
