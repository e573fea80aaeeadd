//! Files that a user names: read whole, and never more than one of their kind can hold.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::mend::Mend;

/// What a file is read for, which limits its size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileKind {
    /// The body of a request.
    Body,
    /// A whole request, whose body is in base64.
    Request,
    /// Lines of headers.
    Headers,
    /// A secret, or one in each line.
    Secret,
    /// A scheme's description.
    Scheme,
    /// What is to be served.
    Config,
}

impl FileKind {
    /// In bytes.
    const fn limit(self) -> usize {
        match self {
            Self::Body => 64 * MIB,
            // A body in base64 has four bytes for three, and line ends perhaps.
            Self::Request => 96 * MIB,
            Self::Config => 16 * MIB,
            Self::Headers | Self::Secret | Self::Scheme => MIB,
        }
    }
}

/// What a file holds, or standard input where the path is `-`. `what` names it in errors.
pub(crate) fn read_or_stdin(path: &Path, kind: FileKind, what: &str) -> Result<Vec<u8>, Mend> {
    if path.as_os_str() == "-" {
        return bounded(io::stdin().lock(), kind, what);
    }
    read(path, kind, what)
}

/// What a file holds.
pub(crate) fn read(path: &Path, kind: FileKind, what: &str) -> Result<Vec<u8>, Mend> {
    bounded(File::open(path).map_err(|error| unreadable(what, &error))?, kind, what)
}

/// The same of a file that holds text.
pub(crate) fn read_text(path: &Path, kind: FileKind, what: &str) -> Result<String, Mend> {
    String::from_utf8(read(path, kind, what)?)
        .map_err(|_| Mend::new(format!("{what} is not UTF-8 text")))
}

fn bounded(file: impl Read, kind: FileKind, what: &str) -> Result<Vec<u8>, Mend> {
    let limit = kind.limit();
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(what, &error))?;
    if bytes.len() > limit {
        return Err(Mend::new(format!(
            "{what} is too large: more than {} MiB are not read, so give a smaller one",
            limit / MIB
        )));
    }
    Ok(bytes)
}

fn unreadable(what: &str, error: &io::Error) -> Mend {
    Mend::because(format!("{what} cannot be read"), error)
}

const MIB: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_an_error_that_names_the_limit() {
        let limit = FileKind::Secret.limit();
        let read = |bytes| bounded(io::repeat(b'a').take(bytes), FileKind::Secret, "the file");
        assert_eq!(read(limit as u64).unwrap().len(), limit);
        let error = read(u64::MAX).unwrap_err().to_string();
        assert!(error.contains("the file is too large") && error.contains("1 MiB"), "{error}");
    }
}
