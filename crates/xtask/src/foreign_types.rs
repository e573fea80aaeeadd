//! Checks which types of other crates each published library has in its public API.
//!
//! A type of a dependency in a signature makes a new version of that dependency a breaking change
//! here. The list in each manifest, `allowed_external_types`, has the format of
//! cargo-check-external-types, and must be exact: a type that is not in it is a fault, and so is an
//! entry that no type matches.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::run;

/// Writes the API of each library as JSON, with rustdoc, and compares it with the lists.
pub(crate) fn check() -> Result<(), String> {
    let metadata = run::output(&mut run::cargo("metadata --no-deps --format-version 1"))?;
    let metadata = json(&metadata, "the output of `cargo metadata`")?;
    let libraries = libraries(&metadata);
    let target = PathBuf::from(metadata["target_directory"].as_str().unwrap_or_default());
    write_apis(&libraries, &target)?;

    let mut faults = Vec::new();
    for library in &libraries {
        let file = target.join("doc").join(library.name.replace('-', "_") + ".json");
        let api = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let types = foreign_types(&json(&api, &file.display().to_string())?);
        faults.extend(library.faults(&types));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

struct Library {
    name: String,
    /// Paths, of which the last part may be `*`.
    allowed: Vec<String>,
}

/// The packages whose manifest has a list.
fn libraries(metadata: &Value) -> Vec<Library> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let library = |package: &Value| {
        let list = &package["metadata"]["cargo_check_external_types"]["allowed_external_types"];
        let allowed = list.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned);
        Some(Library { name: package["name"].as_str()?.to_owned(), allowed: allowed.collect() })
    };
    packages.filter_map(library).collect()
}

impl Library {
    fn faults(&self, types: &BTreeSet<String>) -> Vec<String> {
        let matches = |entry: &str, path: &str| match entry.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => path == entry,
        };
        let unlisted = types
            .iter()
            .filter(|path| !self.allowed.iter().any(|entry| matches(entry, path)))
            .map(|path| format!("{}: {path} is in the public API and not in the list", self.name));
        let unused = self
            .allowed
            .iter()
            .filter(|entry| !types.iter().any(|path| matches(entry, path)))
            .map(|entry| format!("{}: {entry} is in the list and not in the API", self.name));
        unlisted.chain(unused).collect()
    }
}

/// The JSON format is unstable, and a stable rustdoc writes it if it gets this variable. Only rustdoc gets
/// the variable: build scripts that see it would build their crates again.
fn write_apis(libraries: &[Library], target: &Path) -> Result<(), String> {
    let rustdoc = target.join("rustdoc-json");
    write_script(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")
        .map_err(|error| format!("{}: {error}", rustdoc.display()))?;
    let mut command = run::cargo("doc --no-deps --lib --all-features");
    for library in libraries {
        command.arg("--package").arg(&library.name);
    }
    command.env("RUSTDOC", rustdoc);
    command.env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    run::checked(&mut command)
}

fn write_script(path: &Path, text: &str) -> std::io::Result<()> {
    fs::write(path, text)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

/// The paths of all types and traits in the API that are neither of this crate nor of Rust's own.
fn foreign_types(api: &Value) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for item in api["index"].as_object().into_iter().flat_map(|index| index.values()) {
        let implementation = &item["inner"]["impl"];
        // `Send` and the like, and implementations such as `impl<T> Into<T>`.
        let is_automatic =
            implementation["is_synthetic"] == true || implementation["blanket_impl"].is_object();
        if item["crate_id"] == 0 && !is_automatic {
            collect(&item["inner"], &api["paths"], &mut types);
        }
    }
    types
}

/// A use of a type is an object with the type's `id` and its `path`, a re-export one with its
/// `source`.
fn collect(part: &Value, paths: &Value, types: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            let is_use = fields.contains_key("path") || fields.contains_key("source");
            if let (true, Some(id)) = (is_use, part["id"].as_u64()) {
                types.extend(foreign(&paths[id.to_string()]));
            }
            fields.values().for_each(|field| collect(field, paths, types));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, paths, types)),
        _ => {}
    }
}

/// The path of a type, if it is of another crate and not a detail of its macros.
fn foreign(path: &Value) -> Option<String> {
    let parts = path["path"].as_array()?.iter().filter_map(Value::as_str).collect::<Vec<_>>();
    let is_own = path["crate_id"] == 0 || matches!(parts[..], ["core" | "alloc" | "std", ..]);
    let is_hidden = parts.contains(&"__private");
    (!is_own && !is_hidden).then(|| parts.join("::"))
}

fn json(text: &[u8], what: &str) -> Result<Value, String> {
    serde_json::from_slice(text).map_err(|error| format!("{what} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn api() -> Value {
        json!({
            "index": {
                "1": { "crate_id": 0, "inner": { "function": { "sig": { "inputs": [
                    ["body", { "resolved_path": { "path": "Option", "id": 10, "args": {
                        "angle_bracketed": { "args": [
                            { "type": { "resolved_path": { "path": "Bytes", "id": 11 } } },
                        ] } } } }],
                    ["own", { "resolved_path": { "path": "Own", "id": 2 } }],
                ] } } } },
                "2": { "crate_id": 0, "inner": { "use": { "source": "http::Method", "id": 12 } } },
                "3": { "crate_id": 0, "inner": { "impl": {
                    "is_synthetic": false, "blanket_impl": { "generic": "T" },
                    "trait": { "path": "Service", "id": 13 } } } },
                "4": { "crate_id": 9, "inner": { "impl": { "trait": { "path": "S", "id": 13 } } } },
            },
            "paths": {
                "2": { "crate_id": 0, "path": ["shop", "Own"] },
                "10": { "crate_id": 1, "path": ["core", "option", "Option"] },
                "11": { "crate_id": 5, "path": ["bytes", "bytes", "Bytes"] },
                "12": { "crate_id": 6, "path": ["http", "method", "Method"] },
                "13": { "crate_id": 7, "path": ["tower_service", "Service"] },
            },
        })
    }

    #[test]
    fn types_in_signatures_and_re_exports_are_found_and_automatic_implementations_are_not() {
        let found = foreign_types(&api());
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["bytes::bytes::Bytes", "http::method::Method"]
        );
    }

    #[test]
    fn a_type_without_an_entry_and_an_entry_without_a_type_are_faults() {
        let library = |allowed: &[&str]| Library {
            name: "shop".to_owned(),
            allowed: allowed.iter().map(|&entry| entry.to_owned()).collect(),
        };
        let types = foreign_types(&api());
        assert_eq!(library(&["bytes::bytes::Bytes", "http::*"]).faults(&types), [""; 0]);
        assert_eq!(
            library(&["http::method::Method", "url::Url"]).faults(&types),
            [
                "shop: bytes::bytes::Bytes is in the public API and not in the list",
                "shop: url::Url is in the list and not in the API",
            ]
        );
    }
}
