//! The configuration of captures, from options or the file. Options have precedence.

use std::path::PathBuf;

use super::ServeArgs;
use super::file::File;
use super::place::Place;
use super::toml::ServeConfig;
use crate::serve::folders;
use crate::usage_error::UsageError;

/// The folder for captured deliveries, and its limits.
pub(in crate::serve) struct CapturePlan {
    pub(in crate::serve) folder: PathBuf,
    /// Where this is configured.
    pub(in crate::serve) at: Place,
    /// The maximum number of files.
    pub(in crate::serve) files: usize,
    /// Whether rejected deliveries are also captured.
    pub(in crate::serve) rejected: bool,
}

/// The configuration from the command line only.
pub(super) fn plan(args: &ServeArgs) -> Result<Option<CapturePlan>, UsageError> {
    let folder = args.capture.clone().map(|folder| (folder, Place::option("--capture")));
    let rejected = args.capture_rejected.then(|| Place::option("--capture-rejected"));
    let files = args.capture_files.map(|files| (files, Place::option("--capture-files")));
    combined(folder, rejected, files)
}

impl File<'_> {
    /// The configuration from the file and the command line.
    pub(super) fn capture(
        &self,
        words: &ServeConfig,
        args: &ServeArgs,
    ) -> Result<Option<CapturePlan>, UsageError> {
        let option = |name| Place::option(format_args!("--{name}"));
        let said = words.capture.as_ref();
        let said = said.map(|said| (said.get_ref(), self.at("capture", said.span())));
        if let Some((folder, at)) = &said {
            folders::named(folder, at)?;
        }
        let said = said.map(|(folder, at)| (self.beside(folder), at));
        let folder = args.capture.clone().map(|folder| (folder, option("capture")));
        let rejected = words.capture_rejected.as_ref().filter(|said| *said.get_ref());
        let rejected = rejected.map(|said| self.at("capture_rejected", said.span()));
        let files = words.capture_files.as_ref();
        let files = files.map(|said| (*said.get_ref(), self.at("capture_files", said.span())));
        combined(
            folder.or(said),
            args.capture_rejected.then(|| option("capture-rejected")).or(rejected),
            args.capture_files.map(|files| (files, option("capture-files"))).or(files),
        )
    }
}

fn combined(
    folder: Option<(PathBuf, Place)>,
    rejected: Option<Place>,
    files: Option<(u32, Place)>,
) -> Result<Option<CapturePlan>, UsageError> {
    if let Some((files, at)) = &files
        && !(1..=MAX_FILES).contains(files)
    {
        return Err(at.fix(format!("must be between 1 and {MAX_FILES}")));
    }
    if let (Some((1, at)), Some(_)) = (&files, &rejected) {
        return Err(at.fix(
            "is 1, but half of the files are for rejected deliveries: use at least 2, or do not \
             capture rejected deliveries",
        ));
    }
    let Some((folder, at)) = folder else {
        let lost = rejected.or(files.map(|(_, at)| at));
        return match lost {
            Some(at) => Err(at.fix(
                "there is no folder for captures: add `capture = \"captures\"` to the file, or \
                 `--capture DIR`",
            )),
            None => Ok(None),
        };
    };
    let files = files.map_or(DEFAULT_FILES, |(files, _)| files);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    Ok(Some(CapturePlan { folder, at, files, rejected: rejected.is_some() }))
}

const DEFAULT_FILES: u32 = 1000;
const MAX_FILES: u32 = 100_000;
