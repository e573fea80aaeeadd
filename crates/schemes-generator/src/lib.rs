//! Writes four files from the provider files of `countersign-schemes`: its constructors, the test
//! vectors and handshakes of `countersign-conformance`, and `docs/FIDELITY.md`, which also shows the
//! last run of `cargo xtask interop`.
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
//! | `[[vector]]` | a delivery that must verify or must be rejected |
//! | `[[handshake_vector]]` | a handshake, and the response that the provider expects |
//!
//! # Samples
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
//! # Vectors
//!
//! | key | what it is |
//! | --- | --- |
//! | `name` | required: what the vector shows, unique within its provider; `[neg]` marks a valid vector with one mechanical change |
//! | `alias` | the alias that sends it; by default the scheme itself |
//! | `like` | the name of a vector before it, from which it has all keys of the request that it does not set |
//! | `secret` | required without `like`: the secret as a user would paste it, or a table of its parts |
//! | `method` | `POST` by default |
//! | `url` | the public URL, if the scheme signs it |
//! | `headers` | the relevant headers, all of them; none by default |
//! | `body`, `body_base64` | the exact body, as text or, if it is not text, in base64; empty by default |
//! | `now_unix_ms` | the receiver's clock; 1760000000000 by default |
//! | `reason` | why it must be rejected; without it, it must verify |
//! | `origin` | the source, required without `like`; by default `derived from "…"` |
//! | `official_sdk`, `note` | the result of the provider's own SDK if it differs; anything unusual |
//!
//! A handshake has `kind`, its name; `note`; `secret`, if the response needs one; `method`, `url`,
//! `headers` and `body` or `body_base64`, as above; and `response`, a table with `status` and any of
//! `body` (text), `json`, `headers` and `capture` (the key in the request).
//!
//! `vectors/README.md` of `countersign-conformance` explains the values.
//!
//! Nothing of it is read at run time.

mod calls;
mod fidelity;
mod provider;
mod source;
mod vectors;

use std::fs;
use std::path::{Path, PathBuf};

use provider::Provider;

/// The error is a text that names the file and the key.
pub type Result<T> = std::result::Result<T, String>;

/// A file that is generated.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "this crate is not published")]
pub struct Generated {
    /// Its path.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// The generated files, from the provider files in the repository.
///
/// # Errors
///
/// A provider file that cannot be read, has an unknown key, or describes an inconsistent scheme.
pub fn generated() -> Result<Vec<Generated>> {
    let providers = providers()?;
    let mut vectors: Vec<_> = providers.iter().flat_map(|provider| &provider.vectors).collect();
    // Stable: the vectors of a provider stay in the order of its file.
    vectors.sort_by(|a, b| a.provider.cmp(&b.provider));
    let handshakes: Vec<_> = providers.iter().flat_map(|it| &it.handshakes).collect();
    let file = |path: &str, text| Generated { path: crates().join(path), text };
    Ok(vec![
        file("countersign-schemes/src/generated.rs", source::write(&providers)?),
        file("countersign-conformance/vectors/vectors.json", vectors::json(&vectors)?),
        file("countersign-conformance/vectors/handshakes.json", vectors::json(&handshakes)?),
        file("../docs/FIDELITY.md", fidelity::page(&providers, &sdk_runs()?)),
    ])
}

/// The provider files, in the order of their schemes' names.
fn providers() -> Result<Vec<Provider>> {
    let folder = crates().join("countersign-schemes/providers");
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
    Ok(providers)
}

/// The last run of the official SDKs.
fn sdk_runs() -> Result<fidelity::SdkRuns> {
    let path = crates().join("../tests/interop/results.json");
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    serde_json::from_str(&text).map_err(|error| failed(&error))
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_files_are_current() {
        for Generated { path, text } in generated().unwrap() {
            let is_current = fs::read_to_string(&path).unwrap() == text;
            assert!(is_current, "{} is stale: run `cargo xtask schemes`", path.display());
        }
    }
}
