//! `cargo xtask schemes`: writes what is generated from the provider files.

use std::fs;
use std::path::Path;

use crate::run;

/// Writes the constructors of `countersign-schemes`, the test vectors of `countersign-conformance` and
/// `docs/SCHEMES.md`. Tests fail if one of them is out of date.
pub(crate) fn schemes() -> Result<(), String> {
    run::checked(&mut run::cargo("run --quiet --package schemes-generator"))?;
    let page = run::output(&mut run::cargo(
        "run --quiet --package countersign-cli -- schemes --markdown",
    ))?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCHEMES.md");
    fs::write(&path, page).map_err(|error| format!("{} cannot be written: {error}", path.display()))
}
