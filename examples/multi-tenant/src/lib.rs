//! One endpoint for many customers. The path names the customer, and a directory
//! contains the secrets of each customer.
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! countersign = { version = "0.1", features = ["axum", "serve"] }
//! tokio = { version = "1", features = ["full"] }
//! ```

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use countersign::tenants::{SecretResolver, TenantId, Tenants};
use countersign::tower::WebhookLayer;
use countersign::{
    ConfigError, MemoryStore, Receiver, Secret, Secrets, Verified, Verifier, schemes,
};

/// The secrets of the customers, the newest last. In production this is a database.
#[derive(Debug, Clone, Default)]
pub struct Customers(Arc<Mutex<HashMap<String, Vec<String>>>>);

impl Customers {
    /// Adds a secret for a customer. It becomes the current secret, and the previous
    /// one stays valid.
    pub fn add_secret(&self, customer: &str, secret: &str) {
        let mut customers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        customers.entry(customer.to_owned()).or_default().push(secret.to_owned());
    }
}

impl SecretResolver for Customers {
    async fn secrets(
        &self,
        customer: &str,
    ) -> Result<Option<Secrets>, Box<dyn Error + Send + Sync>> {
        let customers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut newest_first = customers.get(customer).into_iter().flatten().rev();
        let Some(current) = newest_first.next() else { return Ok(None) };
        let secrets = Secrets::new(Secret::new(current)?);
        Ok(Some(match newest_first.next() {
            Some(previous) => secrets.with_previous(Secret::new(previous)?),
            None => secrets,
        }))
    }
}

/// Creates a verifier for deliveries to `/hooks/{customer}`. Keep a clone, and call
/// [`Verifier::invalidate_tenant`] when the secrets of a customer change.
///
/// # Errors
///
/// [`ConfigError`] if the scheme needs additional configuration.
pub fn verifier(customers: Customers) -> Result<Verifier, ConfigError> {
    let tenants = Tenants::new(TenantId::path("/hooks/{tenant}")?, customers).with_observer(
        |customer: &str, error: &(dyn Error + 'static)| {
            // The name comes from the request: escape it before it is logged.
            eprintln!("no secrets for {}: {error}", customer.escape_debug());
        },
    );
    Verifier::for_tenants(schemes::jupiter(), tenants)
}

/// Handles each event of each customer once.
pub fn app(verifier: Verifier) -> Router {
    let receiver = Receiver::new(verifier.with_endpoint("hooks"), MemoryStore::new());
    let route = post(on_event).layer(WebhookLayer::new(receiver));
    Router::new().route("/hooks/{customer}", route)
}

/// Runs only for verified deliveries. The delivery belongs to the customer that it
/// names.
async fn on_event(verified: Verified) -> (StatusCode, String) {
    let customer = verified.tenant().unwrap_or_default();
    (StatusCode::OK, format!("{customer}: {}", verified.event_id()))
}

#[cfg(test)]
mod tests;
