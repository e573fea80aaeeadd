//! Human-readable tables that fit the terminal.

use std::fmt::Write;

use anstyle::Style;

use crate::output::{self, BOLD, paint};

/// Rows below a header. Each column is as wide as its widest cell, if the terminal is wide enough.
#[derive(Debug)]
pub(crate) struct Table<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    rows: Vec<[Cell; COLUMNS]>,
    optional: &'static [usize],
}

/// The widths of a table's columns, to print rows one at a time.
#[derive(Debug)]
pub(crate) struct Columns<const COLUMNS: usize> {
    head: [&'static str; COLUMNS],
    /// `None` for a column that is left out.
    widths: [Option<usize>; COLUMNS],
}

/// A cell's text and style.
#[derive(Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(crate) fn new(head: [&'static str; COLUMNS]) -> Self {
        Self { head, rows: Vec::new(), optional: &[] }
    }

    /// The columns that are left out, in this order, if the table is wider than the terminal.
    pub(crate) fn with_optional(mut self, columns: &'static [usize]) -> Self {
        self.optional = columns;
        self
    }

    pub(crate) fn push(&mut self, row: [Cell; COLUMNS]) {
        self.rows.push(row);
    }

    /// Whether the whole table fits the terminal.
    pub(crate) fn fits(&self) -> bool {
        let whole = Columns::within(None, self.head, self.widths(), &[]);
        output::width().is_none_or(|max| whole.width() <= max)
    }

    /// The table as text, one line for each row.
    pub(crate) fn render(&self) -> String {
        self.render_within(output::width())
    }

    /// The same for a terminal of any width.
    pub(crate) fn render_wide(&self) -> String {
        self.render_within(None)
    }

    fn render_within(&self, max: Option<usize>) -> String {
        let columns = Columns::within(max, self.head, self.widths(), self.optional);
        let rows = self.rows.iter().map(|row| columns.row(row));
        std::iter::once(columns.head()).chain(rows).collect()
    }

    fn widths(&self) -> [usize; COLUMNS] {
        std::array::from_fn(|column| {
            let cells = self.rows.iter().map(|row| width(&row[column].text));
            cells.max().unwrap_or_default()
        })
    }
}

impl<const COLUMNS: usize> Columns<COLUMNS> {
    /// Columns for cells of these widths, or narrower ones if the terminal is narrower.
    pub(crate) fn new(head: [&'static str; COLUMNS], widths: [usize; COLUMNS]) -> Self {
        Self::within(output::width(), head, widths, &[])
    }

    fn within(
        max: Option<usize>,
        head: [&'static str; COLUMNS],
        widths: [usize; COLUMNS],
        optional: &[usize],
    ) -> Self {
        let widths = std::array::from_fn(|column| Some(widths[column].max(width(head[column]))));
        let mut columns = Self { head, widths };
        let Some(max) = max else { return columns };
        for column in optional {
            if columns.width() > max {
                columns.widths[*column] = None;
            }
        }
        shrink(columns.widths.iter_mut().flatten(), max);
        columns
    }

    fn width(&self) -> usize {
        total(self.widths.iter().flatten().copied())
    }

    pub(crate) fn head(&self) -> String {
        self.row(&self.head.map(|title| Cell::from(title).styled(BOLD)))
    }

    /// A row as a line.
    pub(crate) fn row(&self, row: &[Cell; COLUMNS]) -> String {
        let mut line = String::new();
        let mut pad = 0;
        for (cell, max) in row.iter().zip(self.widths) {
            let Some(max) = max else { continue };
            let text = cut(&cell.text, max);
            if !text.is_empty() {
                // A width of a format has a maximum. Writing to a `String` does not fail.
                let _ = write!(line, "{}{}", " ".repeat(pad), paint(cell.style, &text));
                pad = 0;
            }
            pad += max - width(&text) + GAP;
        }
        line.push('\n');
        line
    }
}

impl Cell {
    pub(crate) fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

pub(crate) fn width(text: &str) -> usize {
    text.chars().count()
}

/// The text, or its beginning and `…` if it is wider.
pub(crate) fn cut(text: &str, max: usize) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(max.saturating_sub(1)).collect();
    beginning + "…"
}

/// Texts that are as wide as this together, with a gap between two of them; the widest are cut.
pub(crate) fn fit(texts: &[String], max: usize) -> Vec<String> {
    let mut widths: Vec<usize> = texts.iter().map(|text| width(text)).collect();
    shrink(&mut widths, max);
    texts.iter().zip(widths).map(|(text, width)| cut(text, width)).collect()
}

/// Whether texts are as wide as this together, with a gap between two of them.
pub(crate) fn is_within<'a>(texts: impl Iterator<Item = &'a String>, max: usize) -> bool {
    total(texts.map(|text| width(text))) <= max
}

/// Makes the widest columns narrower until all fit.
fn shrink<'a>(widths: impl IntoIterator<Item = &'a mut usize>, max: usize) {
    let mut widths: Vec<&mut usize> = widths.into_iter().collect();
    while total(widths.iter().map(|width| **width)) > max {
        match widths.iter_mut().max().filter(|widest| ***widest > MIN_WIDTH) {
            Some(widest) => **widest -= 1,
            None => break,
        }
    }
}

/// The width of columns with these widths.
fn total(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The space between two columns.
const GAP: usize = 2;
/// Columns are not made narrower than this.
const MIN_WIDTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::plain;

    fn table() -> Table<3> {
        let mut table = Table::new(["NAME", "SIGNATURE", "NOTE"]);
        table.push(["a".into(), "X-Signature: t=<seconds>,v1=<hex>".into(), "docs".into()]);
        table.push(["longer".into(), "X-Ä: <hex>".into(), "".into()]);
        table
    }

    #[test]
    fn a_table_that_fits_is_complete_and_has_no_trailing_spaces() {
        let expected = "\
NAME    SIGNATURE                          NOTE
a       X-Signature: t=<seconds>,v1=<hex>  docs
longer  X-Ä: <hex>
";
        assert_eq!(plain(&table().render_within(None)), expected);
        assert_eq!(plain(&table().render_within(Some(47))), expected);
    }

    #[test]
    fn a_cell_can_be_longer_than_the_maximum_width_of_a_format() {
        let mut table = Table::new(["ONE", "TWO"]);
        table.push(["a".repeat(70_000).into(), "b".into()]);
        table.push(["c".into(), "d".into()]);
        assert_eq!(plain(&table.render_within(None)).lines().last().map(str::len), Some(70_003));
    }

    #[test]
    fn columns_are_left_out_before_cells_are_cut() {
        let narrow = table().with_optional(&[2]);
        let expected = "\
NAME    SIGNATURE
a       X-Signature: t=<seconds>,v1=<hex>
longer  X-Ä: <hex>
";
        assert_eq!(plain(&narrow.render_within(Some(46))), expected);
        let expected = "\
NAME    SIGNATURE     NOTE
a       X-Signature…  docs
longer  X-Ä: <hex>
";
        assert_eq!(plain(&table().render_within(Some(26))), expected);
        // No terminal is this narrow.
        assert_eq!(
            plain(&table().render_within(Some(0))).lines().next(),
            Some("NAME    SIGNATU…  NOTE")
        );
    }
}
