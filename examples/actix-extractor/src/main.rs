//! Serves on port 3000 with the secret from `STRIPE_WEBHOOK_SECRET`, until Ctrl+C is pressed.

use std::error::Error;
use std::net::TcpListener;

use actix_web::rt::signal::ctrl_c;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("STRIPE_WEBHOOK_SECRET")
        .map_err(|_| "set STRIPE_WEBHOOK_SECRET to the endpoint's signing secret")?;
    let verifier = example_actix_extractor::verifier(&secret)?;
    let listener = TcpListener::bind("127.0.0.1:3000")?;
    let end = async { drop(ctrl_c().await) };
    example_actix_extractor::serve(listener, verifier, end)?.await?;
    Ok(())
}
