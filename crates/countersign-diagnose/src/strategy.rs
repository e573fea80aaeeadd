//! Which changes are tried, and in which order: one change, then a change and
//! another secret, then two changes.

use countersign_core::{ConfigError, VerifyError, VerifyErrorKind};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments, Success, Tries, With};
use super::{
    body, charset, compression, digests, form, headers, heuristics, hints, json, rejected_form,
    schemes, secret_heuristics, stringified, time, url, url_escapes,
};

/// What is diagnosed: a verifier's error, or the configuration error because of
/// which there is no verifier.
pub(super) type Rejection<'a> = Result<&'a VerifyError, &'a ConfigError>;

/// The causes, the most likely first. There is at least one.
pub(super) fn causes(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    rejection: Rejection<'_>,
) -> Vec<Cause> {
    if let Some(cause) = rejected_form::two_readings(rejection) {
        // Only another scheme can accept such a body: a change of the body would hide the cause.
        return other_scheme(experiments, trial, With::Given).unwrap_or_else(|| vec![cause]);
    }
    let decoded = compression::decoded_by_scheme(trial);
    let as_it_came = decoded.as_ref().and_then(|_| {
        // The sender may have signed the compressed body.
        change(experiments, trial, With::Given, &[compression::undone])
    });
    if let Some(causes) = as_it_came {
        return causes;
    }
    let trial = decoded.as_ref().unwrap_or(trial);
    let found = match experiments.run(trial, With::Given) {
        Some(success) => {
            // It verifies with the secrets that can be used.
            let unusable =
                rejection.err().and_then(|it| secret_heuristics::unusable(experiments, trial, it));
            let causes = unusable.map(Cause::into_certain).into_iter().collect();
            Some(with_further_causes(experiments, trial, &success, causes))
        }
        None => experiments
            .run(trial, With::All)
            .map(|success| with_further_causes(experiments, trial, &success, Vec::new()))
            .or_else(|| one_change(experiments, trial, With::Given))
            .or_else(|| one_change(experiments, trial, With::All))
            .or_else(|| change(experiments, trial, With::Given, EXHAUSTIVE))
            .or_else(|| two_changes(experiments, trial))
            .or_else(|| change(experiments, trial, With::All, EXHAUSTIVE)),
    };
    let is_signed = found.is_some();
    let found = found.map(|mut causes| {
        // The experiments use the decoded body, which the scheme rejects in its encoded form.
        match body::too_many_parts(rejection) {
            Some(parts) => causes.push(parts.into_certain()),
            None if causes.is_empty() => causes.extend(body::over_own_limit(rejection)),
            None => {}
        }
        causes
    });
    found.filter(|causes| !causes.is_empty()).unwrap_or_else(|| {
        let mut causes = heuristics::causes(experiments, trial, rejection);
        if causes.is_empty() {
            causes.push(if is_signed { ambiguous() } else { unknown(experiments, rejection.ok()) });
        }
        if !is_signed && rejection.is_ok_and(|it| it.kind() == VerifyErrorKind::SignatureMismatch) {
            causes.extend(hints::causes(trial));
        }
        causes.extend(headers_left_out(experiments, trial));
        causes
    })
}

fn one_change(experiments: &Experiments<'_>, trial: &Experiment, with: With) -> Option<Vec<Cause>> {
    change(experiments, trial, with, NARROW)
        .or_else(|| other_scheme(experiments, trial, with))
        .or_else(|| change(experiments, trial, with, WIDE))
}

fn change(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    with: With,
    changes: &[Change],
) -> Option<Vec<Cause>> {
    for tried in changes.iter().flat_map(|change| change(trial)) {
        if with == With::All && experiments.is_spent() {
            return None;
        }
        if let Some(success) = experiments.run(&tried.trial, with) {
            return Some(with_further_causes(
                experiments,
                &tried.trial,
                &success,
                vec![tried.cause],
            ));
        }
    }
    None
}

/// All schemes with which the request verifies, as one cause: the user chooses.
fn other_scheme(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    with: With,
) -> Option<Vec<Cause>> {
    let mut found = Vec::new();
    for other in schemes::others(trial, experiments.is_mismatched(trial)) {
        if with == With::All && experiments.is_spent() {
            break;
        }
        if let Some(success) = experiments.run(&other, with) {
            found.push((other, success));
        }
    }
    // Schemes that reject the form of this delivery are left out if another one accepts it.
    let is_accepted = |(other, success): &(Experiment, Success)| {
        rejected_form::cause(other, &success.body, has_time_cause(experiments, other, success))
            .is_none()
    };
    if found.iter().any(is_accepted) {
        found.retain(is_accepted);
    }
    found.sort_by_key(|(trial, _)| !schemes::is_named_for(trial));
    let names: Vec<&str> = found.iter().map(|(trial, _)| trial.scheme.original().name()).collect();
    let (likeliest, success) = found.first()?;
    Some(with_further_causes(experiments, likeliest, success, vec![schemes::cause(&names)]))
}

fn two_changes(experiments: &Experiments<'_>, trial: &Experiment) -> Option<Vec<Cause>> {
    for (first, second) in pairs() {
        for one in first(trial) {
            for both in second(&one.trial) {
                if experiments.is_spent() {
                    return None;
                }
                if let Some(success) = experiments.run(&both.trial, With::Given) {
                    let causes = vec![one.cause, both.cause];
                    return Some(with_further_causes(experiments, &both.trial, &success, causes));
                }
            }
        }
    }
    None
}

/// Pairs of changes. Pairs with a URL come last, because they are very many, and of
/// these the likely ones come first.
fn pairs() -> impl Iterator<Item = (Change, Change)> {
    let forward = PAIRED.iter().enumerate();
    let forward = forward
        .flat_map(|(index, first)| PAIRED[index + 1..].iter().map(move |second| (*first, *second)));
    let with_url = PAIRED.iter().flat_map(|first| URLS.map(|second| (*first, second)));
    let of_url: [(Change, Change); 2] =
        [(url::in_one_part, url_escapes::others), (url::others, url_escapes::others)];
    let [likely, rest] = of_url;
    forward.chain(REWRITTEN_AND_MORE).chain([likely]).chain(with_url).chain([rest])
}

/// Adds what else must be fixed: the secret, the limit, the timestamp, and the form.
fn with_further_causes(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    success: &Success,
    mut causes: Vec<Cause>,
) -> Vec<Cause> {
    causes.extend(success.secret.clone());
    causes.extend(body::too_large(experiments, trial, success.body_length));
    causes.extend(time::explain(experiments, trial, success));
    causes.extend(rejected_form::cause(
        trial,
        &success.body,
        has_time_cause(experiments, trial, success),
    ));
    causes
}

/// Whether the timestamp is a separate cause, regardless of the form.
fn has_time_cause(experiments: &Experiments<'_>, trial: &Experiment, success: &Success) -> bool {
    !time::explain(experiments, trial, success).is_empty()
}

/// Reports headers that were not tried.
fn headers_left_out(experiments: &Experiments<'_>, trial: &Experiment) -> Option<Cause> {
    let left_out = experiments.headers_left_out;
    (left_out > 0).then(|| {
        let tried = trial.request.headers().len();
        let detail = format!(
            "the request has {} lines of headers, and {tried} of them were tried: no provider \
             sends more",
            tried.saturating_add(left_out)
        );
        Cause::suspected(CauseKind::TamperedOrUnknown, detail)
            .with_fix("pass only the headers that the provider sent, and try again")
    })
}

/// The cause if the signature is right and the scheme still rejects the delivery.
fn ambiguous() -> Cause {
    let detail = "the signature is right, but the signed payload is ambiguous: its parts do not \
                  have the form that shows where the body begins or how long the timestamp is, so \
                  the same bytes could be read as another delivery";
    Cause::suspected(CauseKind::TamperedOrUnknown, detail)
}

fn unknown(experiments: &Experiments<'_>, rejection: Option<&VerifyError>) -> Cause {
    let is_spent = experiments.is_spent();
    let rest = if is_spent { " (there are too many combinations to try all)" } else { "" };
    let tried = experiments.tried.get();
    let besides = match rejection.map(VerifyError::kind) {
        Some(VerifyErrorKind::TimestampTooOld | VerifyErrorKind::TimestampInFuture) => {
            "; its timestamp would be rejected as well"
        }
        Some(VerifyErrorKind::TooManySignatures) => {
            "; no known provider or proxy sends so many signatures"
        }
        _ => "",
    };
    let detail = format!(
        "none of {tried} variations verifies{rest}: the delivery was changed in transit, or was \
         signed with a secret that was not given{besides}"
    );
    Cause::suspected(CauseKind::TamperedOrUnknown, detail)
}

type Change = for<'a> fn(&'a Experiment) -> Tries<'a>;

/// The most specific changes first, so that a failure that a narrow change explains
/// is not attributed to a wide one.
const NARROW: &[Change] = &[
    time::units,
    headers::fixed,
    body::byte_order_mark,
    body::newlines,
    body::base64,
    compression::undone,
    compression::done,
    charset::converted,
    stringified::undone,
    form::rewritten,
    form::of_its_field,
    json::rewritten,
    body::emptied,
    url::others,
    url_escapes::others,
    time::unreadable,
];

/// Changes of deliveries that could as well be of another scheme.
const WIDE: &[Change] = &[
    headers::respelled,
    time::unstated,
    digests::of_newer_hashes,
    headers::renamed,
    digests::of_any_header,
];

/// Changes with thousands of variations.
const EXHAUSTIVE: &[Change] = &[json::by_any_writer, form::by_any_writer];

/// Changes of which two are likely to occur together.
const PAIRED: &[Change] = &[
    schemes::by_their_headers,
    time::units,
    headers::respelled,
    headers::fixed,
    body::byte_order_mark,
    body::newlines,
    body::base64,
    compression::undone,
    charset::converted,
    stringified::undone,
    form::rewritten,
    json::rewritten,
    form::of_its_payload,
];

/// The same for changes of the URL.
const URLS: [Change; 2] = [url::others, url_escapes::others];

/// A body that was serialized again and whose line endings or byte order mark were
/// changed as well. The serializer comes first, because parsing drops both.
const REWRITTEN_AND_MORE: [(Change, Change); 2] =
    [(json::rewritten, body::newlines), (json::rewritten, body::byte_order_mark)];

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::CapturedRequest;
    use crate::experiment::MAX_WORK;
    use countersign_core::unchecked::UncheckedScheme;
    use countersign_core::{Encoding, Scheme, Secret, SecretFormat, Secrets, TimestampUnit};

    #[test]
    fn the_number_of_hashed_bytes_is_bounded_for_requests_of_any_size() {
        let text = |number: usize| Secret::new(format!("whsec_{number:044}")).unwrap();
        let others: Vec<_> = (1..20).map(|number| (CauseKind::Rotated, text(number))).collect();
        let given = Secrets::new(text(0));
        for (name, length, headers) in [
            ("svix", 0, 3000),
            ("svix", 100_000, 300),
            ("square", 1 << 20, 100),
            ("svix", 4 << 20, 9),
        ] {
            let body = format!("{{\"a\":[{}1]}}", "{\"b\":\"é/\"},".repeat(length / 11));
            let headers = (0..headers).map(|number| (format!("x-{number}"), "1760000000"));
            let headers = headers.chain([(format!("{name}-signature"), "v1,AAAA")]);
            let request = CapturedRequest::new(headers, body).with_url("https://a.example/b?c=d");
            let scheme = Arc::new(UncheckedScheme::new(standard_webhooks(name)));
            let trial = Experiment { scheme, request, known: Arc::new([]) };
            let experiments = Experiments {
                given: &given,
                others: &others,
                now_ms: 1_760_000_000_000,
                tolerance: None,
                body_limit: None,
                verify_token: None,
                headers_left_out: 0,
                memo: Default::default(),
                spent: Default::default(),
                tried: Default::default(),
            };
            let rejection = VerifyErrorKind::SignatureMismatch.into();
            let causes = causes(&experiments, &trial, Ok(&rejection));
            assert!(causes.iter().all(|cause| !cause.is_certain()), "{causes:?}");
            // One experiment with all secrets may exceed the limit, and the experiments with a
            // single change and the given secrets always run.
            let single = 400 * u64::try_from(trial.body().len()).unwrap();
            let (spent, tried) = (experiments.spent.get(), experiments.tried.get());
            assert!(spent < 2 * MAX_WORK + single, "{name}, {length}: {spent}");
            assert!(tried < 40_000, "{name}, {length}: {tried}");
        }
    }

    /// The scheme of Standard Webhooks, with headers that begin with this name.
    fn standard_webhooks(name: &str) -> Scheme {
        let scheme = Scheme::builder(name)
            .secret_format(SecretFormat::Whsec)
            .signature_header(format!("{name}-signature"))
            .signature_pairs(' ', ',', "v1")
            .encoding(Encoding::Base64)
            .signed_payload("{id}.{ts}.{body}")
            .id_header(format!("{name}-id"))
            .timestamp_header(format!("{name}-timestamp"), TimestampUnit::Seconds);
        scheme.build().unwrap()
    }
}
