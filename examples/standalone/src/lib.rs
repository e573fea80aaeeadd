//! Verification with one function call, without a framework: for a serverless
//! function, a worker, or a custom server.
//!
//! ```toml
//! [dependencies]
//! countersign = "0.1"
//! ```

use countersign::{ConfigError, Secret, Verified, Verifier, VerifyError, schemes};

/// A request, as the platform passes it to a function.
#[derive(Debug, Clone)]
pub struct Request {
    /// The headers as they arrived. A repeated header occurs twice.
    pub headers: Vec<(String, String)>,
    /// The raw bytes as they arrived, before any parsing.
    pub body: Vec<u8>,
}

/// Creates the verifier, once, when the function starts.
///
/// # Errors
///
/// [`ConfigError`] if the secret cannot be used.
pub fn verifier(secret: &str) -> Result<Verifier, ConfigError> {
    Verifier::new(schemes::stripe(), Secret::new(secret)?)
}

/// Handles a request, and returns the status of the response.
#[must_use]
pub fn handle(verifier: &Verifier, request: Request) -> u16 {
    match verifier.verify(&request.headers, request.body) {
        Ok(verified) => {
            paid(&verified);
            200
        }
        Err(rejected) => reject(&rejected),
    }
}

/// Can be called only with a verified delivery.
fn paid(verified: &Verified) {
    let kind = verified.event_type().map_or("event", |kind| kind.name);
    println!("{kind} {}: {} bytes", verified.event_id(), verified.body().len());
}

/// Logs the reason, and returns the status. The response contains only the status.
fn reject(rejected: &VerifyError) -> u16 {
    eprintln!("rejected: {}: {rejected}", rejected.code());
    rejected.status()
}

#[cfg(test)]
mod tests;
