//! The extractors and their rejections.

mod delivery;
mod json;
mod rejection;
mod webhook;

pub use delivery::{ClaimedWebhook, ClaimedWebhookJson};
pub use json::WebhookJson;
pub use rejection::{ExtractError, Rejection};
pub use webhook::Webhook;

use actix_web::HttpRequest;
use actix_web::web::Data;
use countersign_core::{VerifyError, VerifyErrorKind};

/// A value from the app data, stored either directly or as `web::Data`.
fn configured<T: Clone + 'static>(request: &HttpRequest) -> Result<T, VerifyError> {
    let in_data = || request.app_data::<Data<T>>().map(Data::get_ref);
    let configured = request.app_data().or_else(in_data);
    configured.cloned().ok_or_else(|| VerifyErrorKind::Misconfigured.into())
}
