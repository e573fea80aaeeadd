//! Each response and its duration, and the distribution of both.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign::testing::AttackAnswer;
use serde::Serialize;
use serde_json::Value;

use super::batch::Attempt;
use crate::output::{BAD, DIM, GOOD, Report, escape_control_chars, paint};
use crate::usage_error::UsageError;

pub(super) fn report(shots: &[Attempt], is_json: bool) -> Result<Report, UsageError> {
    let report = match is_json {
        true => json(shots.iter().map(|shot| (shot, None)), Spread::of(shots))?,
        false => {
            let rows = shots.iter().map(|shot| Answers::rows(shot, None));
            Report::human(rows.collect::<String>() + &spread(shots))
        }
    };
    Ok(if shots.iter().all(Attempt::is_expected) { report } else { report.rejected() })
}

/// The responses to the requests of several files.
#[derive(Default)]
pub(super) struct Answers {
    shots: Vec<Attempt>,
    files: Vec<String>,
}

impl Answers {
    pub(super) fn push(&mut self, shot: Attempt, file: String) {
        self.shots.push(shot);
        self.files.push(file);
    }

    pub(super) fn is_any_rejected(&self) -> bool {
        self.shots.iter().any(Attempt::is_rejected)
    }

    /// The report: for people, what follows the rows.
    pub(super) fn report(&self, is_json: bool) -> Result<Report, UsageError> {
        let files = self.files.iter().map(|file| Some(file.as_str()));
        let report = match is_json {
            true => json(self.shots.iter().zip(files), Spread::of(&self.shots))?,
            false => Report::human(spread(&self.shots)),
        };
        Ok(if self.shots.iter().all(Attempt::is_expected) { report } else { report.rejected() })
    }

    /// A row for each response, with the name of the request's file.
    pub(super) fn rows(shot: &Attempt, file: Option<&str>) -> String {
        let rows = shot.answered().map(|(expected, answer, took)| {
            let style = if expected.admits(answer) { GOOD } else { BAD };
            let aside = match expected.admits(answer) {
                true => String::new(),
                false => format!("  expected {expected}"),
            };
            let file =
                file.map_or(String::new(), |file| format!("  {}", escape_control_chars(file)));
            let (answer, took) = (paint(style, answer), milliseconds(took));
            format!("{answer}  {took:.2} ms{file}{}\n", paint(DIM, aside))
        });
        rows.collect()
    }
}

/// A status as a number, any other outcome as text.
pub(super) fn value(answer: AttackAnswer) -> Value {
    match answer {
        AttackAnswer::Status(status) => status.into(),
        other => other.to_string().into(),
    }
}

pub(super) fn milliseconds(time: Duration) -> f64 {
    // Rounded to 0.01 ms: more digits are noise.
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn spread(shots: &[Attempt]) -> String {
    let Some(spread) = Spread::of(shots) else { return String::new() };
    let answers: Vec<String> =
        spread.answers.iter().map(|(answer, count)| format!("{count} x {answer}")).collect();
    let Times { min, median, p95, max } = &spread.ms;
    format!(
        "\n{}\nms: min {min:.2}, median {median:.2}, p95 {p95:.2}, max {max:.2}\n",
        answers.join(", ")
    )
}

fn json<'a>(
    shots: impl Iterator<Item = (&'a Attempt, Option<&'a str>)>,
    spread: Option<Spread>,
) -> Result<Report, UsageError> {
    let answers = shots.flat_map(|(shot, file)| {
        shot.answered().map(move |(expected, answer, took)| AnswerJson {
            file,
            answer: value(answer),
            expected: expected.to_string(),
            ok: expected.admits(answer),
            ms: milliseconds(took),
        })
    });
    let whole = WholeJson { answers: answers.collect(), spread };
    let line = serde_json::to_string(&whole);
    let line = line
        .map_err(|error| UsageError::because("the responses cannot be written as JSON", error))?;
    Ok(Report::machine(line + "\n"))
}

#[derive(Serialize)]
struct WholeJson<'a> {
    answers: Vec<AnswerJson<'a>>,
    spread: Option<Spread>,
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    /// Only for the requests of a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    answer: Value,
    expected: String,
    ok: bool,
    ms: f64,
}

#[derive(Serialize)]
struct Spread {
    /// How often each response occurred.
    answers: BTreeMap<String, usize>,
    ms: Times,
}

#[derive(Serialize)]
struct Times {
    min: f64,
    median: f64,
    p95: f64,
    max: f64,
}

impl Spread {
    /// `None` for fewer than two responses.
    fn of(shots: &[Attempt]) -> Option<Self> {
        let mut answers = BTreeMap::new();
        let mut times = Vec::new();
        for (_, answer, took) in shots.iter().flat_map(Attempt::answered) {
            *answers.entry(answer.to_string()).or_default() += 1;
            times.push(took);
        }
        if times.len() < 2 {
            return None;
        }
        times.sort();
        // The percentile: the shortest time within which this percentage was answered.
        let within = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            milliseconds(times[rank - 1])
        };
        let ms = Times { min: within(0), median: within(50), p95: within(95), max: within(100) };
        Some(Self { answers, ms })
    }
}

#[cfg(test)]
mod tests {
    use countersign::testing::Expected;

    use super::*;

    #[test]
    fn the_spread_covers_all_answers_and_durations() {
        let shots: Vec<Attempt> = (1..=100)
            .map(|ms| Attempt {
                expected: vec![Expected::Accepted],
                answers: vec![(if ms > 98 { 503 } else { 204 }.into(), Duration::from_millis(ms))],
            })
            .collect();
        let spread = Spread::of(&shots).unwrap();
        assert_eq!(spread.answers, BTreeMap::from([("204".into(), 98), ("503".into(), 2)]));
        let Times { min, median, p95, max } = spread.ms;
        assert_eq!([min, median, p95, max], [1.0, 50.0, 95.0, 100.0]);
        assert!(Spread::of(&shots[..1]).is_none());
    }
}
