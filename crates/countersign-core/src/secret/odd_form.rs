//! Recognises texts that contain a secret, or a part of one, but are not the secret.

use super::warning::SecretWarningKind;

/// What is around or missing in the text of a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OddForm {
    Json,
    Masked,
    SeveralLines,
}

impl OddForm {
    /// The form of a text without white space around it; `None` if it can be a secret.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if text.starts_with('{') && text.ends_with('}') {
            Some(Self::Json)
        } else if ENDS.iter().any(|end| text.ends_with(end))
            || MASKS.iter().any(|mask| text.contains(mask))
        {
            Some(Self::Masked)
        } else if text.lines().nth(1).is_some() {
            Some(Self::SeveralLines)
        } else {
            None
        }
    }

    /// What is wrong, after "the secret".
    pub(crate) fn problem(self) -> &'static str {
        match self {
            Self::Json => "is JSON",
            Self::Masked => "is masked or cut off: characters are replaced by `*` or dots",
            Self::SeveralLines => "has several lines",
        }
    }

    pub(crate) fn fix(self) -> &'static str {
        match self {
            Self::Json => "store only the value of the secret, without the JSON around it",
            Self::Masked => "let the provider show the whole secret, and store that",
            Self::SeveralLines => "store only the secret, and each secret in its own place",
        }
    }

    pub(super) fn warning(self) -> SecretWarningKind {
        match self {
            Self::Json => SecretWarningKind::Json,
            Self::Masked => SecretWarningKind::Masked,
            Self::SeveralLines => SecretWarningKind::SeveralLines,
        }
    }
}

/// What pages show instead of characters.
const MASKS: [&str; 4] = ["***", "•••", "●●●", "∙∙∙"];
/// What pages show instead of the rest of a text.
const ENDS: [&str; 2] = ["...", "…"];
