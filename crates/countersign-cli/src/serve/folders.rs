//! Checks the folders that the program writes into: each has a name, and no two are the same.

use std::path::{Path, PathBuf};

use super::config::{CapturePlan, DeadLetterPlan, Place};
use crate::usage_error::UsageError;

/// Rejects an empty name: relative to a configuration file it would be that file's folder.
pub(super) fn named(folder: &Path, at: &Place) -> Result<(), UsageError> {
    if folder.as_os_str().is_empty() {
        return Err(at.fix("is empty: name a folder, or remove the key"));
    }
    Ok(())
}

/// Rejects the same folder for captures and dead letters: old captures are removed, dead letters
/// never are.
pub(super) fn apart(
    captures: Option<&CapturePlan>,
    dead_letters: Option<&DeadLetterPlan>,
) -> Result<(), UsageError> {
    let (Some(captures), Some(dead_letters)) = (captures, dead_letters) else { return Ok(()) };
    if resolved(&captures.folder) == resolved(&dead_letters.folder) {
        return Err(dead_letters.at.fix(format!(
            "`{}` is also the folder for captured deliveries: use a separate folder",
            dead_letters.folder.display()
        )));
    }
    Ok(())
}

/// The path of a folder or file with links resolved, if it or its parent exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let parent = || {
        let parent = path.parent()?;
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        Some(parent.canonicalize().ok()?.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(parent).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn check(captures: &Path, dead_letters: &Path) -> Result<(), UsageError> {
        let captures = CapturePlan {
            folder: captures.to_owned(),
            at: Place::option("--capture"),
            files: 1,
            rejected: false,
        };
        let dead_letters =
            DeadLetterPlan { folder: dead_letters.to_owned(), at: Place::option("--dead-letters") };
        apart(Some(&captures), Some(&dead_letters))
    }

    #[test]
    fn one_folder_under_two_names_is_rejected_even_if_it_does_not_exist() {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name);
        for exists in [false, true] {
            if exists {
                std::fs::create_dir(path("a")).unwrap();
                std::fs::create_dir(path("b")).unwrap();
            }
            let error = check(&path("a"), &path("a/")).unwrap_err().to_string();
            assert!(error.contains("--dead-letters") && error.contains("a separate"), "{error}");
            assert!(check(&path("a"), &path("./a")).is_err());
            assert!(check(&path("a"), &path("b")).is_ok());
            assert!(check(&path("a"), &path("a/b")).is_ok());
        }
        assert!(check(&path("a"), &path("b/../a")).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("a"), path("link")).unwrap();
            assert!(check(&path("a"), &path("link")).is_err());
            assert!(check(&path("link"), &path("a")).is_err());
        }
    }

    #[test]
    fn an_empty_name_is_rejected_with_its_place() {
        let error = named(Path::new(""), &Place::option("--capture")).unwrap_err().to_string();
        assert!(error.contains("--capture") && error.contains("is empty"), "{error}");
        assert!(named(Path::new("."), &Place::option("--capture")).is_ok());
    }
}
