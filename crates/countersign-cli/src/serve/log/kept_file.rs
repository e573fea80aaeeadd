//! Reports lines as unwritten if their file was deleted.

use std::fs::File;
use std::io::{self, Write};

/// Standard output, as a file that can be deleted while it is written, for example to rotate logs.
/// Each write then succeeds, but no program can read the lines.
pub(super) struct KeptFile(pub(super) File);

impl Write for KeptFile {
    /// Fails after the write if the file was deleted: a check before it would miss a file that is
    /// deleted in between.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes)?;
        if is_deleted(&self.0)? { Err(io::Error::other(DELETED)) } else { Ok(written) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Whether this is a file that no path names.
#[cfg(unix)]
pub(super) fn is_deleted(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    Ok(metadata.is_file() && metadata.nlink() == 0)
}

/// On Windows, a file that is open cannot be deleted by default.
#[cfg(windows)]
pub(super) fn is_deleted(_: &File) -> io::Result<bool> {
    Ok(false)
}

const DELETED: &str = "its file was deleted, so no program can read the lines; start the server \
                       again, and rotate logs with a program that reads them from a pipe";

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_line_written_to_a_deleted_file_counts_as_not_written() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut kept = KeptFile(file.reopen().unwrap());
        kept.write_all(b"{}\n").unwrap();
        let moved = file.path().with_extension("1");
        std::fs::rename(file.path(), &moved).unwrap();
        kept.write_all(b"{}\n").unwrap();
        assert_eq!(std::fs::read(&moved).unwrap(), b"{}\n{}\n");
        std::fs::remove_file(moved).unwrap();
        assert!(kept.write_all(b"{}\n").unwrap_err().to_string().contains("deleted"));
    }

    #[test]
    fn a_pipe_is_no_deleted_file() {
        use std::os::fd::OwnedFd;

        let (_reader, writer) = io::pipe().unwrap();
        let mut kept = KeptFile(File::from(OwnedFd::from(writer)));
        kept.write_all(b"{}\n").unwrap();
    }
}
