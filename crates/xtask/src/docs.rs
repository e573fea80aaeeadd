//! `cargo xtask docs`: the page that is written from the schemes' own data.

use std::fs;
use std::path::Path;

use crate::run;

/// Writes `docs/SCHEMES.md` anew. A test of the program fails where it is stale.
pub(crate) fn docs() -> Result<(), String> {
    let page = run::output(&mut run::cargo(
        "run --quiet --package countersign-cli -- schemes --markdown",
    ))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCHEMES.md");
    fs::write(&path, page).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
