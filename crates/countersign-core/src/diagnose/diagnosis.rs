//! What was found.

use super::cause::Cause;
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};

/// What was found out about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    refusal: Option<VerifyError>,
    problem: Option<ConfigError>,
    handshake: Option<String>,
    causes: Vec<Cause>,
}

impl Diagnosis {
    /// Whether it verifies as it is. Then there is no cause of anything.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.refusal.is_none()
    }

    /// Why a verifier refuses it; `None` where it verifies.
    #[must_use]
    pub fn refusal(&self) -> Option<&VerifyError> {
        self.refusal.as_ref()
    }

    /// Why there can be no verifier, where the secrets or the URL are of no use;
    /// the refusal is then `misconfigured`.
    #[must_use]
    pub fn problem(&self) -> Option<&ConfigError> {
        self.problem.as_ref()
    }

    /// The name of the handshake that it asks for, if it does: then nothing in it
    /// is an event, whether it verifies or not.
    #[must_use]
    pub fn handshake(&self) -> Option<&str> {
        self.handshake.as_deref()
    }

    /// The causes, the likeliest first; never none of what is refused. Those that
    /// are certain belong together: each of them has to be mended.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    pub(super) fn verified(handshake: Option<String>) -> Self {
        Self { refusal: None, problem: None, handshake, causes: Vec::new() }
    }

    pub(super) fn refused(
        refusal: VerifyError,
        handshake: Option<String>,
        causes: Vec<Cause>,
    ) -> Self {
        Self { refusal: Some(refusal), problem: None, handshake, causes }
    }

    pub(super) fn unusable(
        problem: ConfigError,
        handshake: Option<String>,
        causes: Vec<Cause>,
    ) -> Self {
        let refusal = Some(VerifyErrorKind::Misconfigured.into());
        Self { refusal, problem: Some(problem), handshake, causes }
    }
}
