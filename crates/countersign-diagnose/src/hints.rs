//! Hints: what else to check if a signature does not match and no cause was found.

use countersign_core::custom::json::{self, Value};

use super::cause::{Cause, CauseKind};
use super::experiment::Experiment;

/// The hints. None of them is certain.
pub(super) fn causes(trial: &Experiment) -> Vec<Cause> {
    url(trial).into_iter().chain(mode(trial)).collect()
}

fn url(trial: &Experiment) -> Option<Cause> {
    trial.scheme.signs_url().then(|| {
        let detail = "the scheme signs the URL: if the provider calls a URL that is neither the \
                      given one nor one that was tried, the delivery cannot verify";
        Cause::suspected(CauseKind::UrlMismatch, detail)
    })
}

/// Reads test or live mode from the body: the two modes have different secrets.
fn mode(trial: &Experiment) -> Option<Cause> {
    let pointers: Vec<&str> = MODES.iter().map(|(pointer, _)| *pointer).collect();
    let values = json::at(trial.body(), &pointers);
    let mut stated = MODES.iter().zip(values);
    let (pointer, mode) = stated.find_map(|((pointer, mode_of), value)| match value {
        Value::Text(text) => Some((pointer, mode_of(&text.to_ascii_lowercase())?)),
        _ => None,
    })?;
    let detail = format!(
        "the body is of {mode} mode (`{pointer}`): it was signed with the secret of that mode"
    );
    let fix =
        format!("configure the secret that the provider shows for the endpoint in {mode} mode");
    Some(Cause::suspected(CauseKind::SecretOfAnotherEndpoint, detail).with_fix(fix))
}

type ModeOf = fn(&str) -> Option<&'static str>;

fn is_live(text: &str) -> Option<&'static str> {
    match text {
        "true" | "1" => Some("live"),
        "false" | "0" => Some("test"),
        _ => None,
    }
}

fn is_test(text: &str) -> Option<&'static str> {
    match text {
        "true" | "1" => Some("test"),
        "false" | "0" => Some("live"),
        _ => None,
    }
}

fn is_named(text: &str) -> Option<&'static str> {
    match text {
        "live" | "production" | "prod" => Some("live"),
        "test" | "testing" | "sandbox" | "development" | "staging" => Some("test"),
        _ => None,
    }
}

const MODES: &[(&str, ModeOf)] = &[
    ("/livemode", is_live),
    ("/live_mode", is_live),
    ("/liveMode", is_live),
    ("/live", is_live),
    ("/is_live", is_live),
    ("/data/livemode", is_live),
    ("/data/object/livemode", is_live),
    ("/test", is_test),
    ("/testmode", is_test),
    ("/test_mode", is_test),
    ("/testMode", is_test),
    ("/is_test", is_test),
    ("/isTest", is_test),
    ("/sandbox", is_test),
    ("/meta/test_mode", is_test),
    ("/data/attributes/test_mode", is_test),
    ("/mode", is_named),
    ("/env", is_named),
    ("/environment", is_named),
    ("/event/environment", is_named),
    ("/data/environment", is_named),
];
