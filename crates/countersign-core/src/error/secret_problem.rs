//! What can be wrong with a secret.

use std::fmt;

/// What is wrong with a secret. The text completes "the secret …".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretProblem {
    /// It is empty: any client could compute its signatures.
    Empty,
    /// It contains only white space: the secret or a variable is missing.
    Blank,
    /// It decodes to zero bytes, which is the same as an empty secret.
    DecodesToNothing,
    /// All bytes of its key are 0, which is the same as an empty secret.
    OnlyZeros,
    /// The scheme's secrets are hexadecimal, and this one is not.
    NotHex,
    /// The scheme's secrets are base64, and this one is not.
    NotBase64,
    /// The scheme's keys have another length.
    #[non_exhaustive]
    WrongLength {
        /// The length of this key, in bytes.
        is: usize,
        /// The length of the scheme's keys, in bytes.
        must_be: usize,
    },
    /// It is several secrets in one text, and one key is expected.
    Several,
    /// It is not a public key of the scheme's algorithm.
    NotAPublicKey,
    /// It is a public key, a certificate or a private key, or the address of one, and the scheme's
    /// secrets are shared with the provider. A public key is not secret, so anyone could sign with
    /// its text.
    AsymmetricKey,
    /// It does not have the form that the scheme expects.
    #[non_exhaustive]
    Malformed {
        /// What to give instead.
        give: &'static str,
    },
    /// The scheme's secrets are `user:password`, and this one is not.
    NotUserAndPassword,
    /// The start of its validity is after its end.
    NeverValid,
    /// Its validity has ended, and so has that of all others.
    Expired,
    /// It is not valid now, and neither is any other. A certificate or a JWK can state by itself
    /// when it expires.
    NotValidNow,
}

impl SecretProblem {
    /// The secret does not have the form that its scheme requires; `give` says what to give.
    #[must_use]
    pub fn malformed(give: &'static str) -> Self {
        Self::Malformed { give }
    }
}

impl fmt::Display for SecretProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: paste the secret that the provider shows"),
            Self::Blank => {
                f.write_str("is nothing but white space: paste the secret that the provider shows")
            }
            Self::DecodesToNothing => {
                f.write_str("decodes to zero bytes: paste all of it, not only its prefix")
            }
            Self::OnlyZeros => f.write_str(
                "has a key of only zero bytes, for which any client can compute signatures: paste \
                 the secret that the provider shows",
            ),
            Self::NotHex => f.write_str(
                "is not hexadecimal, as this scheme's secrets are: paste it without spaces or quotes",
            ),
            Self::NotBase64 => f.write_str(
                "is not base64, as this scheme's secrets are: paste it without spaces or quotes, \
                 or use `Secret::from_text` if it is text",
            ),
            Self::WrongLength { is, must_be } => write!(
                f,
                "decodes to {is} bytes, but this scheme's keys have {must_be}: paste all of it"
            ),
            Self::Several => f.write_str(
                "is several secrets joined by `|`: make one `Secret` of each, or use `Secret::new`",
            ),
            Self::NotAPublicKey => {
                f.write_str("is not a public key of this scheme's algorithm: paste the public key")
            }
            Self::AsymmetricKey => f.write_str(
                "is a public key, a certificate or a private key, or the address of one, but this \
                 scheme's secrets are shared with the provider: give the signing secret or the \
                 token that the provider shows",
            ),
            Self::Malformed { give } => write!(f, "is not what this scheme expects: give {give}"),
            Self::NotUserAndPassword => {
                f.write_str("has no user and password: write `user:password`, with the colon")
            }
            Self::NeverValid => {
                f.write_str("is never valid: its validity ends before it begins")
            }
            Self::Expired => f.write_str(
                "has expired, and there is no other that has not: add a secret that is valid now",
            ),
            Self::NotValidNow => f.write_str(
                "is not valid now, and there is no other that is: add a secret that is valid now",
            ),
        }
    }
}
