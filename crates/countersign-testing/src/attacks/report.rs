//! The report on the attacks.

use std::fmt;

use super::Attack;
use super::expected::{AttackAnswer, Expected};
use super::kind::AttackKind;

/// The responses of a receiver to the attacks.
///
/// Its `Display` lists the attacks that were not answered as a correct receiver
/// would: `assert!(card.is_clean(), "{card}")`.
#[derive(Debug, Clone, Default)]
pub struct AttackReport {
    marks: Vec<AttackResult>,
}

/// The responses of a receiver to one attack.
#[derive(Debug, Clone)]
pub struct AttackResult {
    kind: AttackKind,
    expected: Vec<Expected>,
    answers: Vec<AttackAnswer>,
    expected_runs: Option<usize>,
    runs: Option<usize>,
}

impl AttackReport {
    /// An empty report.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the responses to the requests of an attack, one for each request.
    pub fn record(&mut self, attack: &Attack, answers: impl IntoIterator<Item = AttackAnswer>) {
        self.push(attack, answers.into_iter().collect(), None);
    }

    /// As [`record`](Self::record), with the number of handler runs during the
    /// attack.
    pub fn record_counted(
        &mut self,
        attack: &Attack,
        answers: impl IntoIterator<Item = AttackAnswer>,
        runs: usize,
    ) {
        self.push(attack, answers.into_iter().collect(), Some(runs));
    }

    fn push(&mut self, attack: &Attack, answers: Vec<AttackAnswer>, runs: Option<usize>) {
        self.marks.push(AttackResult {
            kind: attack.kind(),
            expected: attack.requests().iter().map(|request| request.expected()).collect(),
            answers,
            expected_runs: attack.expected_runs(),
            runs,
        });
    }

    /// The results, in the order of the attacks.
    #[must_use]
    pub fn results(&self) -> &[AttackResult] {
        &self.marks
    }

    /// Whether there is at least one result, and every result is correct.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.marks.is_empty() && self.marks.iter().all(AttackResult::is_sound)
    }
}

impl AttackResult {
    /// The kind of the attack.
    #[must_use]
    pub fn kind(&self) -> AttackKind {
        self.kind
    }

    /// Whether a correct receiver could have responded the same way.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let answered = self.answers.len() == self.expected.len()
            && self.expected.iter().zip(&self.answers).all(|(expected, got)| expected.admits(*got));
        let handled = match (self.expected_runs, self.runs) {
            (Some(expected), Some(runs)) => expected == runs,
            _ => true,
        };
        answered && handled
    }

    /// The responses of a correct receiver, one for each request of the attack.
    #[must_use]
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// The responses of this receiver.
    #[must_use]
    pub fn answers(&self) -> &[AttackAnswer] {
        &self.answers
    }

    /// How often a correct receiver runs its handler; `None` if that is not
    /// known.
    #[must_use]
    pub fn expected_runs(&self) -> Option<usize> {
        self.expected_runs
    }

    /// How often this receiver ran its handler; `None` if the runs were not
    /// counted.
    #[must_use]
    pub fn runs(&self) -> Option<usize> {
        self.runs
    }
}

impl fmt::Display for AttackReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bad: Vec<&AttackResult> = self.marks.iter().filter(|mark| !mark.is_sound()).collect();
        writeln!(
            f,
            "{} of {} attacks answered soundly",
            self.marks.len() - bad.len(),
            self.marks.len()
        )?;
        for mark in bad {
            writeln!(f, "{mark}")?;
        }
        Ok(())
    }
}

impl fmt::Display for AttackResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: expected ", self.kind, self.kind.sent())?;
        list(f, &self.expected)?;
        f.write_str(", got ")?;
        list(f, &self.answers)?;
        if let (Some(expected), Some(runs)) = (self.expected_runs, self.runs)
            && expected != runs
        {
            write!(f, "; handled {runs} times instead of {expected}")?;
        }
        write!(f, "; {}", self.kind.why())
    }
}

fn list(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index > 0 { " / " } else { "" };
        write!(f, "{separator}{item}")?;
    }
    Ok(())
}
