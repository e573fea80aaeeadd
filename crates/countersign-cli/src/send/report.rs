//! The report of `--attack all`.

use std::time::Duration;

use countersign::testing::{Attack, AttackAnswer, AttackKind, AttackList, AttackRequest, Expected};
use serde::Serialize;
use serde_json::Value;

use super::answers::{milliseconds, value};
use super::batch::Attempt;
use crate::output::{BAD, BOLD, DIM, GOOD, Report, paint};
use crate::table::{Cell, Columns};
use crate::usage_error::UsageError;

/// The results so far.
pub(super) struct Results<'a> {
    list: &'a AttackList,
    pub(super) scheme: &'a str,
    pub(super) target: &'a str,
    marks: Vec<(&'a Attack, Attempt)>,
}

impl<'a> Results<'a> {
    pub(super) fn new(list: &'a AttackList, scheme: &'a str, target: &'a str) -> Self {
        Self { list, scheme, target, marks: Vec::new() }
    }

    pub(super) fn push(&mut self, attack: &'a Attack, attempt: Attempt) {
        self.marks.push((attack, attempt));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'a Attack, &Attempt)> {
        self.marks.iter().map(|(attack, attempt)| (*attack, attempt))
    }

    /// The kinds that do not apply, and why.
    pub(super) fn left_out(&self) -> impl Iterator<Item = (AttackKind, String)> {
        self.list.left_out().map(|(kind, why)| (kind, why.to_string()))
    }

    /// The attacks whose result is not that of a correct receiver.
    pub(super) fn failed(&self) -> impl Iterator<Item = (&'a Attack, &Attempt)> {
        self.iter().filter(|(_, attempt)| !attempt.is_expected())
    }

    /// The report: for people, what follows the rows.
    pub(super) fn report(&self, is_json: bool) -> Result<Report, UsageError> {
        let is_clean = self.failed().next().is_none();
        let report = match is_json {
            true => json(self, is_clean)?,
            false => Report::human(text(self)),
        };
        Ok(if is_clean { report } else { report.rejected() })
    }
}

/// The rows of the report, printed one at a time.
pub(super) struct Rows(Columns<5>);

impl Rows {
    pub(super) fn new(list: &AttackList) -> Self {
        let names = list.iter().map(|attack| attack.kind().name().len());
        let all_expected = list.iter().map(|attack| expected(&statuses(attack)).len());
        let (name, expected) = (names.max().unwrap_or(0), all_expected.max().unwrap_or(0));
        let head = ["ATTACK", "MARK", "RESPONSE", "EXPECTED", "MS"];
        Self(Columns::new(head, [name, MARK_WIDTH, RESPONSE_WIDTH, expected, MS_WIDTH]))
    }

    pub(super) fn head(&self) -> String {
        self.0.head()
    }

    pub(super) fn row(&self, attack: &Attack, shot: &Attempt) -> String {
        self.0.row(&[
            attack.kind().name().into(),
            match (shot.is_expected(), is_half_seen(attack)) {
                (true, false) => Cell::from("ok").styled(GOOD),
                (true, true) => Cell::from("ok*").styled(GOOD),
                (false, _) => Cell::from("LOST").styled(BAD),
            },
            answers(shot).into(),
            expected(&shot.expected).into(),
            format!("{:.2}", milliseconds(longest(shot))).into(),
        ])
    }
}

/// What follows the rows: the failed attacks, with the reason why they matter, and the numbers.
fn text(results: &Results<'_>) -> String {
    let mut text = String::new();
    if results.failed().next().is_some() {
        text.push_str(&format!("\n{}\n", paint(BOLD, "What failed, and why it matters:")));
    }
    for (attack, _) in results.failed() {
        let kind = attack.kind();
        let name = paint(BAD, format_args!("{:<NAME_WIDTH$}", kind.name()));
        text.push_str(&format!("  {name}  {}\n", kind.sent()));
        text.push_str(&format!("  {:NAME_WIDTH$}  {}\n", "", paint(DIM, kind.why())));
    }
    let left_out: Vec<String> = results
        .left_out()
        .map(|(kind, why)| format!("  {:<NAME_WIDTH$}  {why}\n", kind.name()))
        .collect();
    if !left_out.is_empty() {
        text.push_str(&format!("\n{}\n{}", paint(BOLD, "Not run:"), left_out.concat()));
    }
    let (count, failed) = (results.iter().count(), results.failed().count());
    let style = if failed == 0 { GOOD } else { BAD };
    let summary = format!("{count} attacks, {} passed", count - failed);
    text.push_str(&format!("\n{}\n", paint(style, summary)));
    text.push_str(&notes(results));
    text
}

/// Notes that the marks do not show.
fn notes(results: &Results<'_>) -> String {
    let mut notes = String::new();
    let half_seen = results.iter().map(|(attack, _)| attack).filter(|attack| is_half_seen(attack));
    let (repeated, once): (Vec<&Attack>, Vec<&Attack>) = half_seen.partition(|attack| {
        // The receiver cannot know that both deliveries are one event.
        attack.event().is_some() && attack.expected_runs().is_none()
    });
    for (attacks, note) in [(once, HANDLED_ONCE), (repeated, HANDLED_TWICE)] {
        if !attacks.is_empty() {
            notes.push_str(&format!("* {note}\n"));
        }
        for attack in attacks {
            let event = attack.event().map_or("the event itself".into(), |name| format!("…{name}"));
            notes.push_str(&format!("  {}: {event}\n", attack.kind()));
        }
    }
    let mut answers = results.iter().flat_map(|(_, shot)| shot.answered());
    if answers.any(|(_, answer, _)| matches!(answer, AttackAnswer::Status(500..))) {
        notes.push_str(&format!("{CRASHED}\n"));
    }
    notes
}

/// Whether the result also depends on how often the event was handled.
fn is_half_seen(attack: &Attack) -> bool {
    matches!(attack.kind(), AttackKind::Replay | AttackKind::ChangedUnsignedId)
}

fn json(results: &Results<'_>, is_clean: bool) -> Result<Report, UsageError> {
    let marks = results.iter().map(|(attack, shot)| MarkJson {
        attack: attack.kind().name(),
        sent: attack.kind().sent(),
        expected: shot.expected.iter().map(ToString::to_string).collect(),
        answered: shot.answers.iter().map(|(answer, _)| value(*answer)).collect(),
        ms: shot.answers.iter().map(|(_, took)| milliseconds(*took)).collect(),
        sound: shot.is_expected(),
        why: attack.kind().why(),
        event: attack.event(),
    });
    let not_tried = results.left_out().map(|(kind, why)| NotTriedJson { attack: kind.name(), why });
    let card = CardJson {
        scheme: results.scheme,
        clean: is_clean,
        marks: marks.collect(),
        not_tried: not_tried.collect(),
    };
    let line = serde_json::to_string(&card);
    let line =
        line.map_err(|error| UsageError::because("the report cannot be written as JSON", error))?;
    Ok(Report::machine(line + "\n"))
}

#[derive(Serialize)]
struct CardJson<'a> {
    scheme: &'a str,
    clean: bool,
    marks: Vec<MarkJson<'a>>,
    not_tried: Vec<NotTriedJson>,
}

#[derive(Serialize)]
struct MarkJson<'a> {
    attack: &'static str,
    sent: &'static str,
    expected: Vec<String>,
    answered: Vec<Value>,
    ms: Vec<f64>,
    sound: bool,
    why: &'static str,
    /// The end of the event's id, to look it up in the application.
    event: Option<&'a str>,
}

#[derive(Serialize)]
struct NotTriedJson {
    attack: &'static str,
    why: String,
}

/// The responses of one attack; a number and one response, if there are many and all are equal.
pub(super) fn answers(shot: &Attempt) -> String {
    if let [(first, _), _, _, ..] = shot.answers[..]
        && shot.answers.iter().all(|(answer, _)| *answer == first)
    {
        return format!("{} x {first}", shot.answers.len());
    }
    joined(shot.answers.iter().map(|(answer, _)| answer.to_string()))
}

/// The expected responses; one, if all requests of the attack expect the same.
pub(super) fn expected(expected: &[Expected]) -> String {
    let are_alike = expected.windows(2).all(|pair| pair[0] == pair[1]);
    let count = if are_alike { 1 } else { expected.len() };
    joined(expected.iter().take(count).map(ToString::to_string))
}

fn statuses(attack: &Attack) -> Vec<Expected> {
    attack.requests().iter().map(AttackRequest::expected).collect()
}

fn longest(shot: &Attempt) -> Duration {
    shot.answers.iter().map(|(_, took)| *took).max().unwrap_or_default()
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" / ")
}

const NAME_WIDTH: usize = "changed-unsigned-id".len();
const MARK_WIDTH: usize = "LOST".len();
/// The widths of these cells are not known before the response: room for what is common.
const RESPONSE_WIDTH: usize = "200 / 200 / 401".len();
const MS_WIDTH: usize = "2000.00".len();
const HANDLED_ONCE: &str =
    "responses cannot show this: check that the application handled each of these events once";
const HANDLED_TWICE: &str = "the scheme signs no id, so the application gets each of these events twice: \
                             check that the second, which is marked as a possible duplicate, does no harm";
const CRASHED: &str = "A 5xx is not a rejection: the receiver failed. Any client can make it fail, and \
                       a provider retries after a 5xx.";
