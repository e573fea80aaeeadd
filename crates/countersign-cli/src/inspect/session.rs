//! The token of a running inspector, in a file that only its user can read, so that `inspect --wait` on
//! the same machine needs no token.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The file. It is removed when the inspector ends.
pub(super) struct SessionFile(PathBuf);

impl SessionFile {
    /// `None` if there is no private folder: `--wait` then needs the token in its environment.
    pub(super) fn write(address: SocketAddr, token: &str) -> Option<Self> {
        let folder = folder()?;
        create_private(&folder)?;
        let path = folder.join(name(address));
        // A file of a program that was killed.
        let _ = fs::remove_file(&path);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path).ok()?.write_all(token.as_bytes()).ok()?;
        Some(Self(path))
    }

    /// The token of the inspector at this address.
    pub(super) fn read(address: SocketAddr) -> Option<String> {
        let folder = folder()?;
        is_private(&folder)?;
        fs::read_to_string(folder.join(name(address))).ok()
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        // It contains a token that is not valid any more.
        let _ = fs::remove_file(&self.0);
    }
}

fn name(address: SocketAddr) -> String {
    format!("inspect-{}", address.port())
}

/// The folder for files of the running programs of this user.
#[cfg(unix)]
fn folder() -> Option<PathBuf> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|path| path.is_absolute() && path.is_dir());
    match runtime {
        Some(runtime) => Some(runtime.join("countersign")),
        None => {
            let user = rustix::process::getuid().as_raw();
            Some(std::env::temp_dir().join(format!("countersign-{user}")))
        }
    }
}

#[cfg(not(unix))]
fn folder() -> Option<PathBuf> {
    None
}

#[cfg(unix)]
fn create_private(folder: &std::path::Path) -> Option<()> {
    let mut builder = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // It may exist already.
    let _ = builder.create(folder);
    is_private(folder)
}

/// Another user may have created a folder with this name in the folder for temporary files.
#[cfg(unix)]
fn is_private(folder: &std::path::Path) -> Option<()> {
    use std::os::unix::fs::MetadataExt;

    let found = fs::symlink_metadata(folder).ok()?;
    let is_own = found.uid() == rustix::process::getuid().as_raw();
    (found.is_dir() && is_own && found.mode() & 0o077 == 0).then_some(())
}

#[cfg(not(unix))]
fn create_private(_: &std::path::Path) -> Option<()> {
    None
}

#[cfg(not(unix))]
fn is_private(_: &std::path::Path) -> Option<()> {
    None
}
