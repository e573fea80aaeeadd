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
    } else {
        None
    }
}

/// What pages show instead of characters.
const MASKS: [&str; 4] = ["***", "•••", "●●●", "∙∙∙"];
/// What pages show instead of the rest of a text.
const ENDS: [&str; 2] = ["...", "…"];
