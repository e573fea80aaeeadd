//! One scheme, for people.

use std::time::Duration;

use countersign::{BodyView, Cell, Retries, Scheme, TimestampUnit, Tolerance};

use crate::output::{BOLD, DIM, Report, paint};

/// All that the scheme's data says.
pub(super) fn describe(scheme: &Scheme) -> Report {
    let mut page = Page::new(scheme);
    page.line("signature", &scheme.signature_grammar());
    page.lines("headers", scheme.headers());
    page.line("signed bytes", &signed_bytes(scheme));
    page.line("algorithm", &scheme.algorithm().to_string());
    page.line("encoding", &scheme.encoding().to_string());
    page.line("secret", &scheme.secret_format().to_string());
    page.line("timestamp", &timestamp(scheme.timestamp()));
    page.cell("tolerance", &tolerance(scheme.tolerance()), Cell::Tolerance);
    page.cell("event key", &event_key(scheme), Cell::EventId);
    page.cell("event type", &event_type(scheme), Cell::EventType);
    let profile = scheme.profile();
    page.cell("body limit", &bytes(profile.body_limit()), Cell::BodyLimit);
    page.cell("ack deadline", &duration(profile.ack_deadline()), Cell::AckDeadline);
    page.cell("retries", &retries(profile.retries()), Cell::Retries);
    page.cell("retry window", &retry_window(profile.retries()), Cell::Retries);
    page.line("retention", &duration(profile.retention()));
    page.line("evidence", &scheme.evidence().to_string());
    page.lines("sources", scheme.sources().iter().map(String::as_str));
    page.lines("notes", scheme.notes().iter().map(String::as_str));
    Report::for_people(page.text)
}

/// A title, and under it lines of label and value.
struct Page<'a> {
    scheme: &'a Scheme,
    text: String,
}

impl<'a> Page<'a> {
    fn new(scheme: &'a Scheme) -> Self {
        let (name, title) = (paint(BOLD, scheme.name()), scheme.title());
        Self { scheme, text: format!("{name}: {title}\n") }
    }

    fn line(&mut self, label: &str, value: &str) {
        let label = paint(DIM, format_args!("{label:<12}"));
        self.text.push_str(&format!("  {label}  {value}\n"));
    }

    /// A value that no text may have confirmed: then it says so.
    fn cell(&mut self, label: &str, value: &str, cell: Cell) {
        if self.scheme.unconfirmed().contains(&cell) {
            self.line(label, &format!("{value} (unconfirmed)"));
        } else {
            self.line(label, value);
        }
    }

    /// A value a line, under one label; nothing where there is none.
    fn lines<'v>(&mut self, label: &str, values: impl Iterator<Item = &'v str>) {
        for (index, value) in values.enumerate() {
            self.line(if index == 0 { label } else { "" }, value);
        }
    }
}

fn signed_bytes(scheme: &Scheme) -> String {
    if !scheme.authenticates_body() {
        return "none: the header shows the secret itself, and the body may be anybody's"
            .to_owned();
    }
    match scheme.body_view() {
        BodyView::Decoded => {
            format!("{}, of the body behind its content encoding", scheme.signed())
        }
        _ => scheme.signed().to_owned(),
    }
}

fn timestamp(timestamp: Option<(String, TimestampUnit)>) -> String {
    match timestamp {
        Some((place, unit)) => format!("{place}, {unit}"),
        None => "none".to_owned(),
    }
}

fn tolerance(tolerance: Option<Tolerance>) -> String {
    let side = |limit: Option<Duration>| limit.map_or("without limit".to_owned(), duration);
    match tolerance {
        Some(tolerance) => {
            format!(
                "{} in the past, {} in the future",
                side(tolerance.past()),
                side(tolerance.future())
            )
        }
        None => "none: no time is signed".to_owned(),
    }
}

fn event_key(scheme: &Scheme) -> String {
    let places = scheme.event_id_sources().iter().map(ToString::to_string);
    places.chain(["digest of what was signed".to_owned()]).collect::<Vec<_>>().join(", else ")
}

fn event_type(scheme: &Scheme) -> String {
    let places = scheme.event_type_sources().iter().map(|source| {
        let unsigned = if scheme.signs(source) { "" } else { " (unsigned)" };
        format!("{source}{unsigned}")
    });
    let places: Vec<_> = places.collect();
    if places.is_empty() { "not known".to_owned() } else { places.join(", else ") }
}

fn retries(retries: &Retries) -> String {
    match retries {
        Retries::Never => "never".to_owned(),
        Retries::After(delays) => {
            let delays: Vec<_> = delays.iter().copied().map(duration).collect();
            format!("after {}", delays.join(", "))
        }
        Retries::Within(_) => "again and again".to_owned(),
        _ => "not known".to_owned(),
    }
}

fn retry_window(retries: &Retries) -> String {
    retries.window().map_or("not known".to_owned(), duration)
}

fn duration(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn bytes(bytes: usize) -> String {
    const MIB: usize = 1024 * 1024;
    if bytes >= MIB && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}
