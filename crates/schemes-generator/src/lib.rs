//! Writes one Rust file from the provider files of `countersign-schemes`.
//!
//! A provider file is a scheme file, as [`Scheme::from_toml`](countersign_core::Scheme::from_toml)
//! reads it, with these additional keys:
//!
//! | key | what it is |
//! | --- | --- |
//! | `function` | the name of the constructor; by default the scheme's name |
//! | `secret_location` | required: how a user finds the secret at the provider |
//! | `code` | the function in `src/code/` that returns the signing code |
//! | `[[alias]]` | a product that signs in the same way, with its own facts and `secret_location` |
//! | `[[sample]]` | at least one: an event as the provider sends it |
//!
//! A sample has these keys. Its headers and its body can contain placeholders for the values that are
//! new in each event: `{{id}}` (22 letters and digits), `{{hex}}` (32 digits), `{{uuid}}`,
//! `{{number}}` (nine digits), `{{unix}}`, `{{unix_ms}}`, `{{rfc3339}}`.
//!
//! | key | what it is |
//! | --- | --- |
//! | `event` | the event's type as the scheme reads it, or a name if it reads none |
//! | `headers` | the headers that describe the event; `Content-Type` is set if it is not among them |
//! | `body` | the body as the provider writes it, without a signature |
//!
//! Nothing of it is read at run time.

mod calls;
mod provider;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use provider::Provider;

/// The error is a text that names the file and the key.
pub type Result<T> = std::result::Result<T, String>;

/// The content of the generated file, from the provider files in the repository.
///
/// # Errors
///
/// A provider file that cannot be read, has an unknown key, or describes an inconsistent scheme.
pub fn generated() -> Result<String> {
    let folder = schemes().join("providers");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut providers = Vec::new();
    for path in paths {
        let shown = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| format!("{shown}: {error}"))?;
        let provider = Provider::read(&text).map_err(|error| format!("{shown}: {error}"))?;
        if shown != format!("{}.toml", provider.name()) {
            return Err(format!("{shown}: the file must have the name of its scheme"));
        }
        providers.push(provider);
    }
    providers.sort_by(|a, b| a.name().cmp(b.name()));
    source::write(&providers)
}

/// The path of the generated file.
#[must_use]
pub fn target() -> PathBuf {
    schemes().join("src/generated.rs")
}

fn schemes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../countersign-schemes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_file_is_current() {
        let checked_in = fs::read_to_string(target()).unwrap();
        let is_current = checked_in == generated().unwrap();
        assert!(is_current, "src/generated.rs is stale: run `cargo xtask schemes`");
    }
}
