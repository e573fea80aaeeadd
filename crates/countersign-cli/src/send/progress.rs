//! The progress bar: one line on standard error, if that is a terminal.

use std::io::{IsTerminal, Write, stderr};

pub(super) struct Progress {
    total: usize,
    done: usize,
    what: &'static str,
    is_shown: bool,
}

impl Progress {
    /// A bar for `total` items. For one item nothing is shown.
    pub(super) fn to(total: usize) -> Self {
        Self { total, done: 0, what: "", is_shown: total > 1 && stderr().is_terminal() }
    }

    /// Shows the name of the current item.
    pub(super) fn show(&mut self, what: &'static str) {
        self.what = what;
        self.draw();
    }

    /// Removes the bar, so that other output can be written.
    pub(super) fn clear(&self) {
        self.write("");
    }

    pub(super) fn step(&mut self) {
        self.done += 1;
        self.draw();
    }

    fn draw(&self) {
        let filled = WIDTH * self.done / self.total.max(1);
        let bar = format!("{:.<WIDTH$}", "#".repeat(filled));
        self.write(&format!("[{bar}] {}/{} {}", self.done, self.total, self.what));
    }

    /// Replaces the line.
    fn write(&self, line: &str) {
        if self.is_shown {
            // If standard error is closed, the progress cannot be shown.
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The width of the bar, in characters.
const WIDTH: usize = 30;
