//! The steps of the pipeline, with the result and the time of each.

use serde::Serialize;

use super::delivery::Delivery;

#[derive(Serialize, Debug, PartialEq, Eq)]
pub(super) struct Step {
    name: &'static str,
    state: State,
    /// The time that it took, in microseconds. A step without its own time is part of the next one
    /// that has one.
    us: Option<u64>,
    /// What is special about the result.
    note: Option<&'static str>,
}

#[derive(Serialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum State {
    Passed,
    Failed,
    /// Not reached.
    Skipped,
}

/// The steps of a delivery. Empty if they are not known, as of captures on disk.
pub(super) fn of(delivery: &Delivery, has_timestamp: bool) -> Vec<Step> {
    let times = delivery.times;
    let Some(answered) = times.answered else { return Vec::new() };
    if let Some(early) = not_verified_at_all(delivery) {
        return vec![early];
    }
    let failed = failed_at(delivery);
    let between = |from: Option<u64>, to: Option<u64>| Some(to?.saturating_sub(from?));
    // The last step that ran ends with the response.
    let end = |step: Option<u64>| step.or(Some(answered));
    let claimed = if failed == Some(CLAIM) || delivery.code == DUPLICATE || delivery.is_verified {
        between(times.body.or(times.head), end(times.claimed))
    } else {
        None
    };
    let signature =
        between(times.body.or(times.head), Some(answered)).filter(|_| failed == Some(SIGNATURE));
    let spent = [
        times.head.or(Some(answered).filter(|_| failed == Some(HEADERS))),
        Some(answered).filter(|_| failed == Some(TIMESTAMP) && times.head.is_none()),
        between(times.head, if failed == Some(BODY) { Some(answered) } else { times.body }),
        signature,
        claimed,
        between(times.claimed, Some(answered)),
    ];
    let is_duplicate = delivery.code == DUPLICATE && times.claimed.is_none();
    let last = failed.unwrap_or(if is_duplicate { CLAIM } else { HANDLER });
    let steps = NAMES.iter().enumerate().zip(spent).map(|((at, name), us)| {
        let state = match () {
            () if failed == Some(at) => State::Failed,
            () if at == TIMESTAMP && !has_timestamp => State::Skipped,
            () if at <= last => State::Passed,
            () => State::Skipped,
        };
        let note = match at {
            TIMESTAMP if !has_timestamp => Some("the scheme has none"),
            CLAIM if is_duplicate => Some("a duplicate of a handled event"),
            HANDLER if delivery.code == "filtered" => Some("an event type that is not handled"),
            HANDLER if delivery.job.is_some() => Some("stored in the queue"),
            _ => None,
        };
        Step { name, state, us: us.filter(|_| state != State::Skipped), note }
    });
    steps.collect()
}

/// The only step of a request that never reached the verification.
fn not_verified_at_all(delivery: &Delivery) -> Option<Step> {
    let us = delivery.times.answered;
    let step = |name, state, note| Some(Step { name, state, us, note: Some(note) });
    match delivery.code.as_str() {
        "handshake" => step("Handshake", State::Passed, "the provider checks the endpoint"),
        "busy" => step("Admission", State::Failed, "too many requests were in progress"),
        "method_not_allowed" => step("Method", State::Failed, "the endpoint does not take it"),
        _ if delivery.handshake.is_some() => {
            step("Handshake", State::Passed, "the provider checks the endpoint")
        }
        _ => None,
    }
}

fn failed_at(delivery: &Delivery) -> Option<usize> {
    let times = delivery.times;
    if delivery.is_verified {
        return match delivery.code.as_str() {
            "handled" | "accepted" | "filtered" | DUPLICATE => None,
            _ if times.claimed.is_some() => Some(HANDLER),
            _ => Some(CLAIM),
        };
    }
    Some(match delivery.code.as_str() {
        code if code.contains("timestamp") => TIMESTAMP,
        code if code.starts_with("body") || code == "unsupported_encoding" => BODY,
        _ if times.head.is_none() => HEADERS,
        _ if times.body.is_none() => BODY,
        _ => SIGNATURE,
    })
}

const NAMES: [&str; 6] = ["Headers", "Timestamp", "Body", "Signature", "Claim", "Handler"];
const HEADERS: usize = 0;
const TIMESTAMP: usize = 1;
const BODY: usize = 2;
const SIGNATURE: usize = 3;
const CLAIM: usize = 4;
const HANDLER: usize = 5;
const DUPLICATE: &str = "duplicate";

#[cfg(test)]
mod tests {
    use super::super::delivery::Times;
    use super::*;

    fn states(code: &str, is_verified: bool, times: [Option<u64>; 3]) -> String {
        let [head, body, claimed] = times;
        let times = Times { head, body, claimed, answered: Some(100) };
        let code = code.to_owned();
        let steps = of(&Delivery { code, is_verified, times, ..Delivery::default() }, true);
        let letter = |step: &Step| match step.state {
            State::Passed => '+',
            State::Failed => 'x',
            State::Skipped => '-',
        };
        steps.iter().map(letter).collect()
    }

    #[test]
    fn the_step_that_rejects_is_the_failed_one() {
        let (head, body, claimed) = (Some(10), Some(20), Some(30));
        for (code, is_verified, times, expected) in [
            ("handled", true, [head, body, claimed], "++++++"),
            ("accepted", true, [head, body, claimed], "++++++"),
            ("handler_failed", true, [head, body, claimed], "+++++x"),
            ("duplicate", true, [head, body, None], "+++++-"),
            ("store_unavailable", true, [head, body, None], "++++x-"),
            ("signature_mismatch", false, [head, body, None], "+++x--"),
            ("body_too_large", false, [head, None, None], "++x---"),
            ("timestamp_too_old", false, [None, None, None], "+x----"),
            ("missing_signature", false, [None, None, None], "x-----"),
            ("handshake", false, [None, None, None], "+"),
        ] {
            assert_eq!(states(code, is_verified, times), expected, "{code}");
        }
    }

    #[test]
    fn a_scheme_without_a_timestamp_has_no_check_of_it() {
        let times = Times { head: Some(10), body: Some(25), claimed: Some(60), answered: Some(90) };
        let handled = |code: &str| Delivery {
            code: code.to_owned(),
            is_verified: true,
            times,
            ..Delivery::default()
        };
        let steps = of(&handled("handled"), false);
        assert_eq!((steps[TIMESTAMP].state, steps[BODY].state), (State::Skipped, State::Passed));
        assert_eq!(of(&handled("handled"), true)[TIMESTAMP].state, State::Passed);
    }

    #[test]
    fn the_times_of_the_steps_add_up_to_the_time_of_the_response() {
        let times =
            Times { head: Some(10), body: Some(25), claimed: Some(60), answered: Some(100) };
        let (code, is_verified) = ("handled".to_owned(), true);
        let steps = of(&Delivery { code, is_verified, times, ..Delivery::default() }, true);
        let spent: Vec<u64> = steps.iter().filter_map(|step| step.us).collect();
        assert_eq!(spent, [10, 15, 35, 40]);
    }
}
