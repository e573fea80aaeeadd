//! How far it has come: one line on standard error, where that is a terminal.

use std::io::{IsTerminal, Write, stderr};

pub(super) struct Progress {
    total: usize,
    done: usize,
    what: &'static str,
    is_shown: bool,
}

impl Progress {
    /// Of one thing there is no progress to show.
    pub(super) fn to(total: usize) -> Self {
        Self { total, done: 0, what: "", is_shown: total > 1 && stderr().is_terminal() }
    }

    /// What is being done.
    pub(super) fn show(&mut self, what: &'static str) {
        self.what = what;
        self.draw();
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

    /// In the place of what stood there.
    fn write(&self, line: &str) {
        if self.is_shown {
            // Where standard error is closed there is nobody left to show it to.
            let _ = write!(stderr(), "\r\x1b[K{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.write("");
    }
}

/// In characters.
const WIDTH: usize = 30;
