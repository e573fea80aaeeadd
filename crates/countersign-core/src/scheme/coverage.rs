//! What a signature covers.

/// What a signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureCoverage {
    /// The whole body.
    Body,
    /// The values at these JSON pointers of the body, and nothing else of it.
    Fields(Vec<String>),
    /// Nothing of the body: anyone who has seen a delivery can change it.
    Nothing,
}

impl SignatureCoverage {
    /// Whether the value at this JSON pointer of the body is covered.
    pub(crate) fn field(&self, pointer: &str) -> bool {
        match self {
            Self::Body => true,
            Self::Fields(pointers) => pointers.iter().any(|covered| covered == pointer),
            Self::Nothing => false,
        }
    }
}
