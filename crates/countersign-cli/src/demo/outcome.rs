//! The outcome of each delivery, and whether it is the expected one.

use countersign::Verified;

use super::delivery::{Delivery, Expected};
use super::receiver::{ReceiverResult, Seen};
use crate::output::{BAD, BOLD, GOOD, Report, escape_control_chars, paint};
use crate::table::{Cell, Table};

/// A delivery, the response status, and the result that the receiver recorded.
pub(super) struct Outcome {
    pub(super) delivery: Delivery,
    pub(super) answered: Result<u16, String>,
    pub(super) seen: Seen,
}

impl Outcome {
    fn is_expected(&self) -> bool {
        let expected = self.delivery.expected;
        self.answered == Ok(expected.status()) && result_of(&self.seen) == Some(expected)
    }
}

/// The tables. The command fails if any outcome is not the expected one.
pub(super) fn report(outcomes: &[Outcome]) -> Report {
    let count = |outcome: &Outcome| outcome.delivery.copies;
    let expected: usize = outcomes.iter().filter(|outcome| outcome.is_expected()).map(count).sum();
    let sent: usize = outcomes.iter().map(count).sum();
    let style = if expected == sent { GOOD } else { BAD };
    let summary =
        paint(style, format_args!("{sent} deliveries, {expected} with expected response"));

    let (answers, proofs) = (answers(outcomes), proofs(outcomes));
    let text = format!("{answers}\nVerified deliveries:\n\n{proofs}\n{summary}\n");
    let report = Report::human(text);
    if expected == sent { report } else { report.rejected() }
}

/// One table, or if it is wider than the terminal, one for each provider.
fn answers(outcomes: &[Outcome]) -> String {
    let whole = table(outcomes);
    if whole.fits() {
        return whole.render();
    }
    let groups = outcomes.chunk_by(|one, next| one.delivery.scheme == next.delivery.scheme);
    let groups = groups.map(|group| {
        let provider = group.first().map_or("", |outcome| outcome.delivery.scheme);
        let table = table(group).with_optional(&[PROVIDER, EXPECTED]);
        format!("{}\n{}", paint(BOLD, provider), table.render())
    });
    groups.collect::<Vec<_>>().join("\n")
}

fn table(outcomes: &[Outcome]) -> Table<6> {
    let mut table = Table::new(["PROVIDER", "SENT", "RESPONSE", "CODE", "EXPECTED", "RESULT"]);
    for outcome in outcomes {
        let Outcome { delivery, answered, seen } = outcome;
        let Delivery { scheme, what, expected, .. } = delivery;
        let answer = match answered {
            Ok(status) => status.to_string(),
            Err(problem) => problem.clone(),
        };
        let code = match result_of(seen) {
            Some(result) => result.to_string(),
            None if seen.0.len() > 1 => format!("handled {} times", handled(seen)),
            None => "-".to_owned(),
        };
        table.push([
            (*scheme).into(),
            (*what).into(),
            answer.into(),
            code.into(),
            format!("{} {expected}", expected.status()).into(),
            if outcome.is_expected() {
                Cell::from("ok").styled(GOOD)
            } else {
                Cell::from("FAIL").styled(BAD)
            },
        ]);
    }
    table
}

fn proofs(outcomes: &[Outcome]) -> String {
    let head = ["PROVIDER", "SENT", "EVENT ID", "FROM", "EVENT TYPE", "SECRET"];
    // Without these two it fits a terminal of 80 columns.
    let mut table = Table::new(head).with_optional(&[1, 3]);
    for outcome in outcomes {
        if let [ReceiverResult::Handled(verified) | ReceiverResult::Duplicate(verified)] =
            &*outcome.seen.0
        {
            table.push([
                outcome.delivery.scheme.into(),
                outcome.delivery.what.into(),
                escape_control_chars(verified.event_id()).into(),
                verified.event_id_from().to_string().into(),
                event_type(verified).into(),
                secret(verified).into(),
            ]);
        }
    }
    table.render()
}

/// The receiver's result, in the form of an expected result.
fn result_of(seen: &Seen) -> Option<Expected> {
    match &*seen.0 {
        [ReceiverResult::Handled(verified)] => {
            Some(Expected::Handled { secret: verified.secret_index() })
        }
        [ReceiverResult::Duplicate(verified)] => {
            Some(Expected::Duplicate { secret: verified.secret_index() })
        }
        [ReceiverResult::Rejected(error)] => Some(Expected::Rejected(error.kind())),
        [] | [ReceiverResult::Busy] => None,
        _ if handled(seen) == 1 => Some(Expected::HandledOnce),
        _ => None,
    }
}

fn handled(seen: &Seen) -> usize {
    seen.0.iter().filter(|result| matches!(result, ReceiverResult::Handled(_))).count()
}

fn event_type(verified: &Verified) -> String {
    match verified.event_type() {
        Some(kind) if kind.is_signed() => escape_control_chars(kind.name),
        Some(kind) => format!("{} (unsigned)", escape_control_chars(kind.name)),
        None => "-".to_owned(),
    }
}

fn secret(verified: &Verified) -> String {
    format!("{} ({})", verified.secret_index(), verified.secret_name().unwrap_or("unnamed"))
}

/// The columns that may be left out.
const PROVIDER: usize = 0;
const EXPECTED: usize = 4;

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use countersign::{VerifyError, VerifyErrorKind};

    use super::*;

    fn unsigned(answered: Result<u16, String>, seen: Seen) -> Outcome {
        let expected = Expected::Rejected(VerifyErrorKind::MissingSignature);
        let (headers, body) = (Vec::new(), Vec::new());
        let delivery =
            Delivery { scheme: "jupiter", what: "unsigned", headers, body, copies: 1, expected };
        Outcome { delivery, answered, seen }
    }

    fn rejected(kind: VerifyErrorKind) -> Seen {
        Seen(vec![ReceiverResult::Rejected(VerifyError::from(kind))])
    }

    #[test]
    fn an_answer_is_as_expected_only_if_its_status_and_its_code_are() {
        use VerifyErrorKind::{MissingSignature, SignatureMismatch};
        let as_expected = |answered, seen| unsigned(answered, seen).is_expected();
        assert!(as_expected(Ok(401), rejected(MissingSignature)));
        assert!(!as_expected(Ok(200), rejected(MissingSignature)));
        assert!(!as_expected(Ok(401), rejected(SignatureMismatch)));
        assert!(!as_expected(Ok(401), Seen(Vec::new())));
        assert!(!as_expected(Err("no connection".to_owned()), rejected(MissingSignature)));
    }

    #[test]
    fn one_unexpected_answer_fails_the_demo_and_is_marked() {
        let good = || unsigned(Ok(401), rejected(VerifyErrorKind::MissingSignature));
        let passed = report(&[good()]);
        assert_eq!(passed.status, ExitCode::SUCCESS);
        assert!(!passed.text.contains("FAIL"));
        let failed = report(&[good(), unsigned(Ok(200), Seen(Vec::new()))]);
        assert_eq!(failed.status, ExitCode::FAILURE);
        assert!(failed.text.contains("FAIL"), "{}", failed.text);
        assert!(failed.text.contains("2 deliveries, 1 with expected response"));
    }
}
