//! Checks the contents of the published packages.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run;

/// Packages every published crate, and checks the contents. The packages are not built, which would
/// take longer than all other steps together: `cargo package --workspace` does that.
pub(crate) fn packages() -> Result<(), String> {
    let packages = published()?;
    // Uncommitted changes are checked, too.
    let mut pack = run::cargo("package --no-verify --allow-dirty");
    for package in &packages {
        pack.arg("--package").arg(&package.name);
    }
    run::checked(&mut pack)?;

    let mut faults = Vec::new();
    for package in &packages {
        faults.extend(package.faults()?);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

struct Package {
    /// The name of the package and of its folder.
    name: String,
    folder: PathBuf,
    manifest: String,
}

/// Returns all packages in `crates` without `publish = false`.
fn published() -> Result<Vec<Package>, String> {
    let crates = Path::new(run::ROOT).join("crates");
    let mut packages = Vec::new();
    for entry in fs::read_dir(&crates).map_err(|error| unreadable(&crates, &error))? {
        let folder = entry.map_err(|error| unreadable(&crates, &error))?.path();
        let manifest = text(&folder.join("Cargo.toml"))?;
        if !manifest.lines().any(|line| line == "publish = false") {
            let name = folder.file_name().unwrap_or_default().display().to_string();
            packages.push(Package { name, folder, manifest });
        }
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

impl Package {
    fn faults(&self) -> Result<Vec<String>, String> {
        let mut list = run::cargo("package --list --allow-dirty --package");
        let list = run::output(list.arg(&self.name))?;
        let list = String::from_utf8_lossy(&list);
        let files: Vec<&str> = list.lines().collect();

        let mut faults = Vec::new();
        let mut fault = |what: String| faults.push(format!("{}: {what}", self.name));
        for name in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            if !files.contains(&name) {
                fault(format!("{name} is not in the package"));
            }
        }
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            // They are symbolic links, which some systems check out as files with a path.
            if files.contains(&name)
                && text(&self.folder.join(name))? != text(&Path::new(run::ROOT).join(name))?
            {
                fault(format!("{name} differs from the project's"));
            }
        }
        for name in &files {
            // cargo generates some of them during packaging.
            let size = fs::metadata(self.folder.join(name)).map_or(0, |file| file.len());
            if size > LARGEST_FILE {
                fault(format!("{name} has {size} bytes; the maximum is {LARGEST_FILE}"));
            }
        }
        for key in KEYS {
            if !self.manifest.lines().any(|line| line.starts_with(key)) {
                fault(format!("its manifest has no `{key}`"));
            }
        }
        let library = self.folder.join("src/lib.rs");
        if library.is_file() {
            if !self.manifest.contains(DOCS_RS) {
                fault("its manifest does not enable all features for docs.rs".to_owned());
            }
            if !text(&library)?.lines().any(|line| line == DOC_CFG) {
                fault(format!("without `{DOC_CFG}` its documentation does not name features"));
            }
        }
        Ok(faults)
    }
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

/// The keys that a package's registry page shows, and by which readers find it.
const KEYS: [&str; 8] = [
    "description",
    "version",
    "rust-version",
    "license",
    "keywords",
    "categories",
    "readme",
    "documentation",
];

const DOCS_RS: &str = "
[package.metadata.docs.rs]
all-features = true
rustdoc-args = [\"--cfg\", \"docsrs\"]
";

const DOC_CFG: &str = "#![cfg_attr(docsrs, feature(doc_cfg))]";

/// The maximum size of a file. The largest file contains the test vectors.
const LARGEST_FILE: u64 = 512 * 1024;
