//! What came of the attacks: the report card.

use std::fmt;

use super::Attack;
use super::expected::{AttackAnswer, Expected};
use super::kind::AttackKind;

/// What a receiver has answered to each attack.
///
/// Its `Display` names the attacks that were not answered as a sound receiver
/// does: `assert!(card.is_clean(), "{card}")`.
#[derive(Debug, Clone, Default)]
pub struct ReportCard {
    marks: Vec<Mark>,
}

/// What a receiver has answered to one attack.
#[derive(Debug, Clone)]
pub struct Mark {
    kind: AttackKind,
    expected: Vec<Expected>,
    answers: Vec<AttackAnswer>,
    expected_runs: Option<usize>,
    runs: Option<usize>,
}

impl ReportCard {
    /// A card without marks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what was answered to the requests of an attack, one answer for
    /// each.
    pub fn mark(&mut self, attack: &Attack, answers: impl IntoIterator<Item = AttackAnswer>) {
        self.push(attack, answers.into_iter().collect(), None);
    }

    /// The same, with how often the handler has run meanwhile.
    pub fn mark_counted(
        &mut self,
        attack: &Attack,
        answers: impl IntoIterator<Item = AttackAnswer>,
        runs: usize,
    ) {
        self.push(attack, answers.into_iter().collect(), Some(runs));
    }

    fn push(&mut self, attack: &Attack, answers: Vec<AttackAnswer>, runs: Option<usize>) {
        self.marks.push(Mark {
            kind: attack.kind(),
            expected: attack.requests().iter().map(|request| request.expected()).collect(),
            answers,
            expected_runs: attack.expected_runs(),
            runs,
        });
    }

    /// The marks, in the order of the attacks.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether there is a mark, and every one is good.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.marks.is_empty() && self.marks.iter().all(Mark::is_sound)
    }
}

impl Mark {
    /// The attack's kind.
    #[must_use]
    pub fn kind(&self) -> AttackKind {
        self.kind
    }

    /// Whether a sound receiver might have done the same.
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

    /// What a sound receiver answers, to each request of the attack.
    #[must_use]
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// What this one answered.
    #[must_use]
    pub fn answers(&self) -> &[AttackAnswer] {
        &self.answers
    }

    /// How often a sound receiver runs its handler; `None` where that cannot be
    /// said.
    #[must_use]
    pub fn expected_runs(&self) -> Option<usize> {
        self.expected_runs
    }

    /// How often this one did; `None` where nobody has counted.
    #[must_use]
    pub fn runs(&self) -> Option<usize> {
        self.runs
    }
}

impl fmt::Display for ReportCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bad: Vec<&Mark> = self.marks.iter().filter(|mark| !mark.is_sound()).collect();
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

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: sound is ", self.kind, self.kind.sent())?;
        list(f, &self.expected)?;
        f.write_str(", answered was ")?;
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
