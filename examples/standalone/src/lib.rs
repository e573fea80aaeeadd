//! One call and no framework: a webhook handler for a serverless function, a
//! worker, or a server of your own.
//!
//! ```toml
//! [dependencies]
//! countersign = "0.1"
//! ```

use countersign::{ConfigError, Scheme, Secret, Verified, Verifier, VerifyError};

/// What the platform hands to a function.
#[derive(Debug, Clone)]
pub struct Request {
    /// The headers as they came: a repeated one stands here twice.
    pub headers: Vec<(String, String)>,
    /// The bytes as they came, before anybody parsed them.
    pub body: Vec<u8>,
}

/// Made once, when the function starts.
///
/// # Errors
///
/// [`ConfigError`] where the secret cannot be used.
pub fn verifier(secret: &str) -> Result<Verifier, ConfigError> {
    Verifier::new(Scheme::named("stripe")?, Secret::new(secret)?)
}

/// The function: from a request to the status of its answer.
#[must_use]
pub fn handle(verifier: &Verifier, request: Request) -> u16 {
    match verifier.verify(&request.headers, request.body) {
        Ok(verified) => {
            paid(&verified);
            200
        }
        Err(refused) => refuse(&refused),
    }
}

/// Can be reached with a proof only.
fn paid(verified: &Verified) {
    let kind = verified.event_type().map_or("event", |kind| kind.name);
    println!("{kind} {}: {} bytes", verified.event_id(), verified.body().len());
}

/// The reason is for the log: the answer is a status and no more.
fn refuse(refused: &VerifyError) -> u16 {
    eprintln!("refused: {}: {refused}", refused.code());
    refused.status()
}

#[cfg(test)]
mod tests;
