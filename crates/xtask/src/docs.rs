//! `cargo xtask docs`: generates the page about the schemes from their data.

use std::fs;
use std::path::Path;

use crate::run;

/// Regenerates `docs/SCHEMES.md`. A test of the program fails if it is out of date.
pub(crate) fn docs() -> Result<(), String> {
    let page = run::output(&mut run::cargo(
        "run --quiet --package countersign-cli -- schemes --markdown",
    ))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCHEMES.md");
    fs::write(&path, page).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
