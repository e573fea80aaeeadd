//! The signature in another header, or written in another way.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::cause::{Cause, CauseKind};
use super::trial::{Trial, Tries, Try};
use crate::name::Name;
use crate::scheme::{Algorithm, Encoding, Family, Grammar, Scheme};

type Pairs = Vec<(String, Vec<u8>)>;

/// What a proxy or a framework does to headers: names in the form of CGI, values
/// joined, quoted, or cut in front; and the signature of an older algorithm
/// beside the one that is meant.
pub(super) fn mended(trial: &Trial) -> Tries<'_> {
    let names = trial.scheme.families.iter().enumerate().filter_map(|(index, family)| {
        let headers = with_mended_names(trial.request.headers(), family)?;
        let detail = "the names of the headers were changed on their way: by CGI's `HTTP_`, by \
                      underscores, or by a prefix";
        Some((index, tried(detail, trial.with_headers(headers))))
    });
    let names = names.map(|(_, tried)| tried);
    Box::new(names.chain(values(trial)).chain(algorithms(trial)))
}

/// Any header of the request in the place of those that the scheme reads.
pub(super) fn renamed(trial: &Trial) -> Tries<'_> {
    let tries = trial.scheme.families.iter().flat_map(|family| {
        let chosen = choices(trial.request.headers(), family);
        chosen.into_iter().map(|chosen| {
            let mut headers = trial.request.headers().to_vec();
            for (name, at) in &chosen {
                let value = trial.request.headers()[*at].1.clone();
                headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name.lower()));
                headers.push((name.shown().to_owned(), value));
            }
            let told: Vec<String> =
                chosen.iter().map(|(name, at)| told(trial, name, *at)).collect();
            let detail = told.join(", and ");
            tried(detail, trial.with_headers(headers))
        })
    });
    Box::new(tries)
}

fn tried(detail: impl Into<std::borrow::Cow<'static, str>>, trial: Trial) -> Try {
    Try { cause: Cause::tried(CauseKind::WrongHeader, detail), trial }
}

fn told(trial: &Trial, name: &Name, at: usize) -> String {
    // A name of the request is anybody's text.
    let other = trial.request.headers()[at].0.escape_default();
    format!("what belongs in `{name}` stands in `{other}`")
}

/// The headers with those names that only differ from the family's in form.
fn with_mended_names(headers: &[(String, Vec<u8>)], family: &Family) -> Option<Pairs> {
    let mut mended = headers.to_vec();
    let mut changed = false;
    for name in wanted(family) {
        if headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name.lower())) {
            continue;
        }
        let stem = stem(name.lower());
        if let Some((other, _)) = mended.iter_mut().find(|(other, _)| self::stem(other) == stem) {
            other.clear();
            other.push_str(name.shown());
            changed = true;
        }
    }
    changed.then_some(mended)
}

/// A name without what proxies and gateways put in front of it.
fn stem(name: &str) -> String {
    let mut stem = name.to_ascii_lowercase().replace('_', "-");
    for prefix in ["http-", "x-forwarded-", "x-original-", "x-amz-meta-", "x-"] {
        if let Some(rest) = stem.strip_prefix(prefix) {
            stem = rest.to_owned();
        }
    }
    stem
}

fn wanted(family: &Family) -> impl Iterator<Item = &Name> {
    family.signatures.iter().take(1).chain(&family.id).chain(&family.timestamp)
}

/// The signature's header, its value written in other ways.
fn values(trial: &Trial) -> Vec<Try> {
    let mut tries = Vec::new();
    let names = trial.scheme.families.iter().flat_map(wanted);
    for name in names {
        let values: Vec<&[u8]> = trial.request.values(name.lower()).collect();
        if let [first, _, ..] = values[..] {
            let detail = format!("`{name}` stands in the request several times");
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

fn in_other_ways(trial: &Trial, name: &Name, value: &[u8]) -> Vec<Try> {
    let mut tries = Vec::new();
    let mut push = |detail: &str, value: Vec<u8>| {
        let detail = format!("the value of `{name}` {detail}");
        tries.push(tried(detail, replaced(trial, name, value)));
    };
    let trimmed = value.trim_ascii();
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'');
    let bare = match trimmed {
        [first, inner @ .., last] if is_quote(first) && first == last => {
            push("stands in quotes", inner.to_vec());
            inner
        }
        _ => trimmed,
    };
    if trimmed != value {
        push("has white space around it", trimmed.to_vec());
    }
    for piece in bare.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if piece.len() < bare.len() && !piece.is_empty() {
            push("is that of several lines, joined by a comma", piece.to_vec());
        }
    }
    let spaced = String::from_utf8_lossy(bare).replace(", ", " ");
    if spaced.as_bytes() != bare {
        push("is that of several lines, joined by a comma", spaced.into_bytes());
    }
    let is_signature = trial.scheme.families.iter().any(|family| family.signatures.contains(name));
    if !is_signature {
        return tries;
    }
    let behind = [b'=', b',', b':', b' ']
        .iter()
        .filter_map(|separator| bare.iter().position(|byte| byte == separator))
        .map(|at| bare[at + 1..].trim_ascii());
    let tags: Vec<&[u8]> = std::iter::once(bare).chain(behind).collect();
    let prefix = match &trial.scheme.grammar {
        Grammar::Whole { prefix } => prefix.clone(),
        Grammar::List { assign, key, .. } => format!("{key}{assign}"),
    };
    for tag in &tags {
        let whole = [prefix.as_bytes(), tag].concat();
        if whole != value {
            let detail = if prefix.is_empty() {
                "has a prefix that the scheme does not know".to_owned()
            } else {
                format!("lacks the prefix `{prefix}`, or has another")
            };
            push(&detail, whole);
        }
    }
    for tag in tags.iter().map(|tag| tag.strip_prefix(prefix.as_bytes()).unwrap_or(tag)) {
        if let Some(other) = in_encoding(tag, trial.scheme.encoding()) {
            let encoding = trial.scheme.encoding();
            let detail = format!("is not in {encoding}, as the scheme has it");
            push(&detail, [prefix.as_bytes(), other.as_bytes()].concat());
        }
    }
    tries
}

/// A tag that is written in the other encoding.
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
        Encoding::Text => None,
    }
}

fn replaced(trial: &Trial, name: &Name, value: Vec<u8>) -> Trial {
    let mut headers = trial.request.headers().to_vec();
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name.lower()));
    headers.push((name.shown().to_owned(), value));
    trial.with_headers(headers)
}

/// The header of an older algorithm beside the one that is meant: they share
/// their name, but for its end.
fn algorithms(trial: &Trial) -> Vec<Try> {
    let hashes = [
        (Algorithm::HmacSha1, "sha1"),
        (Algorithm::HmacSha256, "sha256"),
        (Algorithm::HmacSha512, "sha512"),
    ];
    let own = hashes.iter().find(|(algorithm, _)| *algorithm == trial.scheme.algorithm());
    let Some((_, own)) = own.filter(|_| trial.scheme.is_data()) else { return Vec::new() };
    let Some(name) = trial.scheme.families[0].signatures.first() else { return Vec::new() };
    let related = trial.request.headers().iter().filter(|(other, _)| {
        let other = other.to_ascii_lowercase();
        other.starts_with(name.lower()) || (name.lower().starts_with(&other) && other.len() > 4)
    });
    let mut tries = Vec::new();
    for (other, _) in related {
        let Some(header) = Name::new(other) else { continue };
        for (algorithm, hash) in hashes.iter().filter(|(_, hash)| hash != own) {
            let mut scheme: Scheme = (*trial.scheme).clone();
            scheme.algorithm = *algorithm;
            scheme.families[0].signatures = vec![header.clone()];
            if let Grammar::Whole { prefix } = &mut scheme.grammar {
                *prefix = prefix.replace(own, hash);
            }
            let detail = format!(
                "`{header}` is signed with HMAC and {hash}, and the scheme has {own} in `{name}`"
            );
            let cause = Cause::tried(CauseKind::WrongHeader, detail).with_mend(format!(
                "have the proxy hand `{name}` on, or switch it on at the provider"
            ));
            tries.push(Try { cause, trial: trial.with_scheme(scheme) });
        }
    }
    tries
}

/// For every header that is missing one of the request's, and for the signature
/// in any case. Few enough to be tried.
fn choices<'a>(headers: &[(String, Vec<u8>)], family: &'a Family) -> Vec<Vec<(&'a Name, usize)>> {
    let is_there =
        |name: &Name| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name.lower()));
    let signature = family.signatures.first();
    let rest = family.id.iter().chain(&family.timestamp).filter(|name| !is_there(name));
    let mut choices: Vec<Vec<(&Name, usize)>> = vec![Vec::new()];
    for name in signature.into_iter().chain(rest) {
        let mut more = Vec::new();
        for chosen in &choices {
            for (at, (other, value)) in headers.iter().enumerate() {
                let is_taken = chosen.iter().any(|(_, taken)| *taken == at);
                let is_own = other.eq_ignore_ascii_case(name.lower());
                if is_taken || is_own || value.is_empty() || is_of_http(other) {
                    continue;
                }
                let mut chosen = chosen.clone();
                chosen.push((name, at));
                more.push(chosen);
                if more.len() == MOST_CHOICES {
                    break;
                }
            }
        }
        choices = more;
        choices.truncate(MOST_CHOICES);
    }
    choices
}

fn is_of_http(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("accept") || name.starts_with("content-") || OF_HTTP.contains(&name.as_str())
}

const OF_HTTP: [&str; 7] =
    ["connection", "date", "host", "traceparent", "transfer-encoding", "user-agent", "via"];
const MOST_CHOICES: usize = 1000;
