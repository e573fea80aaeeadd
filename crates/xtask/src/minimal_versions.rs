//! Checks that the workspace compiles with the lowest version of each dependency that its manifest
//! allows.
//!
//! A user's lock file may have any version in the range, and the tests run with the newest ones.

use std::fs;
use std::io;
use std::path::Path;

use crate::run;

/// Resolves the lowest versions in a copy of the workspace that consists of links, so that
/// `Cargo.lock` stays as it is, and checks all crates with them.
pub(crate) fn check() -> Result<(), String> {
    let root = Path::new(run::ROOT);
    let copy = root.join("target/minimal-versions");
    link_workspace(root, &copy).map_err(|error| format!("{}: {error}", copy.display()))?;
    // The option is unstable. Only this command gets the variable: build scripts that see it would
    // use features of the nightly compiler.
    let mut resolve = run::cargo("generate-lockfile -Z direct-minimal-versions");
    run::checked(resolve.current_dir(&copy).env("RUSTC_BOOTSTRAP", "1"))?;
    let mut check = run::cargo("check --locked --workspace --all-features");
    run::checked(check.current_dir(&copy).env("CARGO_TARGET_DIR", copy.join("target")))?;
    // The results take as much disk space as those of the lints, and no other step uses them.
    fs::remove_dir_all(&copy).map_err(|error| format!("{}: {error}", copy.display()))
}

fn link_workspace(root: &Path, copy: &Path) -> io::Result<()> {
    fs::create_dir_all(copy)?;
    for name in ["Cargo.toml", "benches", "crates", "examples", "sim", "tests"] {
        let link = copy.join(name);
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(&root.join(name), &link)?;
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(to: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::canonicalize(to)?, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::other("this check needs symbolic links, as on Unix"))
}
