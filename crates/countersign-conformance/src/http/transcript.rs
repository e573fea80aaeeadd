//! The responses of an adapter, to be compared with those of others.

use std::collections::BTreeSet;
use std::fmt;

use super::answer::Answer;

/// Every response of an adapter, case by case.
///
/// A response is its status line, its headers and its body, byte for byte,
/// except for parts that do not depend on the adapter. The server's own `Date`,
/// `Connection`, `Keep-Alive` and `Transfer-Encoding` are left out, and over
/// HTTP/2 a correct `Content-Length`. Names are in lower case and sorted, and
/// the chunks of a body are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    server: &'static str,
    cases: Vec<(&'static str, Vec<String>)>,
    codes: BTreeSet<String>,
}

impl Transcript {
    pub(super) fn new(server: &'static str) -> Self {
        Self { server, cases: Vec::new(), codes: BTreeSet::new() }
    }

    pub(super) fn push(&mut self, case: &'static str, answers: &[Answer]) {
        self.codes.extend(answers.iter().filter_map(|answer| answer.code.clone()));
        self.cases.push((case, answers.iter().map(Answer::to_string).collect()));
    }

    /// The adapter's name.
    #[must_use]
    pub fn adapter(&self) -> &'static str {
        self.server
    }

    /// The responses of a case, as text, in order; `None` if the case has not
    /// run or has failed.
    #[must_use]
    pub fn answers(&self, case: &str) -> Option<&[String]> {
        let found = self.cases.iter().find(|(name, _)| *name == case);
        found.map(|(_, answers)| answers.as_slice())
    }

    /// The codes of the responses that the adapter itself sent.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(String::as_str)
    }

    /// Every response in which two adapters differ, in the cases that both have
    /// run. Each adapter is compared with the first one that has run the case.
    #[must_use]
    pub fn differences(transcripts: &[Self]) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (at, other) in transcripts.iter().enumerate() {
            for (case, answers) in &other.cases {
                let earlier = transcripts[..at].iter();
                let Some((first, expected)) =
                    earlier.clone().find_map(|first| Some((first, first.answers(case)?)))
                else {
                    continue;
                };
                for number in 0..answers.len().max(expected.len()) {
                    let (one, two) = (expected.get(number), answers.get(number));
                    if one != two {
                        differences.push(Difference {
                            case,
                            number: number + 1,
                            one: (first.server, one.cloned()),
                            two: (other.server, two.cloned()),
                        });
                    }
                }
            }
        }
        differences
    }
}

/// A response in which two adapters differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    case: &'static str,
    number: usize,
    one: (&'static str, Option<String>),
    two: (&'static str, Option<String>),
}

impl Difference {
    /// The name of the case.
    #[must_use]
    pub fn case(&self) -> &'static str {
        self.case
    }

    /// The names of the two adapters.
    #[must_use]
    pub fn adapters(&self) -> [&'static str; 2] {
        [self.one.0, self.two.0]
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, response {}", self.case, self.number)?;
        for (server, answer) in [&self.one, &self.two] {
            write!(f, "\n--- {server}:\n{}", answer.as_deref().unwrap_or("nothing"))?;
        }
        Ok(())
    }
}
