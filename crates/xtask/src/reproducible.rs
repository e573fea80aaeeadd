//! `cargo xtask reproducible`: whether the program is built again with the same bytes.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{self, ROOT};
use crate::{sim, tools};

/// Builds the program in two folders, with the list of its dependencies inside (`cargo auditable`),
/// and compares the files.
pub(crate) fn reproducible() -> Result<(), String> {
    tools::ensure_cargo_auditable()?;
    let first = build("one")?;
    let second = build("another/folder")?;
    // For people; the comparison is of the bytes.
    run::checked(run::program("sha256sum").args([&first, &second]))?;
    let read = |file: &PathBuf| fs::read(file).map_err(|e| format!("{}: {e}", file.display()));
    let program = read(&first)?;
    if program != read(&second)? {
        return Err(format!("{} and {} differ", first.display(), second.display()));
    }
    if !contains(&program, AUDITABLE) {
        return Err(format!("{} has no list of its dependencies", first.display()));
    }
    let folder = absolute("")?;
    if contains(&program, folder.display().to_string().as_bytes()) {
        return Err(format!("{} names the folder where it was built", first.display()));
    }
    println!("both files are equal: {} bytes", program.len());
    Ok(())
}

/// Builds a copy of the workspace, with its own folder for the output.
fn build(folder: &str) -> Result<PathBuf, String> {
    let copy = absolute(folder)?;
    sim::copy_workspace(&copy)?;
    let mut command = run::cargo("auditable build --release --locked --package countersign-cli");
    command.current_dir(&copy).env("CARGO_TARGET_DIR", copy.join("target"));
    // Messages of panics name files. Separated by a character that is in no path.
    let flags = [(copy.clone(), "/countersign"), (cargo_home()?, "/cargo")]
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    run::checked(command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))?;
    Ok(copy.join("target/release/countersign"))
}

/// A folder in that of this command, which is created.
fn absolute(folder: &str) -> Result<PathBuf, String> {
    let folder = Path::new(ROOT).join("target/reproducible").join(folder);
    fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    folder.canonicalize().map_err(|error| error.to_string())
}

/// The folder with the sources of the dependencies.
fn cargo_home() -> Result<PathBuf, String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .ok_or_else(|| "set CARGO_HOME".to_owned())
}

fn contains(program: &[u8], text: &[u8]) -> bool {
    program.windows(text.len()).any(|window| window == text)
}

/// The section of the file that `cargo auditable` adds.
const AUDITABLE: &[u8] = b".dep-v0";
