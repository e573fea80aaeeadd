//! Checks the folders that the program writes into: each has a name, no two are the same, and files
//! can be written into them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::config::{CapturePlan, DeadLetterPlan, Place};
use crate::possible_secret::shown_path;
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

/// Checks that the server could write into the folders, or create them, without creating anything.
pub(super) fn check_writable(
    captures: Option<&CapturePlan>,
    dead_letters: Option<&DeadLetterPlan>,
) -> Result<(), UsageError> {
    if let Some(CapturePlan { folder, at, .. }) = captures {
        // The server looks for earlier captures.
        let read = if folder.is_dir() { fs::read_dir(folder).map(drop) } else { Ok(()) };
        read.and_then(|()| can_write(folder)).map_err(|error| unwritable(folder, at, error))?;
    }
    if let Some(DeadLetterPlan { folder, at }) = dead_letters {
        can_write(folder).map_err(|error| unwritable(folder, at, error))?;
    }
    Ok(())
}

/// The error for a folder into which files cannot be written.
pub(super) fn unwritable(folder: &Path, at: &Place, error: io::Error) -> UsageError {
    at.fix(UsageError::because(format!("cannot write files into `{}`", shown_path(folder)), error))
}

/// Whether a file that does not exist can be created.
pub(super) fn can_create_file(path: &Path) -> io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(io::Error::new(ErrorKind::NotFound, "it is a link without a target"));
    }
    let folder = parent(path).unwrap_or(Path::new("/"));
    if !folder.metadata()?.is_dir() {
        return Err(io::Error::new(ErrorKind::NotADirectory, "its folder is not a folder"));
    }
    can_create_in(folder)
}

fn can_write(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return can_create_in(folder);
    }
    // A link without a target cannot be created either.
    if folder.symlink_metadata().is_ok() {
        return Err(io::Error::new(ErrorKind::NotADirectory, "it is not a folder"));
    }
    let parent = parent(folder).unwrap_or(Path::new("/"));
    if !parent.metadata()?.is_dir() {
        return Err(io::Error::new(ErrorKind::NotADirectory, "its parent is not a folder"));
    }
    can_create_in(parent)
}

/// A file without a name is the only certain test, because it depends on more than permissions.
/// Some file systems have no such files.
#[cfg(target_os = "linux")]
fn can_create_in(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(_) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT) => {
            let path = folder.canonicalize()?;
            if ["/proc", "/sys"].iter().any(|kernel| path.starts_with(kernel)) {
                return Err(io::Error::new(
                    ErrorKind::Unsupported,
                    "no files can be created there",
                ));
            }
            is_permitted(folder)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn can_create_in(folder: &Path) -> io::Result<()> {
    is_permitted(folder)
}

#[cfg(unix)]
fn is_permitted(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};

    accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?;
    Ok(())
}

/// Permissions cannot be read here without creating a file.
#[cfg(not(unix))]
fn can_create_in(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The folder that contains this path, if it is not the root.
fn parent(path: &Path) -> Option<&Path> {
    let parent = path.parent()?;
    Some(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

/// The path of a folder or file with links resolved, if it or its parent exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
    let parent = || Some(parent(path)?.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(parent).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn plans(folder: &Path) -> (CapturePlan, DeadLetterPlan) {
        let at = Place::option("--capture");
        let captures = CapturePlan { folder: folder.to_owned(), at, files: 1, rejected: false };
        let at = Place::option("--dead-letters");
        (captures, DeadLetterPlan { folder: folder.to_owned(), at })
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_rejected_without_creating_anything() {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::create_dir(path("folder")).unwrap();
        std::fs::write(path("file"), "").unwrap();
        let mut writable = vec![path("folder"), path("folder/"), path("new"), path("folder/new")];
        let mut unwritable = vec![path("file"), path("file/new"), path("no/such"), path("no/..")];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(path("folder"), path("link")).unwrap();
            std::os::unix::fs::symlink(path("nothing"), path("dangling")).unwrap();
            writable.push(path("link"));
            unwritable.push(path("dangling"));
        }
        #[cfg(target_os = "linux")]
        unwritable.extend(["/proc/new", "/proc", "/sys/new"].map(PathBuf::from));
        let count = || std::fs::read_dir(dir.path()).unwrap().count();
        let before = count();
        for folder in writable {
            let (captures, dead_letters) = plans(&folder);
            let checked = check_writable(Some(&captures), Some(&dead_letters));
            assert!(checked.is_ok(), "{}: {}", folder.display(), checked.unwrap_err());
        }
        for folder in unwritable {
            let (captures, dead_letters) = plans(&folder);
            for (checked, option) in [
                (check_writable(Some(&captures), None), "--capture"),
                (check_writable(None, Some(&dead_letters)), "--dead-letters"),
            ] {
                let error = checked.unwrap_err().to_string();
                assert!(error.contains(option) && error.contains("cannot write files"), "{error}");
            }
        }
        assert_eq!(count(), before);
        assert!(!path("new").exists() && !path("folder/new").exists());
    }

    /// Permissions do not apply to root.
    #[cfg(unix)]
    #[test]
    fn a_folder_without_the_permission_to_write_is_rejected() {
        use std::os::unix::fs::PermissionsExt;

        let dir = TempDir::new().unwrap();
        let mode = |mode| std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(mode));
        mode(0o500).unwrap();
        let is_root = std::fs::create_dir(dir.path().join("try")).is_ok();
        for folder in [dir.path().to_owned(), dir.path().join("new")] {
            assert_eq!(can_write(&folder).is_ok(), is_root);
        }
        mode(0o700).unwrap();
    }

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
