//! Counts passed and failed tests from the output of the test programs.

use std::fmt;

/// The sums over all test programs, doctests included.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
}

impl Tally {
    /// Adds one line of the output of `cargo test`. Only the last line of a test program counts:
    /// `test result: ok. 12 passed; 0 failed; 0 ignored; …`.
    pub(crate) fn add(&mut self, line: &str) {
        let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for count in counts.split(';') {
            match count.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                Some((number, "ignored")) => self.ignored += number.parse().unwrap_or(0),
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tests: {} passed, {} failed", self.passed, self.failed)?;
        if self.ignored > 0 {
            write!(f, ", {} ignored", self.ignored)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_summary_lines_of_test_programs_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.10s",
            "   Doc-tests countersign_core",
            "test result: FAILED. 40 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s",
            "error: 1 target failed:",
            "  test result: ok. 5 passed; 5 failed; 0 ignored",
            "test result: nothing. that; is 3 known",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 42, failed: 2, ignored: 1 });
        assert_eq!(tally.to_string(), "tests: 42 passed, 2 failed, 1 ignored");
        assert_eq!(Tally::default().to_string(), "tests: 0 passed, 0 failed");
    }
}
