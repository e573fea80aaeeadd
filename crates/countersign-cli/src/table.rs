//! Human-readable tables.

use std::fmt::Write;

use anstyle::Style;

use crate::output::{BOLD, paint};

/// Rows below a header. Each column is as wide as its widest cell.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
}

/// A cell's text and style.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(head: [&'static str; COLUMNS]) -> Self {
        Self { head, rows: Vec::new() }
    }

    pub(crate) fn push(&mut self, row: [Cell; COLUMNS]) {
        self.rows.push(row);
    }

    /// The table as text, one line for each row.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let head = self.head.map(|title| Cell::from(title).styled(BOLD));
        for row in std::iter::once(&head).chain(&self.rows) {
            for (column, cell) in row.iter().enumerate() {
                text.push_str(&paint(cell.style, &cell.text));
                if column + 1 < COLUMNS {
                    let room = self.width(column).saturating_sub(cell.width());
                    // Writing to a `String` does not fail.
                    let _ = write!(text, "{:room$}  ", "");
                }
            }
            // Remove the padding before an empty last cell.
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| row[column].width());
        cells.chain([self.head[column].len()]).max().unwrap_or_default()
    }
}

impl Cell {
    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}
