//! The result of a diagnosis.

use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};

use super::cause::Cause;

/// The result of a diagnosis: whether a delivery verifies, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    rejection: Option<VerifyError>,
    problem: Option<ConfigError>,
    handshake: Option<String>,
    causes: Vec<Cause>,
}

impl Diagnosis {
    /// Whether the delivery verifies unchanged. If so, there are no causes.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.rejection.is_none()
    }

    /// Why a verifier rejects the delivery; `None` if it verifies.
    #[must_use]
    pub fn rejection(&self) -> Option<&VerifyError> {
        self.rejection.as_ref()
    }

    /// Why no verifier can be built, if the secrets or the URL cannot be used. The
    /// error code is then `misconfigured`.
    #[must_use]
    pub fn problem(&self) -> Option<&ConfigError> {
        self.problem.as_ref()
    }

    /// The name of the handshake, if the request is one. Then it contains no event,
    /// whether it verifies or not.
    #[must_use]
    pub fn handshake(&self) -> Option<&str> {
        self.handshake.as_deref()
    }

    /// The causes, the most likely first. A rejected delivery has at least one. If
    /// several causes are certain, each of them must be fixed.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    pub(super) fn verified(handshake: Option<String>) -> Self {
        Self { rejection: None, problem: None, handshake, causes: Vec::new() }
    }

    pub(super) fn rejected(
        rejection: VerifyError,
        handshake: Option<String>,
        causes: Vec<Cause>,
    ) -> Self {
        Self { rejection: Some(rejection), problem: None, handshake, causes }
    }

    pub(super) fn unusable(
        problem: ConfigError,
        handshake: Option<String>,
        causes: Vec<Cause>,
    ) -> Self {
        let rejection = Some(VerifyErrorKind::Misconfigured.into());
        Self { rejection, problem: Some(problem), handshake, causes }
    }
}
