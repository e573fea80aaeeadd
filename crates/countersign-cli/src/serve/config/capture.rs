//! The configuration of captures, from options or the file. Options have precedence.

use std::path::PathBuf;

use super::ServeArgs;
use super::file::File;
use super::place::Place;
use super::words::Words;
use crate::mend::Mend;
use crate::serve::folders;

/// The folder for captured deliveries, and its limits.
pub(in crate::serve) struct CapturePlan {
    pub(in crate::serve) folder: PathBuf,
    /// Where this is configured.
    pub(in crate::serve) at: Place,
    /// The maximum number of files.
    pub(in crate::serve) files: usize,
    /// Whether rejected deliveries are also captured.
    pub(in crate::serve) refused: bool,
}

/// The configuration from the command line only.
pub(super) fn plan(args: &ServeArgs) -> Result<Option<CapturePlan>, Mend> {
    let folder = args.capture.clone().map(|folder| (folder, Place::option("--capture")));
    let refused = args.capture_refused.then(|| Place::option("--capture-refused"));
    let files = args.capture_files.map(|files| (files, Place::option("--capture-files")));
    combined(folder, refused, files)
}

impl File<'_> {
    /// The configuration from the file and the command line.
    pub(super) fn capture(
        &self,
        words: &Words,
        args: &ServeArgs,
    ) -> Result<Option<CapturePlan>, Mend> {
        let option = |name| Place::option(format_args!("--{name}"));
        let said = words.capture.as_ref();
        let said = said.map(|said| (said.get_ref(), self.at("capture", said.span())));
        if let Some((folder, at)) = &said {
            folders::named(folder, at)?;
        }
        let said = said.map(|(folder, at)| (self.beside(folder), at));
        let folder = args.capture.clone().map(|folder| (folder, option("capture")));
        let refused = words.capture_refused.as_ref().filter(|said| *said.get_ref());
        let refused = refused.map(|said| self.at("capture_refused", said.span()));
        let files = words.capture_files.as_ref();
        let files = files.map(|said| (*said.get_ref(), self.at("capture_files", said.span())));
        combined(
            folder.or(said),
            args.capture_refused.then(|| option("capture-refused")).or(refused),
            args.capture_files.map(|files| (files, option("capture-files"))).or(files),
        )
    }
}

fn combined(
    folder: Option<(PathBuf, Place)>,
    refused: Option<Place>,
    files: Option<(u32, Place)>,
) -> Result<Option<CapturePlan>, Mend> {
    if let Some((files, at)) = &files
        && !(1..=MOST_FILES).contains(files)
    {
        return Err(at.mend(format!("must be between 1 and {MOST_FILES}")));
    }
    if let (Some((1, at)), Some(_)) = (&files, &refused) {
        return Err(at.mend(
            "is 1, but half of the files are for rejected deliveries: use at least 2, or do not \
             capture rejected deliveries",
        ));
    }
    let Some((folder, at)) = folder else {
        let lost = refused.or(files.map(|(_, at)| at));
        return match lost {
            Some(at) => Err(at.mend(
                "there is no folder for captures: add `capture = \"captures\"` to the file, or \
                 `--capture DIR`",
            )),
            None => Ok(None),
        };
    };
    let files = files.map_or(DEFAULT_FILES, |(files, _)| files);
    let files = usize::try_from(files).unwrap_or(usize::MAX);
    Ok(Some(CapturePlan { folder, at, files, refused: refused.is_some() }))
}

const DEFAULT_FILES: u32 = 1000;
const MOST_FILES: u32 = 100_000;
