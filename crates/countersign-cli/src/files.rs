//! Reads the files that a user names, with a maximum size for each kind of file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::usage_error::UsageError;

/// The purpose of a file, which determines its maximum size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileKind {
    /// The body of a request.
    Body,
    /// A whole request, whose body is in base64.
    Request,
    /// Header lines.
    Headers,
    /// One secret, or one secret per line.
    Secret,
    /// A scheme file.
    Scheme,
    /// A configuration of `serve`.
    Config,
}

impl FileKind {
    /// The maximum size, in bytes.
    const fn limit(self) -> usize {
        match self {
            Self::Body => 64 * MIB,
            // Base64 encodes three bytes as four, and may contain line breaks.
            Self::Request => 96 * MIB,
            Self::Config => 16 * MIB,
            Self::Headers | Self::Secret | Self::Scheme => MIB,
        }
    }
}

/// Reads a file, or standard input if the path is `-`. `what` names the file in errors.
pub(crate) fn read_or_stdin(
    path: &Path,
    kind: FileKind,
    what: &str,
) -> Result<Vec<u8>, UsageError> {
    if path.as_os_str() == "-" {
        return bounded(io::stdin().lock(), kind, what);
    }
    read(path, kind, what)
}

/// Reads a file.
pub(crate) fn read(path: &Path, kind: FileKind, what: &str) -> Result<Vec<u8>, UsageError> {
    bounded(File::open(path).map_err(|error| unreadable(what, &error))?, kind, what)
}

/// Reads a text file.
pub(crate) fn read_text(path: &Path, kind: FileKind, what: &str) -> Result<String, UsageError> {
    String::from_utf8(read(path, kind, what)?)
        .map_err(|_| UsageError::new(format!("{what} is not UTF-8 text")))
}

fn bounded(file: impl Read, kind: FileKind, what: &str) -> Result<Vec<u8>, UsageError> {
    let limit = kind.limit();
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(what, &error))?;
    if bytes.len() > limit {
        return Err(UsageError::new(format!(
            "{what} is too large: the maximum is {} MiB",
            limit / MIB
        )));
    }
    Ok(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> UsageError {
    UsageError::because(format!("{what} cannot be read"), error)
}

const MIB: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_file_is_an_error_that_names_the_size_limit() {
        let limit = FileKind::Secret.limit();
        let read = |bytes| bounded(io::repeat(b'a').take(bytes), FileKind::Secret, "the file");
        assert_eq!(read(limit as u64).unwrap().len(), limit);
        let error = read(u64::MAX).unwrap_err().to_string();
        assert!(error.contains("the file is too large") && error.contains("1 MiB"), "{error}");
    }
}
