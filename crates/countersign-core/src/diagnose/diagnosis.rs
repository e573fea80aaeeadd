//! What was found.

use super::cause::Cause;
use crate::error::{ConfigError, VerifyError, VerifyErrorKind};

/// What was found out about a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    refusal: Option<VerifyError>,
    problem: Option<ConfigError>,
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

    /// The causes, the likeliest first. Those that are certain belong together:
    /// each of them has to be mended.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        &self.causes
    }

    pub(super) fn verified() -> Self {
        Self { refusal: None, problem: None, causes: Vec::new() }
    }

    pub(super) fn refused(refusal: VerifyError, causes: Vec<Cause>) -> Self {
        Self { refusal: Some(refusal), problem: None, causes }
    }

    pub(super) fn unusable(problem: ConfigError, causes: Vec<Cause>) -> Self {
        let refusal = Some(VerifyErrorKind::Misconfigured.into());
        Self { refusal, problem: Some(problem), causes }
    }
}
