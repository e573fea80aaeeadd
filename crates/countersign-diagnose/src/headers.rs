//! Changes of headers: other names, and values that were rewritten.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_core::unchecked::UncheckedScheme;
use countersign_core::{Algorithm, Encoding, HeaderSet, SignatureLayout, TimestampSource};

use super::cause::{Cause, CauseKind};
use super::digests;
use super::experiment::{Experiment, Tries, Try};

type Pairs = Vec<(String, Vec<u8>)>;

/// Undoes changes of header values by a proxy or a framework: joined, quoted, without
/// their prefix, all of them twice. Also tries the signature of an older algorithm
/// in a header with a similar name.
pub(super) fn fixed(trial: &Experiment) -> Tries<'_> {
    Box::new(values(trial).into_iter().chain(once(trial)).chain(digests::of_older_hashes(trial)))
}

/// Undoes changes of header names: the form of CGI, or a prefix.
pub(super) fn respelled(trial: &Experiment) -> Tries<'_> {
    Box::new(trial.scheme.header_sets().iter().filter_map(|set| {
        let headers = with_fixed_names(trial, set)?;
        let detail = "the names of the headers were changed in transit: by CGI's `HTTP_`, by \
                      underscores, or by a prefix";
        Some(tried(detail, trial.with_headers(headers)))
    }))
}

/// Tries any header of the request instead of the headers that the scheme reads.
pub(super) fn renamed(trial: &Experiment) -> Tries<'_> {
    let tries = trial.scheme.header_sets().iter().flat_map(|set| {
        let chosen = choices(trial, set);
        chosen.into_iter().map(|chosen| {
            let mut headers = trial.request.headers().to_vec();
            for (name, at) in &chosen {
                let value = trial.request.headers()[*at].1.clone();
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
                headers.push(((*name).to_owned(), value));
            }
            let found: Vec<String> =
                chosen.iter().map(|(name, at)| description(trial, name, *at)).collect();
            let detail = found.join(", and ");
            tried(detail, trial.with_headers(headers))
        })
    });
    Box::new(tries)
}

fn tried(detail: impl Into<std::borrow::Cow<'static, str>>, trial: Experiment) -> Try {
    Try { cause: Cause::tried(CauseKind::WrongHeader, detail), trial }
}

fn description(trial: &Experiment, name: &str, at: usize) -> String {
    // The client chooses the name, so it may contain any characters.
    let other = trial.request.headers()[at].0.escape_default();
    format!("the value for `{name}` is in the header `{other}`")
}

/// The headers, with names restored that differ from the set's only in form.
/// Returns `None` if there are none.
fn with_fixed_names(trial: &Experiment, set: &HeaderSet) -> Option<Pairs> {
    let headers = trial.request.headers();
    let mut fixed = headers.to_vec();
    let mut changed = false;
    for name in read_headers(&trial.scheme, set) {
        if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            continue;
        }
        let stem = stem(name);
        if let Some((other, _)) = fixed.iter_mut().find(|(other, _)| self::stem(other) == stem) {
            other.clear();
            other.push_str(name);
            changed = true;
        }
    }
    changed.then_some(fixed)
}

/// A name without the prefixes that proxies and gateways add.
fn stem(name: &str) -> String {
    let mut stem = name.to_ascii_lowercase().replace('_', "-");
    for prefix in ["http-", "x-forwarded-", "x-original-", "x-amz-meta-", "x-"] {
        if let Some(rest) = stem.strip_prefix(prefix) {
            stem = rest.to_owned();
        }
    }
    stem
}

/// The headers that the scheme reads if a request uses this set.
fn read_headers<'a>(
    scheme: &'a UncheckedScheme,
    set: &'a HeaderSet,
) -> impl Iterator<Item = &'a str> {
    set.iter().chain(scheme.signed_headers())
}

/// Every header once; `None` if none occurs several times.
fn once(trial: &Experiment) -> Option<Try> {
    let mut seen = HashSet::new();
    let headers = trial.request.headers().iter();
    let first = headers.filter(|(name, _)| seen.insert(name.to_ascii_lowercase()));
    let first: Pairs = first.cloned().collect();
    let detail = "some or all headers occur in the request several times";
    (first.len() < trial.request.headers().len()).then(|| tried(detail, trial.with_headers(first)))
}

/// Tries the headers that the scheme reads with their values restored.
fn values(trial: &Experiment) -> Vec<Try> {
    let mut tries = Vec::new();
    let names = trial.scheme.header_sets().iter().flat_map(|set| read_headers(&trial.scheme, set));
    for name in names {
        let values: Vec<&[u8]> = trial.request.values(name).take(MAX_PIECES).collect();
        if let [first, _, ..] = values[..] {
            let detail = format!("`{name}` occurs in the request several times");
            let alone = values.iter().map(|value| value.to_vec());
            let joined = [&b","[..], b", ", b" "].map(|between| values.join(between));
            let ways: HashSet<Vec<u8>> = alone.chain(joined).chain([first.to_vec()]).collect();
            tries.extend(ways.into_iter().map(|v| tried(detail.clone(), replaced(trial, name, v))));
        } else if let [value] = values[..] {
            tries.extend(in_other_ways(trial, name, value));
        }
    }
    tries
}

fn in_other_ways(trial: &Experiment, name: &str, value: &[u8]) -> Vec<Try> {
    let mut tries = Vec::new();
    let mut push = |detail: &str, value: Vec<u8>| {
        let detail = format!("the value of `{name}` {detail}");
        tries.push(tried(detail, replaced(trial, name, value)));
    };
    let trimmed = value.trim_ascii();
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let bare = match trimmed {
        [first, inner @ .., last] if is_quote(first) && first == last => {
            push("is in quotes", inner.to_vec());
            inner
        }
        _ => trimmed,
    };
    if trimmed != value {
        push("has white space around it", trimmed.to_vec());
    }
    if let Some(list) = without_spaces(&trial.scheme, bare) {
        push("has white space between its items", list);
    }
    if let Some(stated) = stating_one_time(&trial.scheme, bare) {
        stated.into_iter().for_each(|value| push("has its timestamp several times", value));
    }
    for piece in bare.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).take(MAX_PIECES) {
        if piece.len() < bare.len() && !piece.is_empty() {
            push("was joined from several header lines", piece.to_vec());
        }
    }
    let spaced = String::from_utf8_lossy(bare).replace(", ", " ");
    if spaced.as_bytes() != bare {
        push("was joined from several header lines", spaced.into_bytes());
    }
    let mut signatures = trial.scheme.header_sets().iter().flat_map(HeaderSet::signatures);
    let is_signature = signatures.any(|other| other == name);
    if !is_signature {
        return tries;
    }
    let behind = [b'=', b',', b':', b' ']
        .iter()
        .filter_map(|separator| bare.iter().position(|byte| byte == separator))
        .map(|at| bare[at + 1..].trim_ascii());
    let tags: Vec<&[u8]> = std::iter::once(bare).chain(behind).collect();
    let prefix = trial.scheme.layout().before_signature();
    for tag in &tags {
        let whole = [prefix.as_bytes(), tag].concat();
        if whole != value {
            let detail = if prefix.is_empty() {
                "has a prefix that the scheme does not expect".to_owned()
            } else {
                format!("lacks the prefix `{prefix}`, or has another one")
            };
            push(&detail, whole);
        }
    }
    for tag in tags.iter().map(|tag| tag.strip_prefix(prefix.as_bytes()).unwrap_or(tag)) {
        if let Some(other) = in_encoding(tag, trial.scheme.encoding()) {
            let encoding = trial.scheme.encoding();
            let detail = format!("is not in {encoding}, which the scheme expects");
            push(&detail, [prefix.as_bytes(), other.as_bytes()].concat());
        }
    }
    tries
}

/// A list of signatures without white space around its items; `None` if there is
/// none.
fn without_spaces(scheme: &UncheckedScheme, list: &[u8]) -> Option<Vec<u8>> {
    let SignatureLayout::Pairs { separator, .. } = scheme.layout() else { return None };
    let separator = u8::try_from(*separator).ok().filter(|byte| *byte != b' ')?;
    let items: Vec<&[u8]> = list.split(|byte| *byte == separator).map(<[u8]>::trim_ascii).collect();
    Some(items.join(&separator)).filter(|joined| joined != list)
}

/// A list of signatures with each of its timestamps alone; `None` if it has only
/// one.
fn stating_one_time(scheme: &UncheckedScheme, list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let SignatureLayout::Pairs { separator, assign, .. } = scheme.layout() else { return None };
    let TimestampSource::Field(field) = scheme.timestamp_source()? else { return None };
    let list = std::str::from_utf8(list).ok()?;
    let start = format!("{field}{assign}");
    let is_time = |item: &&str| item.trim_start().starts_with(&start);
    let times: Vec<&str> = list.split(*separator).filter(is_time).take(MAX_PIECES).collect();
    let with = |time: &&str| {
        let rest = list.split(*separator).filter(|item| !is_time(item));
        let items: Vec<&str> = std::iter::once(*time).chain(rest).collect();
        items.join(separator.encode_utf8(&mut [0; 4])).into_bytes()
    };
    (times.len() > 1).then(|| times.iter().map(with).collect())
}

/// A tag, converted to the encoding that the scheme expects.
fn in_encoding(tag: &[u8], encoding: Encoding) -> Option<String> {
    match encoding {
        Encoding::Hex => {
            let bare: Vec<u8> = tag.iter().copied().filter(|byte| *byte != b'=').collect();
            let decoded = STANDARD.decode(tag).or_else(|_| URL_SAFE_NO_PAD.decode(bare)).ok()?;
            Some(const_hex::encode(decoded))
        }
        Encoding::Base64 => {
            let bare: Vec<u8> = tag.iter().copied().filter(|byte| *byte != b'=').collect();
            let decoded = const_hex::decode(tag).ok().or_else(|| URL_SAFE_NO_PAD.decode(bare).ok());
            Some(STANDARD.encode(decoded?)).filter(|text| text.as_bytes() != tag)
        }
        _ => None,
    }
}

fn replaced(trial: &Experiment, name: &str, value: Vec<u8>) -> Experiment {
    let mut headers = trial.request.headers().to_vec();
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value));
    trial.with_headers(headers)
}

/// Pairs every missing header with one of the request's headers; then also the
/// signature's header, whether it is missing or not. Bounded by [`MAX_CHOICES`].
fn choices<'a>(trial: &'a Experiment, set: &'a HeaderSet) -> Vec<Vec<(&'a str, usize)>> {
    let is_missing = |name: &&str| trial.request.values(name).next().is_none();
    let rest = set.id().into_iter().chain(set.timestamp()).chain(trial.scheme.signed_headers());
    let rest: Vec<&str> = rest.filter(is_missing).collect();
    let signature = set.signatures().next();
    // If a wrong token is present, no other header can replace it.
    let is_token = trial.scheme.algorithm() == Algorithm::Token;
    let signature = signature.filter(|name| !is_token || is_missing(name));
    let with_signature: Vec<&str> = signature.into_iter().chain(rest.iter().copied()).collect();
    let mut choices = Vec::new();
    if !rest.is_empty() && !signature.iter().any(is_missing) {
        choices.extend(chosen_for(&rest, trial));
    }
    choices.extend(chosen_for(&with_signature, trial));
    choices
}

/// Every way to assign a header of the request to each of these names.
fn chosen_for<'a>(names: &[&'a str], trial: &Experiment) -> Vec<Vec<(&'a str, usize)>> {
    let max = trial.affordable(MAX_CHOICES);
    let mut choices: Vec<Vec<(&str, usize)>> = vec![Vec::new()];
    for name in names {
        let may_be = |(_, (other, value)): &(usize, &(String, Vec<u8>))| {
            !value.is_empty() && !other.eq_ignore_ascii_case(name) && !is_of_http(other)
        };
        let others = || trial.request.headers().iter().enumerate().filter(may_be);
        let with_one = choices.iter().flat_map(|chosen| {
            let free = others().filter(|(at, _)| chosen.iter().all(|(_, taken)| taken != at));
            free.map(|(at, _)| chosen.iter().copied().chain([(*name, at)]).collect())
        });
        choices = with_one.take(max).collect();
    }
    choices
}

fn is_of_http(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("accept") || name.starts_with("content-") || OF_HTTP.contains(&name.as_str())
}

const OF_HTTP: [&str; 7] =
    ["connection", "date", "host", "traceparent", "transfer-encoding", "user-agent", "via"];
const MAX_CHOICES: usize = 1000;
/// For one header. No provider sends more, and each piece is an experiment.
const MAX_PIECES: usize = 16;
