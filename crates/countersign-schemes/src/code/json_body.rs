//! Signing a request whose signature is in its JSON body.

use countersign_core::ConfigError;
use countersign_core::custom::{SignRequest, SignedRequest, json};
use serde_json::{Map, Value};

/// The body to sign. `purpose` completes the error: "the body must be a JSON object…".
pub(super) fn object(
    request: &SignRequest<'_>,
    purpose: &str,
) -> Result<Map<String, Value>, ConfigError> {
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(body)) => Ok(body),
        _ => Err(request.problem(format!("the body must be a JSON object{purpose}"))),
    }
}

/// The request with this body, if a receiver can find its signature at these places.
pub(super) fn signed(
    request: &SignRequest<'_>,
    body: Map<String, Value>,
    places: &[&str],
) -> Result<SignedRequest, ConfigError> {
    let body = Value::Object(body).to_string();
    let read = json::locate(body.as_bytes(), places);
    read.map_err(|why| request.problem(why.to_string()))?;
    Ok(SignedRequest::with_body(body))
}
