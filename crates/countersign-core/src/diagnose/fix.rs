//! What to do about a cause, in the words of what its reader uses.

use std::borrow::Cow;

use super::cause::CauseKind;

/// Who reads a diagnosis: its fixes name what they use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Audience {
    /// A program in Rust: fixes name functions and types of this library.
    #[default]
    Rust,
    /// The program `countersign`, with built-in schemes: fixes name its options and
    /// the keys of the file of `countersign serve`.
    Program,
    /// The same with a scheme's file: fixes name the keys of that file, too.
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
    /// One that is about the scheme: who has written its file changes that.
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

    /// The same, put together.
    pub(super) fn of_scheme(rust: String, program: String, scheme_file: String) -> Self {
        Self { rust: rust.into(), program: program.into(), scheme_file: scheme_file.into() }
    }

    /// One that is about the receiver, whatever its scheme.
    pub(super) fn of_receiver(
        rust: impl Into<Cow<'static, str>>,
        program: impl Into<Cow<'static, str>>,
    ) -> Self {
        let program = program.into();
        Self { rust: rust.into(), program: program.clone(), scheme_file: program }
    }

    /// One that is about what neither the library nor the program has.
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
    /// The fix of a kind, where a cause has none of its own.
    pub(super) fn fix(self) -> Fix {
        match self {
            Self::SecretTrailingWhitespace => Fix::of_all(
                "store the secret as the provider shows it, without white space around it: written by \
                 `printf %s`, say, where `echo` adds a newline",
            ),
            Self::SecretInQuotes => Fix::of_all("store the secret without the quotes around it"),
            Self::SecretWithName => {
                Fix::of_all("store the value alone, without the name and the `=` in front of it")
            }
            Self::SecretNotDecoded => Fix::of(
                "give the secret as what it is: `Secret::from_base64`, `Secret::from_hex` or \
                 `Secret::from_whsec`, or the scheme whose secrets are written so",
                "configure the scheme whose secrets are written so, or write one with that \
                 `secret_format`: `countersign schemes NAME --toml` begins its file",
                "set `secret_format` in the scheme's file to how the secret is written: `base64`, \
                 `hex` or `whsec`",
            ),
            Self::SecretWronglyDecoded => Fix::of(
                "give the whole text that the provider shows, prefix and all, with `Secret::new`; \
                 if the scheme decodes it and must not, with `Secret::from_text`",
                "give the whole text that the provider shows, prefix and all; if the scheme decodes \
                 it and must not, write one with another `secret_format`: `countersign schemes NAME \
                 --toml` begins its file",
                "give the whole text that the provider shows, prefix and all; if the scheme decodes \
                 it and must not, set another `secret_format` in the scheme's file",
            ),
            Self::SecretOfAnotherEndpoint => Fix::of_all(
                "configure the secret that the provider shows for this endpoint; test and live \
                 mode have one each",
            ),
            Self::Rotated => Fix::of_receiver(
                "keep the older secret beside the current one until the provider has ceased to \
                 sign with it (`Secrets::with_previous`), or finish the rotation at the provider",
                "keep the older secret beside the current one until the provider has ceased to \
                 sign with it: name both by `--secret-env` or `--secret-file`, or in `secrets` in \
                 the file of `countersign serve`; or finish the rotation at the provider",
            ),
            Self::SecretKind => Fix::of_all(
                "configure the signing secret, which the provider shows with the endpoint, and not \
                 the key for its API",
            ),
            Self::WrongHeader => Fix::of(
                "have the proxy hand the provider's headers on as they are, or describe a scheme \
                 that reads what arrives: `Scheme::builder`",
                "have the proxy hand the provider's headers on as they are, or describe a scheme \
                 that reads what arrives: `countersign schemes NAME --toml` begins its file",
                "have the proxy hand the provider's headers on as they are, or have the scheme's \
                 file read what arrives: `signature_header`, `signature_prefix`, `encoding`",
            ),
            Self::PartMissing => Fix::of_all(
                "check at the provider whether signing is switched on, and whether a proxy or the \
                 capture drops it",
            ),
            Self::BodyBom | Self::BodyNewline | Self::BodyCharset | Self::BodyReserialized => {
                Fix::of_all(RAW)
            }
            Self::BodyBase64 => Fix::of_all(
                "verify the bytes that the gateway's `body` decodes to if it says \
                 `isBase64Encoded`, and switch that encoding off where you can",
            ),
            Self::BodyCompressed => Fix::of(
                "decompress the body in front of verification: `body_view(BodyView::Decoded)` of a \
                 scheme of your own does",
                "decompress the body in front of verification: a scheme whose file says \
                 `body_view = \"decoded\"` does; `countersign schemes NAME --toml` begins one",
                "decompress the body in front of verification: `body_view = \"decoded\"` in the \
                 scheme's file does",
            ),
            Self::BodyDecompressed => {
                Fix::of_all("verify the body as it arrives, in front of whatever decompresses it")
            }
            Self::BodyEmpty => {
                Fix::of_all("verify in front of whatever reads the body; it can be read but once")
            }
            Self::BodyTruncated => Fix::of_all(
                "capture the whole body; look for a limit in the proxy, the framework or the log \
                 that it was copied from",
            ),
            Self::BodyTooLarge => Fix::of_receiver(
                "raise the limit, if the provider sends so much: `Verifier::with_body_limit`",
                "raise the limit, if the provider sends so much: `body_limit` in the file of \
                 `countersign serve`",
            ),
            Self::UrlMismatch => Fix::of_receiver(
                "configure the public URL to the letter as the provider's settings show it \
                 (`Verifier::at`): behind a proxy the server sees another one",
                "configure the public URL to the letter as the provider's settings show it \
                 (`url` in the file of `countersign serve`, `--url` here): behind a proxy the \
                 server sees another one",
            ),
            Self::TimestampUnit => Fix::of(
                "describe a scheme whose timestamp has the unit that the provider sends: \
                 `TimestampUnit`",
                "describe a scheme whose `timestamp_unit` is the one that the provider sends: \
                 `countersign schemes NAME --toml` begins its file",
                "set `timestamp_unit` in the scheme's file to the one that the provider sends",
            ),
            Self::ClockSkew => {
                Fix::of_all("set the receiver's clock by NTP; a wider tolerance only hides it")
            }
            Self::ReplayedOldCapture => Fix::of_receiver(
                "nothing, if this is a capture: judge it by the clock of its time \
                 (`Diagnose::with_clock`); otherwise somebody has sent it again, or it has waited \
                 in a queue",
                "nothing, if this is a capture: judge it by the clock of its time (`--now`); \
                 otherwise somebody has sent it again, or it has waited in a queue",
            ),
            Self::WrongScheme => Fix::of_all("configure the scheme that verifies it"),
            Self::Handshake => Fix::of_receiver(
                "nothing behind a layer or an extractor: they answer it; in code of your own, call \
                 `Verifier::handshake` in front of `Verifier::begin`",
                "nothing behind `countersign serve`: it answers the handshake",
            ),
            Self::RejectedForm => Fix::of_receiver(
                "have the sender use the form that the scheme takes, or the provider's newer way of \
                 signing, if it has one: `Scheme::notes` may say which",
                "have the sender use the form that the scheme takes, or the provider's newer way of \
                 signing, if it has one: `countersign schemes NAME` may say which",
            ),
            Self::TamperedOrUnknown => Fix::of_all(
                "compare the secret with the provider's settings, capture the raw request in front \
                 of every proxy and framework, and try again",
            ),
        }
    }
}

pub(super) const RAW: &str =
    "verify the raw bytes of the request, in front of whatever parses or rewrites it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_name_what_their_reader_uses_and_nothing_else() {
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
