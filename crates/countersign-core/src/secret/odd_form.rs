//! Recognises texts that contain a secret, or a part of one, but are not the secret.

use super::warning::SecretWarningKind;

/// What is around or missing in the text of a shared secret, without white space around it; `None`
/// if it can be a secret.
pub(super) fn odd_form(text: &str) -> Option<SecretWarningKind> {
    if text.starts_with('{') && text.ends_with('}') {
        Some(SecretWarningKind::Json)
    } else if ENDS.iter().any(|end| text.ends_with(end))
        || MASKS.iter().any(|mask| text.contains(mask))
    {
        Some(SecretWarningKind::Masked)
    } else if text.lines().nth(1).is_some() {
        Some(SecretWarningKind::SeveralLines)
    } else if begins_with_name(text) {
        Some(SecretWarningKind::WithName)
    } else {
        None
    }
}

/// Whether this is a line of an environment file: `STRIPE_WEBHOOK_SECRET=whsec_…`. An `=` at the end
/// pads base64.
fn begins_with_name(text: &str) -> bool {
    let Some((name, value)) = text.split_once('=') else { return false };
    let is_of_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() >= 3 && name.contains('_') && name.bytes().all(is_of_name) && value.len() > 2
}

/// What pages show instead of characters.
const MASKS: [&str; 4] = ["***", "•••", "●●●", "∙∙∙"];
/// What pages show instead of the rest of a text.
const ENDS: [&str; 2] = ["...", "…"];
