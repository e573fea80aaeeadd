//! How to fix a cause, for each audience.

use std::borrow::Cow;

use super::cause::CauseKind;

/// Who reads a diagnosis. Fixes name the functions or options that these readers
/// use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Audience {
    /// Developers of a Rust program: fixes name functions and types of this library.
    #[default]
    Rust,
    /// Users of the program `countersign` with a built-in scheme: fixes name its
    /// options and the keys of the file of `countersign serve`.
    Program,
    /// Users of the program with a scheme's file: fixes also name the keys of that
    /// file.
    SchemeFile,
}

/// A fix, for each audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fix {
    rust: Cow<'static, str>,
    program: Cow<'static, str>,
    scheme_file: Cow<'static, str>,
}

impl Fix {
    /// A fix of the scheme. The author of a scheme's file changes the file.
    pub(super) const fn of(
        rust: &'static str,
        program: &'static str,
        scheme_file: &'static str,
    ) -> Self {
        Self {
            rust: Cow::Borrowed(rust),
            program: Cow::Borrowed(program),
            scheme_file: Cow::Borrowed(scheme_file),
        }
    }

    /// The same, from formatted texts.
    pub(super) fn of_scheme(rust: String, program: String, scheme_file: String) -> Self {
        Self { rust: rust.into(), program: program.into(), scheme_file: scheme_file.into() }
    }

    /// A fix of the receiver, which does not depend on the scheme.
    pub(super) fn of_receiver(
        rust: impl Into<Cow<'static, str>>,
        program: impl Into<Cow<'static, str>>,
    ) -> Self {
        let program = program.into();
        Self { rust: rust.into(), program: program.clone(), scheme_file: program }
    }

    /// A fix outside of the library and the program.
    const fn of_all(fix: &'static str) -> Self {
        Self::of(fix, fix, fix)
    }

    pub(super) fn text(&self, audience: Audience) -> &str {
        match audience {
            Audience::Rust => &self.rust,
            Audience::Program => &self.program,
            Audience::SchemeFile => &self.scheme_file,
        }
    }
}

impl From<&'static str> for Fix {
    fn from(fix: &'static str) -> Self {
        Self::of_all(fix)
    }
}

impl From<String> for Fix {
    fn from(fix: String) -> Self {
        Self { rust: fix.clone().into(), program: fix.clone().into(), scheme_file: fix.into() }
    }
}

impl CauseKind {
    /// The fix for a kind, if the cause does not set another one.
    pub(super) fn fix(self) -> Fix {
        match self {
            Self::SecretTrailingWhitespace => Fix::of_all(
                "store the secret as the provider shows it, without white space around it; for \
                 example, write it with `printf %s`: `echo` adds a newline",
            ),
            Self::SecretInQuotes => Fix::of_all("store the secret without the quotes around it"),
            Self::SecretWithName => {
                Fix::of_all("store only the value, without the name and the `=` in front of it")
            }
            Self::SecretNotDecoded => Fix::of(
                "decode the secret: `Secret::from_base64`, `Secret::from_hex` or \
                 `Secret::from_whsec`; or use the scheme whose secrets have this encoding",
                "use the scheme whose secrets have this encoding, or define a custom one with the \
                 right `secret_format`: `countersign schemes NAME --toml` prints a file to start \
                 from",
                "set `secret_format` in the scheme's file to the secret's encoding: `base64`, \
                 `hex` or `whsec`",
            ),
            Self::SecretWronglyDecoded => Fix::of(
                "pass the whole text that the provider shows, including its prefix, to \
                 `Secret::new`; if the scheme decodes it but must not, use `Secret::from_text`",
                "configure the whole text that the provider shows, including its prefix; if the \
                 scheme decodes it but must not, define a custom scheme with another \
                 `secret_format`: `countersign schemes NAME --toml` prints a file to start from",
                "configure the whole text that the provider shows, including its prefix; if the \
                 scheme decodes it but must not, set another `secret_format` in the scheme's file",
            ),
            Self::SecretOfAnotherEndpoint => Fix::of_all(
                "configure the secret that the provider shows for this endpoint; test mode and \
                 live mode have different secrets",
            ),
            Self::Rotated => Fix::of_receiver(
                "keep the older secret in addition to the current one until the provider stops \
                 signing with it (`Secrets::with_previous`), or finish the rotation at the \
                 provider",
                "keep the older secret in addition to the current one until the provider stops \
                 signing with it: pass both with `--secret-env` or `--secret-file`, or list both \
                 in `secrets` in the file of `countersign serve`; or finish the rotation at the \
                 provider",
            ),
            Self::SecretKind => Fix::of_all(
                "configure the signing secret, which the provider shows with the endpoint, and not \
                 the provider's API key",
            ),
            Self::WrongHeader => Fix::of(
                "have the proxy forward the provider's headers unchanged, or define a custom \
                 scheme that reads what arrives: `Scheme::builder`",
                "have the proxy forward the provider's headers unchanged, or define a custom \
                 scheme that reads what arrives: `countersign schemes NAME --toml` prints a file \
                 to start from",
                "have the proxy forward the provider's headers unchanged, or change the scheme's \
                 file: `signature_header`, `signature_prefix`, `encoding`",
            ),
            Self::PartMissing => Fix::of_all(
                "check whether signing is enabled at the provider, and whether a proxy or the \
                 capture drops the missing part",
            ),
            Self::BodyBom | Self::BodyNewline | Self::BodyCharset | Self::BodyReserialized => {
                Fix::of_all(RAW)
            }
            Self::BodyBase64 => Fix::of_all(
                "if the gateway's event sets `isBase64Encoded`, decode its `body` from base64 and \
                 verify those bytes; if you can, disable that encoding",
            ),
            Self::BodyCompressed => Fix::of(
                "decompress the body before verification: a custom scheme with \
                 `body_view(BodyView::Decoded)` does this",
                "decompress the body before verification: a custom scheme with \
                 `body_view = \"decoded\"` does this; `countersign schemes NAME --toml` prints a \
                 file to start from",
                "decompress the body before verification: set `body_view = \"decoded\"` in the \
                 scheme's file",
            ),
            Self::BodyDecompressed => {
                Fix::of_all("verify the body as it arrives, before anything decompresses it")
            }
            Self::BodyEmpty => {
                Fix::of_all("verify before other code reads the body: it can be read only once")
            }
            Self::BodyTruncated => Fix::of_all(
                "capture the whole body; look for a size limit in the proxy, the framework or the \
                 log that it was copied from",
            ),
            Self::BodyTooLarge => Fix::of_receiver(
                "raise the limit if the provider sends bodies of this size: \
                 `Verifier::with_body_limit`",
                "raise the limit if the provider sends bodies of this size: `body_limit` in the \
                 file of `countersign serve`",
            ),
            Self::UrlMismatch => Fix::of_receiver(
                "configure the public URL exactly as the provider's settings show it \
                 (`Verifier::with_public_url`): behind a proxy, the server sees another URL",
                "configure the public URL exactly as the provider's settings show it (`url` in \
                 the file of `countersign serve`, `--url` here): behind a proxy, the server sees \
                 another URL",
            ),
            Self::TimestampUnit => Fix::of(
                "define a custom scheme with the unit that the provider sends: `TimestampUnit`",
                "define a custom scheme with the `timestamp_unit` that the provider sends: \
                 `countersign schemes NAME --toml` prints a file to start from",
                "set `timestamp_unit` in the scheme's file to the unit that the provider sends",
            ),
            Self::ClockSkew => {
                Fix::of_all("set the receiver's clock with NTP; a wider tolerance only hides this")
            }
            Self::ReplayedOldCapture => Fix::of_receiver(
                "nothing, if this is an old capture: diagnose it as of its own time \
                 (`Diagnose::with_clock`); otherwise the delivery was sent again, or it waited in \
                 a queue",
                "nothing, if this is an old capture: diagnose it as of its own time (`--now`); \
                 otherwise the delivery was sent again, or it waited in a queue",
            ),
            Self::WrongScheme => Fix::of_all("configure the scheme that verifies it"),
            Self::Handshake => Fix::of_receiver(
                "nothing, if you use a layer or an extractor: they answer the handshake; in your \
                 own code, call `Verifier::handshake` before `Verifier::verify`",
                "nothing, if you use `countersign serve`: it answers the handshake",
            ),
            Self::RejectedForm => Fix::of_receiver(
                "have the sender use the form that the scheme accepts, or the provider's newer \
                 signature, if there is one: `Scheme::notes` may name it",
                "have the sender use the form that the scheme accepts, or the provider's newer \
                 signature, if there is one: `countersign schemes NAME` may name it",
            ),
            Self::TamperedOrUnknown => Fix::of_all(
                "compare the secret with the provider's settings, capture the raw request before \
                 any proxy or framework changes it, and try again",
            ),
        }
    }
}

pub(super) const RAW: &str =
    "verify the raw bytes of the request, before anything parses or rewrites them";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_mention_only_what_their_audience_uses() {
        for kind in CauseKind::ALL {
            let fix = kind.fix();
            for audience in [Audience::Program, Audience::SchemeFile] {
                let text = fix.text(audience);
                assert!(!text.contains("::"), "{kind:?}: {text}");
            }
            let text = fix.text(Audience::Rust);
            for word in ["`--", "countersign serve", "countersign schemes"] {
                assert!(!text.contains(word), "{kind:?}: {text}");
            }
        }
        let (kind, named) = (CauseKind::TimestampUnit, "`timestamp_unit`");
        assert!(kind.fix().text(Audience::SchemeFile).contains(named));
    }
}
