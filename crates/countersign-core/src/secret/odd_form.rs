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

#[cfg(test)]
mod tests {
    use crate::scheme::Scheme;
    use crate::secret::{Secret, Secrets};

    fn warnings(scheme: &str, text: &str) -> Vec<String> {
        let secrets = Secrets::new(Secret::new(text).unwrap());
        let warnings = secrets.warnings(&Scheme::named(scheme).unwrap());
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_text_around_or_instead_of_the_secret_is_warned_of() {
        for (text, problem) in [
            (r#"{"secret":"0123456789abcdef"}"#, "is JSON"),
            ("0123456789abcdef\n0123456789abcdef", "has several lines"),
            ("0123456789abcd****", "is masked"),
            ("••••••••cdef", "is masked"),
            ("0123456789abcdef...", "is masked"),
            ("\u{feff}0123456789abcdef", "begins with a byte order mark"),
        ] {
            let told = warnings("github", text);
            let [told] = &told[..] else { panic!("{text}: {told:?}") };
            assert!(told.contains(problem) && !told.contains("0123"), "{told}");
        }
        let both = warnings("github", "\u{feff}0123456789abcdef\n");
        assert!(both[0].contains("byte order mark") && both[1].contains("white space"), "{both:?}");
        for (scheme, text) in [
            ("github", "0123456789abcdef"),
            ("github", "{0123456789abcdef"),
            ("gitlab-token", "0123456789abcdef***"),
        ] {
            assert_eq!(warnings(scheme, text), [""; 0], "{scheme}: {text}");
        }
    }
}
