//! The human-readable description of one scheme.

use countersign::Scheme;

use super::facts::{Value, facts};
use crate::output::{BOLD, DIM, Report, paint};

/// Every property of the scheme.
pub(super) fn describe(scheme: &Scheme) -> Report {
    let mut page = format!("{}: {}\n", paint(BOLD, scheme.name()), scheme.title());
    for fact in facts(scheme) {
        let values = fact.values.iter().map(|value| match value {
            Value::Code(text) | Value::Words(text) => text.as_str(),
        });
        push_lines(&mut page, fact.label, values);
    }
    push_lines(&mut page, "notes", scheme.notes().iter().map(String::as_str));
    Report::human(page)
}

/// One line for each value, with the label on the first.
fn push_lines<'a>(page: &mut String, label: &str, values: impl Iterator<Item = &'a str>) {
    for (index, value) in values.enumerate() {
        let label = if index == 0 { label } else { "" };
        let label = paint(DIM, format_args!("{label:<12}"));
        page.push_str(&format!("  {label}  {value}\n"));
    }
}
