//! The rooms of the core: a room uses only the rooms above it in the table of `lib.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that use a room below their own: a trait and its type know each other.
const EXCEPTIONS: [(&str, &str); 1] = [("scheme/custom_binding.rs", "custom")];

#[test]
fn no_module_of_the_core_uses_a_module_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/countersign-core/src");
    let rooms = rooms(&fs::read_to_string(source.join("lib.rs")).unwrap());
    let in_folder: BTreeSet<_> =
        fs::read_dir(&source).unwrap().map(|entry| stem(&entry.unwrap().path())).collect();
    let listed = rooms.iter().cloned().chain(["lib".to_owned()]).collect();
    assert_eq!(in_folder, listed, "`lib.rs` lists every room");

    let mut found = BTreeSet::new();
    for file in files(&source) {
        let path = file.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
        let own = path.split(['/', '.']).next().unwrap();
        // Tests may use anything.
        if own == "lib" || path.ends_with("tests.rs") {
            continue;
        }
        let place = |room: &str| rooms.iter().position(|it| it == room);
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for rest in line.split("crate::").skip(1) {
                let used = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                // A path through the root could name a type of any room.
                if place(used).is_none_or(|used| Some(used) > place(own)) {
                    found.insert((path.clone(), used.to_owned()));
                }
            }
        }
    }
    let known = EXCEPTIONS.map(|(file, room)| (file.to_owned(), room.to_owned()));
    assert_eq!(found, known.into_iter().collect());
}

/// The rooms in the table of the crate's documentation, lowest first.
fn rooms(lib: &str) -> Vec<String> {
    let table = lib.lines().skip_while(|line| !line.starts_with("//! | room |")).skip(2);
    let rows = table.take_while(|line| line.starts_with("//! | `"));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}
