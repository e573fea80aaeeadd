//! The report of `--attack all`.

use std::time::Duration;

use countersign::testing::{Attack, AttackAnswer, AttackKind, AttackList};
use serde::Serialize;
use serde_json::Value;

use super::answers::{milliseconds, value};
use super::batch::Attempt;
use crate::output::{BAD, BOLD, DIM, GOOD, Report, paint};
use crate::table::{Cell, Table};
use crate::usage_error::UsageError;

pub(super) fn report(
    list: &AttackList,
    shots: &[Attempt],
    scheme: &str,
    is_json: bool,
) -> Result<Report, UsageError> {
    let marks: Vec<(&Attack, &Attempt)> = list.iter().zip(shots).collect();
    let is_clean = marks.iter().all(|(_, shot)| shot.is_expected());
    let report = match is_json {
        true => json(list, &marks, scheme, is_clean)?,
        false => Report::human(text(list, &marks)),
    };
    Ok(if is_clean { report } else { report.rejected() })
}

fn text(list: &AttackList, marks: &[(&Attack, &Attempt)]) -> String {
    let mut table = Table::new(["ATTACK", "MARK", "RESPONSE", "EXPECTED", "MS"]);
    for (attack, shot) in marks {
        table.push([
            attack.kind().name().into(),
            match (shot.is_expected(), is_half_seen(attack)) {
                (true, false) => Cell::from("ok").styled(GOOD),
                (true, true) => Cell::from("ok*").styled(GOOD),
                (false, _) => Cell::from("LOST").styled(BAD),
            },
            joined(shot.answers.iter().map(|(answer, _)| answer.to_string())).into(),
            expected(shot).into(),
            format!("{:.2}", milliseconds(longest(shot))).into(),
        ]);
    }
    let mut text = table.render();
    text.push_str(&format!("\n{}\n", paint(BOLD, "What each attack sends, and why it matters:")));
    for (attack, shot) in marks {
        let kind = attack.kind();
        let style = if shot.is_expected() { GOOD } else { BAD };
        text.push_str(&format!("  {}: {}\n", paint(style, kind), kind.sent()));
        text.push_str(&format!("      {}\n", paint(DIM, kind.why())));
    }
    for (kind, why) in list.left_out() {
        text.push_str(&format!("  {}: not run: {why}\n", paint(DIM, kind)));
    }
    let sound = marks.iter().filter(|(_, shot)| shot.is_expected()).count();
    let style = if sound == marks.len() { GOOD } else { BAD };
    let summary = format!("{} attacks, {sound} passed", marks.len());
    text.push_str(&format!("\n{}\n", paint(style, summary)));
    text.push_str(&notes(marks));
    text
}

/// Notes that the marks do not show.
fn notes(marks: &[(&Attack, &Attempt)]) -> String {
    let mut notes = String::new();
    let half_seen: Vec<&Attack> =
        marks.iter().map(|(attack, _)| *attack).filter(|attack| is_half_seen(attack)).collect();
    if !half_seen.is_empty() {
        notes.push_str(&format!("* {HALF_SEEN}\n"));
    }
    for attack in half_seen {
        let event = attack.event().map_or("the event itself".into(), |name| format!("…{name}"));
        notes.push_str(&format!("  {}: {event}\n", attack.kind()));
    }
    let answers = || marks.iter().flat_map(|(_, shot)| shot.answered());
    if answers().any(|(_, answer, _)| matches!(answer, AttackAnswer::Status(500..))) {
        notes.push_str(&format!("{CRASHED}\n"));
    }
    notes
}

/// Whether the result also depends on how often the event was handled.
fn is_half_seen(attack: &Attack) -> bool {
    matches!(attack.kind(), AttackKind::Replay | AttackKind::ChangedUnsignedId)
}

fn json(
    list: &AttackList,
    marks: &[(&Attack, &Attempt)],
    scheme: &str,
    is_clean: bool,
) -> Result<Report, UsageError> {
    let marks = marks.iter().map(|(attack, shot)| MarkJson {
        attack: attack.kind().name(),
        sent: attack.kind().sent(),
        expected: shot.expected.iter().map(ToString::to_string).collect(),
        answered: shot.answers.iter().map(|(answer, _)| value(*answer)).collect(),
        ms: shot.answers.iter().map(|(_, took)| milliseconds(*took)).collect(),
        sound: shot.is_expected(),
        why: attack.kind().why(),
        event: attack.event(),
    });
    let not_tried = list.left_out();
    let not_tried = not_tried.map(|(kind, why): (AttackKind, _)| NotTriedJson {
        attack: kind.name(),
        why: why.to_string(),
    });
    let card = CardJson {
        scheme,
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

/// The expected responses; one, if all requests of the attack expect the same.
fn expected(shot: &Attempt) -> String {
    let are_alike = shot.expected.windows(2).all(|pair| pair[0] == pair[1]);
    let count = if are_alike { 1 } else { shot.expected.len() };
    joined(shot.expected.iter().take(count).map(ToString::to_string))
}

fn longest(shot: &Attempt) -> Duration {
    shot.answers.iter().map(|(_, took)| *took).max().unwrap_or_default()
}

fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(" / ")
}

const HALF_SEEN: &str =
    "responses cannot show this: check that the application handled each of these events once";
const CRASHED: &str = "A 5xx is not a rejection: the receiver failed. Any client can make it fail, and\n\
                       a provider retries after a 5xx.";
