//! A form that was parsed and written again.

use super::cause::{Cause, CauseKind};
use super::trial::{Trial, Tries, Try};

/// The body as forms are written elsewhere, and of the JSON that a framework
/// makes of one the form.
pub(super) fn rewritten(trial: &Trial) -> Tries<'_> {
    let body = trial.body();
    let Ok(text) = std::str::from_utf8(body) else { return Box::new(std::iter::empty()) };
    let is_form = text.contains('=') && !text.starts_with(['{', '[', '<', '"']);
    let pairs: Vec<(String, String)> = match is_form {
        true => form_urlencoded::parse(body).into_owned().collect(),
        false => of_json(text).unwrap_or_default(),
    };
    if pairs.is_empty() {
        return Box::new(std::iter::empty());
    }
    let what =
        if is_form { "the form was parsed and written again" } else { "the form became JSON" };
    let plus = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
    let spaces = plus.replace('+', "%20");
    // RFC 3986 keeps the tilde, and has the asterisk escaped.
    let strict = spaces.replace("%7E", "~").replace('*', "%2A");
    let lower = lower_escapes(&plus);
    let swapped =
        if text.contains('+') { text.replace('+', "%20") } else { text.replace("%20", "+") };
    let mut forms = vec![plus, spaces, strict, lower];
    if is_form {
        forms.push(swapped);
    }
    forms.retain(|form| form.as_bytes() != body);
    forms.dedup();
    Box::new(forms.into_iter().map(move |form| {
        let cause = Cause::tried(CauseKind::BodyReserialized, what);
        Try { cause, trial: trial.with_body(form) }
    }))
}

/// The members of a flat object, in their order in the text.
fn of_json(text: &str) -> Option<Vec<(String, String)>> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    let mut pairs = Vec::new();
    for (name, value) in object {
        let at = text.find(&serde_json::to_string(&name).ok()?)?;
        pairs.push((at, (name, value.as_str()?.to_owned())));
    }
    pairs.sort();
    Some(pairs.into_iter().map(|(_, pair)| pair).collect())
}

fn lower_escapes(form: &str) -> String {
    let mut parts = form.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.extend(["%", &digits.to_ascii_lowercase(), rest]);
    }
    lower
}
