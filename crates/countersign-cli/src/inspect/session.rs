//! The token of a running inspector, in a file that only its user can read, so that `inspect --wait` on
//! the same machine needs no token.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// The file. It is removed when the inspector ends, and locked until then: the file of a program that was
/// killed is not.
pub(super) struct SessionFile {
    path: PathBuf,
    _locked: File,
}

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
        let mut file = options.open(&path).ok()?;
        file.try_lock().ok()?;
        file.write_all(token.as_bytes()).ok()?;
        Some(Self { path, _locked: file })
    }

    /// The token of the inspector at this address, or at all addresses with this port.
    pub(super) fn read(address: SocketAddr) -> Option<String> {
        let folder = folder()?;
        is_private(&folder)?;
        let all: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let all = SocketAddr::new(all, address.port());
        [address, all].into_iter().find_map(|address| live(&folder.join(name(address))))
    }
}

/// The text of a file that a running program has locked.
fn live(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => fs::read_to_string(path).ok(),
        _ => None,
    }
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        // It contains a token that is not valid any more.
        let _ = fs::remove_file(&self.path);
    }
}

fn name(address: SocketAddr) -> String {
    format!("inspect-{address}")
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
