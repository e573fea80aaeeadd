//! Requests that are handshakes, not events.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use countersign::Verifier;
use countersign::handshake::HandshakeAnswer;
use serde::Serialize;

use crate::output::escape_control_chars;
use crate::secrets::Place;
use crate::usage_error::UsageError;

#[derive(Args)]
pub(crate) struct HandshakeArgs {
    /// Environment variable with the verify token, for schemes whose handshake sends one
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "verify_token_file",
        allow_hyphen_values = true
    )]
    verify_token_env: Option<String>,
    /// File with the verify token
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    verify_token_file: Option<PathBuf>,
    /// Act as an endpoint whose window is open for a handshake in which the provider sends a secret
    #[arg(long)]
    handshake_window: bool,
    /// Print the response to a handshake, which may contain a secret sent by the provider
    #[arg(long)]
    answer: bool,
}

impl HandshakeArgs {
    /// Configures the verifier for handshakes.
    pub(super) fn set_up(&self, mut verifier: Verifier) -> Result<Verifier, UsageError> {
        let env = self.verify_token_env.clone().map(Place::Env);
        if let Some(place) = env.or_else(|| self.verify_token_file.clone().map(Place::File)) {
            verifier = verifier.with_verify_token(&place.read()?);
        }
        if self.handshake_window {
            verifier.open_handshake_window(Duration::from_secs(60));
        }
        Ok(verifier)
    }
}

/// A handshake and the response for the provider.
#[derive(Serialize)]
pub(super) struct Handshake {
    name: String,
    signed: bool,
    hands_over_secret: bool,
    status: u16,
    /// Only if `--answer` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerJson>,
}

#[derive(Serialize)]
struct AnswerJson {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Handshake {
    pub(super) fn signed(answer: HandshakeAnswer, args: &HandshakeArgs) -> Self {
        Self::new(answer, args, true)
    }

    pub(super) fn unsigned(answer: HandshakeAnswer, args: &HandshakeArgs) -> Self {
        Self::new(answer, args, false)
    }

    fn new(mut answer: HandshakeAnswer, args: &HandshakeArgs, signed: bool) -> Self {
        Self {
            name: answer.name().to_owned(),
            signed,
            hands_over_secret: answer.take_captured().is_some(),
            status: answer.status(),
            answer: args.answer.then(|| {
                let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                let body = String::from_utf8_lossy(answer.body()).into_owned();
                AnswerJson { headers: answer.headers().map(owned).collect(), body }
            }),
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    /// The human-readable description.
    pub(super) fn description(&self) -> String {
        let signed = if self.signed { "signed like any event" } else { "which is not signed" };
        let secret = if self.hands_over_secret { "; it contains a secret" } else { "" };
        format!("handshake `{}`, {signed}{secret}", self.name)
    }

    /// The lines of the response, with control characters escaped.
    pub(super) fn lines(&self) -> Vec<String> {
        let Some(answer) = &self.answer else { return Vec::new() };
        let headers = answer.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let body = (!answer.body.is_empty()).then(|| escape_control_chars(&answer.body));
        [self.status.to_string()].into_iter().chain(headers).chain(body).collect()
    }
}
