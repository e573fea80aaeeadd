//! Reads secrets from environment variables and files.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use zeroize::Zeroizing;

use super::Secret;
use crate::error::{ConfigError, SecretProblem};

impl Secret {
    /// Reads a secret from an environment variable, in the format of
    /// [`Secret::new`]. The secret is [named](Self::named) after the variable. One
    /// trailing line end is removed; other white space is kept.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SecretPlace`] if the variable is not set, is empty or blank,
    /// or is not UTF-8.
    pub fn from_env(variable: &str) -> Result<Self, ConfigError> {
        let wrong = |problem| {
            let place = if is_plainly_a_name(variable) {
                format!("the environment variable `{variable}`")
            } else {
                "the environment variable of the secret".to_owned()
            };
            ConfigError::SecretPlace { place, problem }
        };
        // A text that cannot be a name cannot be set, so it is not looked up.
        let can_be_set = !variable.is_empty() && !variable.contains(['=', '\0']);
        let value = can_be_set.then(|| env::var_os(variable)).flatten();
        let value = value.ok_or_else(|| {
            wrong(
                "is not set: give the name of a variable that is set, never the secret itself"
                    .to_owned(),
            )
        })?;
        let text = value.into_string().map_err(|_| wrong(NOT_TEXT.to_owned()))?;
        Ok(Self::without_line_end(text).map_err(wrong)?.named(variable))
    }

    /// Reads a secret from a file, in the format of [`Secret::new`]. The secret is
    /// [named](Self::named) after the path. One trailing line end is removed; other
    /// white space is kept.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SecretPlace`] if the file cannot be read, is larger than
    /// 1 MiB, is empty or blank, or is not UTF-8.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let wrong = |problem| {
            let place = format!("the secret's file `{}`", path.display());
            ConfigError::SecretPlace { place, problem }
        };
        let bytes = bounded(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        if bytes.len() > MAX_FILE {
            return Err(wrong("is larger than 1 MiB: give a file with one secret".to_owned()));
        }
        let text = str::from_utf8(&bytes).map_err(|_| wrong(NOT_TEXT.to_owned()))?;
        Ok(Self::without_line_end(text.to_owned())
            .map_err(wrong)?
            .named(path.display().to_string()))
    }

    fn without_line_end(mut text: String) -> Result<Self, String> {
        if let Some(rest) = text.strip_suffix('\n') {
            text.truncate(rest.strip_suffix('\r').unwrap_or(rest).len());
        }
        Self::new(text).map_err(|error| match error {
            ConfigError::Secret { problem: SecretProblem::Blank, .. } => {
                "is blank: store the secret that the provider shows".to_owned()
            }
            _ => "is empty: store the secret that the provider shows".to_owned(),
        })
    }
}

/// Reads a file up to one byte more than the maximum: it may be endless.
fn bounded(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Enough capacity for a secret: growing would leave copies in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    File::open(path)?.take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether the name can be shown. Any other text may be the secret itself, given by
/// mistake instead of the name of its variable.
fn is_plainly_a_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

const MAX_FILE: usize = 1024 * 1024;
const NOT_TEXT: &str = "is not UTF-8: store the secret as the provider shows it";

#[cfg(test)]
mod tests {
    use std::env::temp_dir;
    use std::{fs, process};

    use super::*;

    #[test]
    fn a_secret_gets_the_name_of_its_variable_and_an_unset_one_is_shown_only_if_valid() {
        let secret = Secret::from_env("PATH").unwrap();
        assert_eq!(secret.dangerous_reveal(), std::env::var("PATH").unwrap().as_bytes());
        assert_eq!(secret.name(), Some("PATH"));

        let said = |variable| Secret::from_env(variable).unwrap_err().to_string();
        assert!(said("NOT_SET_ANYWHERE").contains("variable `NOT_SET_ANYWHERE` is not set"));
        for given in ["whsec_abc", "", "A=B", "A\0"] {
            let said = said(given);
            assert!(said.contains("is not set: give the name"), "{said}");
            assert!(given.is_empty() || !said.contains(given), "{said}");
        }
    }

    #[test]
    fn one_trailing_line_break_is_removed_from_a_secret_file() {
        let path = temp_dir().join(format!("countersign-secret-{}", process::id()));
        let read = |text: &[u8]| {
            fs::write(&path, text).unwrap();
            Secret::from_file(&path)
        };
        for (text, secret) in [
            ("secret", "secret"),
            ("secret\n", "secret"),
            ("secret\r\n", "secret"),
            ("secret\n\n", "secret\n"),
            (" secret ", " secret "),
            ("secret\r", "secret\r"),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap().dangerous_reveal(), secret.as_bytes());
        }
        for (text, problem) in [
            (&b""[..], "is empty"),
            (b"\n", "is empty"),
            (b"  \n", "is blank"),
            (b"\xff", "not UTF-8"),
        ] {
            let said = read(text).unwrap_err().to_string();
            assert!(said.contains(problem) && said.contains("countersign-secret-"), "{said}");
        }
        let said = read(&vec![b'a'; MAX_FILE + 1]).unwrap_err().to_string();
        assert!(said.contains("is larger than 1 MiB"), "{said}");
        fs::remove_file(&path).unwrap();
        assert!(Secret::from_file(&path).unwrap_err().to_string().contains("cannot be read"));
    }
}
