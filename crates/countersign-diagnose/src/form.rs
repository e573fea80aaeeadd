//! Changes of the body: forms that were parsed and serialized again, or converted
//! to JSON.
//!
//! | file | what it is |
//! | --- | --- |
//! | `encoding.rs` | how libraries escape the fields of forms |

mod encoding;

use std::borrow::Cow;
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};
use super::json::{self, Node};
use encoding::{Encoding, LIBRARIES};

/// Serializes a captured form, or a form that a framework converted to JSON, as the
/// common libraries do.
pub(super) fn rewritten(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    match Fields::of_form(body) {
        Some(fields) => {
            let forms = fields.by_libraries().chain(spaces_swapped(body));
            tried(trial, WRITTEN_AGAIN, forms)
        }
        None => {
            let forms = of_json(body).into_iter().flat_map(Fields::by_libraries);
            tried(trial, BECAME_JSON, forms)
        }
    }
}

/// Tries forms in which the captured body is the value of one field.
pub(super) fn of_its_field(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    if body.is_empty() || !(is_json(body) || is_declared_as_form(trial)) {
        return Box::new(std::iter::empty());
    }
    let tries = FIELDS.iter().flat_map(move |field| one_field(trial, field));
    Box::new(tries.take(trial.affordable_variations()))
}

/// The same for the field that nearly all senders use.
pub(super) fn of_its_payload(trial: &Experiment) -> Tries<'_> {
    if is_json(trial.body()) { one_field(trial, FIELDS[0]) } else { Box::new(std::iter::empty()) }
}

/// Serializes the form as unknown libraries might.
pub(super) fn by_any_writer(trial: &Experiment) -> Tries<'_> {
    let body = trial.body();
    let (what, fields) = match Fields::of_form(body) {
        Some(fields) => (WRITTEN_AGAIN, vec![fields]),
        None if is_json(body) => {
            let payload = Fields::one(FIELDS[0], body);
            (BECAME_JSON, of_json(body).into_iter().chain([payload]).collect())
        }
        None => return Box::new(std::iter::empty()),
    };
    let forms = fields.into_iter().flat_map(|fields| {
        let encodings = Encoding::all(fields.marks());
        encodings.map(move |encoding| fields.written(&encoding))
    });
    Box::new(tried(trial, what, forms).take(trial.affordable_variations()))
}

fn one_field<'a>(trial: &'a Experiment, field: &str) -> Tries<'a> {
    let forms = Fields::one(field, trial.body()).by_libraries();
    tried(trial, format!("{ONE_FIELD} `{field}`"), forms)
}

/// Tries each of these forms once. Forms are serialized lazily, because each is
/// about as large as the body.
fn tried<'a>(
    trial: &'a Experiment,
    what: impl Into<Cow<'static, str>>,
    forms: impl Iterator<Item = Vec<u8>> + 'a,
) -> Tries<'a> {
    let what = what.into();
    let hasher = RandomState::new();
    let mut seen = HashSet::from([hasher.hash_one(trial.body())]);
    let forms = forms.filter(move |form| seen.insert(hasher.hash_one(form.as_slice())));
    Box::new(forms.map(move |form| Try {
        cause: Cause::tried(CauseKind::BodyReserialized, what.clone()),
        trial: trial.with_body(form),
    }))
}

/// Decoded names and values, in their order. A field without `=` has no value.
struct Fields(Vec<(Vec<u8>, Option<Vec<u8>>)>);

impl Fields {
    fn of_form(body: &[u8]) -> Option<Self> {
        is_form(body).then(|| {
            let fields = body.split(|byte| *byte == b'&').map(|field| {
                let mut halves = field.splitn(2, |byte| *byte == b'=');
                let name = halves.next().unwrap_or_default();
                (encoding::decoded(name), halves.next().map(encoding::decoded))
            });
            Self(fields.collect())
        })
    }

    fn one(name: &str, value: &[u8]) -> Self {
        Self(vec![(name.as_bytes().to_vec(), Some(value.to_vec()))])
    }

    fn by_libraries(self) -> impl Iterator<Item = Vec<u8>> {
        LIBRARIES.iter().map(move |library| self.written(library))
    }

    fn written(&self, encoding: &Encoding) -> Vec<u8> {
        let mut form = Vec::new();
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                form.push(b'&');
            }
            encoding.push(&mut form, name);
            if let Some(value) = value {
                form.push(b'=');
                encoding.push(&mut form, value);
            }
        }
        form
    }

    /// The characters that some libraries escape and others do not.
    fn marks(&self) -> Vec<u8> {
        let texts =
            self.0.iter().flat_map(|(name, value)| name.iter().chain(value.iter().flatten()));
        encoding::disputed(texts.copied())
    }
}

/// The forms from which a framework can have made this JSON object.
fn of_json(body: &[u8]) -> Vec<Fields> {
    let Some(Node::Map(members)) = json::parse(body) else { return Vec::new() };
    let nested = [nested_in_brackets, nested_repeated, nested_as_json];
    let forms = nested.iter().map(|nested| {
        let mut fields = Vec::new();
        members.iter().for_each(|(name, node)| nested(name, node, &mut fields));
        Fields(fields)
    });
    let forms: Vec<Fields> = forms.filter(|fields| !fields.0.is_empty()).collect();
    let is_flat = members.iter().all(|(_, node)| matches!(node, Node::Plain(_) | Node::Text(_)));
    let max = if is_flat { 1 } else { forms.len() };
    forms.into_iter().take(max).collect()
}

type Found = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// `a[0]=1&b[c]=2`.
fn nested_in_brackets(name: &str, node: &Node, fields: &mut Found) {
    match node {
        Node::List(nodes) => nodes.iter().enumerate().for_each(|(at, node)| {
            nested_in_brackets(&format!("{name}[{at}]"), node, fields);
        }),
        Node::Map(members) => members.iter().for_each(|(inner, node)| {
            nested_in_brackets(&format!("{name}[{inner}]"), node, fields);
        }),
        Node::Plain(text) | Node::Text(text) => fields.push(field(name, text)),
    }
}

/// `a=1&a=2`.
fn nested_repeated(name: &str, node: &Node, fields: &mut Found) {
    match node {
        Node::List(nodes) => nodes.iter().for_each(|node| nested_repeated(name, node, fields)),
        node => nested_in_brackets(name, node, fields),
    }
}

/// `payload={"a":1}`.
fn nested_as_json(name: &str, node: &Node, fields: &mut Found) {
    match node {
        Node::Plain(text) | Node::Text(text) => fields.push(field(name, text)),
        node => fields.push(field(name, &node.compact())),
    }
}

fn field(name: &str, value: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    (name.as_bytes().to_vec(), Some(value.as_bytes().to_vec()))
}

/// The body with `%20` instead of `+`, or the other way round, and nothing else
/// changed.
fn spaces_swapped(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let swapped =
        if text.contains('+') { text.replace('+', "%20") } else { text.replace("%20", "+") };
    Some(swapped.into_bytes())
}

fn is_form(body: &[u8]) -> bool {
    let begins_otherwise = body.first().is_none_or(|first| b"{[<\"".contains(first));
    !begins_otherwise && body.contains(&b'=') && std::str::from_utf8(body).is_ok()
}

fn is_json(body: &[u8]) -> bool {
    json::parse(body).is_some()
}

fn is_declared_as_form(trial: &Experiment) -> bool {
    let kind = trial.request.text("content-type").unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("application/x-www-form-urlencoded")
}

const WRITTEN_AGAIN: &str = "the form was parsed and serialized again";
const BECAME_JSON: &str = "the signed body is a form; the captured body was made from its fields";
const ONE_FIELD: &str = "the signed body is a form; the captured body is the value of its field";

/// The fields in which forms contain JSON. GitHub and Slack use the first one.
const FIELDS: &[&str] = &[
    "payload",
    "data",
    "json",
    "body",
    "event",
    "message",
    "mandrill_events",
    "rawRequest",
    "notification",
    "content",
    "request",
];
