//! `cargo xtask ct`: checks under valgrind that no branch and no index depends on a secret.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use crate::run::{self, ROOT};
use crate::servers;

/// Runs `tests/constant-time` under memcheck, and rejects every report that is not the branch on a
/// verdict.
///
/// Valgrind does not know all instructions of a processor, such as those for SHA: the portable code of
/// the hashes runs.
pub(crate) fn ct() -> Result<(), String> {
    servers::ensure_valgrind()?;
    // With the versions of the dependencies that the tests use.
    let lock = |folder: &str| Path::new(ROOT).join(folder).join("Cargo.lock");
    fs::copy(lock("."), lock(PACKAGE))
        .map_err(|error| format!("{PACKAGE}/Cargo.lock cannot be written: {error}"))?;
    let mut build = run::cargo("build --release --manifest-path");
    build.arg(format!("{PACKAGE}/Cargo.toml")).args(["--target-dir", TARGET]);
    run::checked(&mut build)?;

    let log = Path::new(ROOT).join(TARGET).join("memcheck.log");
    let file = fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    let mut valgrind = run::program("valgrind");
    // Without a limit on the number of reports, and with all callers: iterators add many.
    valgrind.args(["--tool=memcheck", "--error-limit=no", "--num-callers=60"]);
    valgrind.args(["--leak-check=no", "--undef-value-errors=yes"]);
    valgrind.arg(format!("{TARGET}/release/countersign-constant-time"));
    let ended = run::checked(valgrind.stdout(Stdio::null()).stderr(file));
    let log = fs::read_to_string(&log).map_err(|error| format!("{}: {error}", log.display()))?;
    for line in log.lines().filter(|line| line.starts_with("=== ")) {
        println!("{line}");
    }
    ended?;

    let found = Reports::read(&log);
    println!("\nbranches on a verdict, which are expected:");
    for (place, count) in &found.verdicts {
        println!("  {place}: {count}");
    }
    if found.leaks.is_empty() {
        println!("no other branch and no index depends on a key");
        return Ok(());
    }
    Err(format!("a branch or an index depends on a key:\n\n{}", found.leaks.join("\n\n")))
}

/// What memcheck reported, without the controls.
#[derive(Debug, Default, PartialEq, Eq)]
struct Reports {
    /// The number of different stacks of each place in [`VERDICTS`].
    verdicts: BTreeMap<String, usize>,
    /// All others, whole, with what was verified.
    leaks: Vec<String>,
}

impl Reports {
    /// Memcheck prints a report with a stack once: what is verified later with the same stack is not
    /// named.
    fn read(log: &str) -> Self {
        let mut found = Self::default();
        let mut during = "";
        let mut lines = log.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(name) = line.strip_prefix("### ") {
                during = name;
            }
            if !KINDS.iter().any(|kind| line.contains(kind)) {
                continue;
            }
            let mut stack = Vec::new();
            while let Some(frame) = lines.next_if(|line| is_frame(line)) {
                stack.push(without_addresses(frame));
            }
            if during.starts_with("control: ") {
                continue;
            }
            match verdict(&stack) {
                Some((function, file)) => {
                    *found.verdicts.entry(format!("{function} in {file}")).or_default() += 1;
                }
                None => {
                    let kind = line.split_once("== ").map_or(line, |(_, kind)| kind);
                    found.leaks.push(format!("{during}: {kind}\n    {}", stack.join("\n    ")));
                }
            }
        }
        found
    }
}

/// The function whose branch on a verdict this is. A search through keys is an iterator of the standard
/// library, whose branch it is; a comparison of the standard library is none.
fn verdict(stack: &[&str]) -> Option<(&'static str, &'static str)> {
    let mut frames = stack.iter().skip_while(|frame| {
        ITERATORS.iter().any(|folder| frame.contains(folder)) && !frame.contains("/cmp.rs:")
    });
    let branch = frames.next()?;
    let (name, file) = branch.rsplit_once(" (")?;
    let name = name.split('<').next().unwrap_or_default();
    let name = name.rsplit("::").next().unwrap_or_default();
    let file = file.split(':').next().and_then(|path| path.rsplit('/').next())?;
    VERDICTS.into_iter().find(|place| *place == (name, file))
}

fn is_frame(line: &str) -> bool {
    line.contains("==    at 0x") || line.contains("==    by 0x")
}

/// `==7==    by 0x12AB: core::f (file.rs:1)` without what differs between runs.
fn without_addresses(frame: &str) -> &str {
    frame.split_once("0x").and_then(|(_, rest)| rest.split_once(": ")).map_or(frame, |(_, it)| it)
}

/// The kinds of reports that depend on values.
const KINDS: [&str; 3] =
    ["depends on uninitialised value", "Use of uninitialised value", "uninitialised byte(s)"];

/// The functions that branch on the result of a whole comparison, and their files.
const VERDICTS: [(&str, &str); 5] = [
    ("signed_by", "body_verifier.rs"),
    ("find", "live.rs"),
    ("signed_by", "jwt.rs"),
    ("{closure#0}", "box_com.rs"),
    ("holds", "handshake.rs"),
];

const ITERATORS: [&str; 3] =
    ["(library/core/src/iter/", "(library/core/src/slice/iter", "(library/alloc/src/vec/into_iter"];

const PACKAGE: &str = "tests/constant-time";
const TARGET: &str = "target/constant-time";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_outside_of_a_verdict_is_a_leak() {
        let log = "\
### control: an index
==1== Use of uninitialised value of size 8
==1==    at 0x1: looked_up (main.rs:1)
==1==
### github: docs example
==1== Conditional jump or move depends on uninitialised value(s)
==1==    at 0x2: bcmp (vg_replace_strmem.c:1)
==1==    by 0x3: countersign_core::crypto::mac::same (mac.rs:1)
==1==
";
        let found = Reports::read(log);
        assert!(found.verdicts.is_empty());
        assert_eq!(found.leaks.len(), 1);
        assert!(found.leaks[0].starts_with("github: docs example: Conditional jump"));
        assert!(found.leaks[0].ends_with("countersign_core::crypto::mac::same (mac.rs:1)"));
    }

    #[test]
    fn only_a_branch_after_the_comparison_is_a_verdict() {
        let find = "find<A, B::{closure_env#0}> (library/core/src/iter/traits/iterator.rs:2949)";
        let signed_by = "signed_by (src/verify/body_verifier.rs:241)";
        let is_verdict = |stack: &[&str]| verdict(stack).is_some();
        assert!(is_verdict(&[signed_by, "compare (src/verify/body_verifier.rs:214)"]));
        assert!(is_verdict(&[
            find,
            "find<zeroize::Zeroizing<u8>, a::{closure_env#0}> (live.rs:55)"
        ]));
        assert!(!is_verdict(&["same (src/crypto/mac.rs:300)", signed_by]));
        assert!(!is_verdict(&["eq<u8> (library/core/src/slice/cmp.rs:9)", signed_by]));
        assert!(!is_verdict(&["bcmp (vg_replace_strmem.c:1)", signed_by]));
        assert!(!is_verdict(&[find, "is_same (src/crypto/mac.rs:280)", signed_by]));
        assert!(!is_verdict(&[find]));
    }
}
