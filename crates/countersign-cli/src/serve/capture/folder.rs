//! The folder for captured deliveries. The number of files is limited, and files appear atomically.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::name::{Kind, Name, Namer};

/// A folder into which files can be written.
pub(super) struct Folder {
    path: PathBuf,
    /// The maximum number of files, and the maximum for each kind.
    files: usize,
    limits: [usize; 2],
    /// The existing files, sorted by name, which begins with the time. Files with other names are
    /// never touched.
    verified: BTreeSet<Name>,
    rejected: BTreeSet<Name>,
}

impl Folder {
    /// Creates the folder if it does not exist, and removes the oldest files above the maximum.
    ///
    /// If rejected deliveries are captured, half of `files` are reserved for them. Any client can
    /// cause them, so they never displace verified deliveries.
    pub(super) fn open(
        path: PathBuf,
        files: usize,
        with_rejected: bool,
        namer: &Namer,
    ) -> io::Result<Self> {
        if !path.is_dir() {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.create(&path)?;
        }
        let (verified, rejected) = Default::default();
        let limits = if with_rejected { [files - files / 2, files / 2] } else { [files; 2] };
        let mut folder = Self { path, files, limits, verified, rejected };
        folder.look_around()?;
        folder.make_room(Kind::Verified, 0)?;
        folder.make_room(Kind::Rejected, 0)?;
        let part = folder.path.join(namer.probe());
        new_file(&part)?;
        fs::remove_file(part)?;
        Ok(folder)
    }

    /// Creates a file in the folder. `write` writes its contents.
    pub(super) fn put(
        &mut self,
        name: Name,
        kind: Kind,
        write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let part = self.path.join(name.part());
        let written = new_file(&part).and_then(|file| {
            let mut file = BufWriter::new(file);
            write(&mut file)?;
            file.flush()?;
            self.make_room(kind, 1)?;
            fs::rename(&part, self.path.join(name.as_str()))
        });
        if written.is_err() {
            // If this fails, too, the file is removed when the program starts the next time.
            let _ = fs::remove_file(&part);
        }
        written?;
        self.of_kind(kind).insert(name);
        Ok(())
    }

    fn look_around(&mut self) -> io::Result<()> {
        let now = SystemTime::now();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if !entry.file_type()?.is_file() {
                continue;
            }
            if let Some((name, kind)) = Name::parse(name) {
                self.of_kind(kind).insert(name);
            } else if Name::is_part(name) {
                let modified = entry.metadata().and_then(|file| file.modified());
                let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
                // A newer file may still be written by the program that this one replaces.
                if age.is_some_and(|age| age > MAX_WRITING) {
                    fs::remove_file(entry.path())?;
                }
            }
        }
        Ok(())
    }

    /// Removes the oldest files of a kind until there is room for `more` files.
    fn make_room(&mut self, kind: Kind, more: usize) -> io::Result<()> {
        while self.of_kind(kind).len() + more > self.limits[kind as usize] {
            if !self.forget_oldest(kind)? {
                break;
            }
        }
        // An earlier configuration may have captured rejected deliveries.
        while self.verified.len() + self.rejected.len() + more > self.files {
            if !self.forget_oldest(Kind::Rejected)? {
                break;
            }
        }
        Ok(())
    }

    /// Returns whether there was a file to remove.
    fn forget_oldest(&mut self, kind: Kind) -> io::Result<bool> {
        let Some(oldest) = self.of_kind(kind).first() else { return Ok(false) };
        let path = oldest.as_str().to_owned();
        match fs::remove_file(self.path.join(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => drop(self.of_kind(kind).pop_first()),
        }
        Ok(true)
    }

    fn of_kind(&mut self, kind: Kind) -> &mut BTreeSet<Name> {
        match kind {
            Kind::Verified => &mut self.verified,
            Kind::Rejected => &mut self.rejected,
        }
    }
}

/// Creates a new file that only its owner can read.
fn new_file(path: &std::path::Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

const MAX_WRITING: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn open(folder: &TempDir, files: usize) -> Folder {
        open_for(folder, files, false)
    }

    fn open_for(folder: &TempDir, files: usize, with_rejected: bool) -> Folder {
        Folder::open(folder.path().to_owned(), files, with_rejected, &Namer::of(7)).unwrap()
    }

    fn name(unix_ms: i64, kind: Kind) -> Name {
        Namer::of(7).stamp(unix_ms).name(kind, "hooks").unwrap()
    }

    fn put(folder: &mut Folder, unix_ms: i64, kind: Kind) {
        folder.put(name(unix_ms, kind), kind, |file| file.write_all(b"{}")).unwrap();
    }

    fn names(folder: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_oldest_captures_are_removed_first_even_after_a_restart() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("19700101T000000000Z-mine.json"), "mine").unwrap();
        fs::create_dir(dir.path().join("19700101T000000000Z-00000000-00000007-verified-x.json"))
            .unwrap();
        let mut folder = open(&dir, 3);
        for unix_ms in 1..=5 {
            put(&mut folder, unix_ms, Kind::Verified);
        }
        assert_eq!(names(&dir).len(), 5);
        let mut folder = open(&dir, 3);
        put(&mut folder, 6, Kind::Verified);
        let kept: Vec<String> =
            names(&dir).into_iter().filter(|name| name.contains("hooks")).collect();
        let times: Vec<&str> = kept.iter().map(|name| &name[15..18]).collect();
        assert_eq!(times, ["004", "005", "006"]);
        open(&dir, 1);
        assert_eq!(names(&dir).len(), 3);
    }

    #[test]
    fn a_dead_letter_in_its_folder_is_neither_counted_nor_removed() {
        let dir = TempDir::new().unwrap();
        let letter = Namer::of(7).next_dead_letter(0, "/hooks").unwrap();
        fs::write(dir.path().join(letter.as_str()), "{}").unwrap();
        let part = File::create(dir.path().join(letter.part())).unwrap();
        part.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        let mut folder = open(&dir, 1);
        for unix_ms in 1..=3 {
            put(&mut folder, unix_ms, Kind::Verified);
        }
        assert_eq!(folder.verified.len(), 1);
        let names = names(&dir);
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.iter().any(|name| name == letter.as_str()), "{names:?}");
    }

    #[test]
    fn rejected_deliveries_never_replace_verified_ones() {
        let dir = TempDir::new().unwrap();
        let mut folder = open_for(&dir, 10, true);
        for unix_ms in 0..10 {
            put(&mut folder, unix_ms, Kind::Verified);
        }
        for unix_ms in 10..100 {
            put(&mut folder, unix_ms, Kind::Rejected);
        }
        assert_eq!((folder.verified.len(), folder.rejected.len()), (5, 5));
        assert_eq!(names(&dir).len(), 10);
    }

    #[test]
    fn rejected_deliveries_of_an_earlier_run_are_removed_before_verified_ones() {
        let dir = TempDir::new().unwrap();
        let mut folder = open_for(&dir, 4, true);
        for unix_ms in 0..4 {
            put(&mut folder, unix_ms, Kind::Rejected);
        }
        let mut folder = open(&dir, 4);
        assert_eq!(folder.rejected.len(), 2);
        for unix_ms in 4..8 {
            put(&mut folder, unix_ms, Kind::Verified);
        }
        assert_eq!((folder.verified.len(), folder.rejected.len()), (4, 0));
    }

    #[test]
    fn a_failed_write_leaves_no_file() {
        let dir = TempDir::new().unwrap();
        let mut folder = open(&dir, 2);
        put(&mut folder, 1, Kind::Verified);
        put(&mut folder, 2, Kind::Verified);
        let full = |_: &mut BufWriter<File>| Err(ErrorKind::StorageFull.into());
        assert!(folder.put(name(3, Kind::Verified), Kind::Verified, full).is_err());
        assert_eq!(names(&dir).len(), 2);
    }

    #[test]
    fn an_abandoned_partial_file_is_removed_once_it_is_old() {
        let dir = TempDir::new().unwrap();
        let name = name(1, Kind::Verified);
        let part = dir.path().join(name.part());
        let file = File::create(&part).unwrap();
        open(&dir, 2);
        assert!(part.exists());
        file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        open(&dir, 2);
        assert!(!part.exists());
    }
}
