//! Changes of the URL: other URLs that the provider may have called.

use std::borrow::Cow;
use std::collections::HashSet;

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Tries, Try};

/// Tries other URLs, for the schemes that sign the URL: first with one part changed,
/// then with several.
pub(super) fn others(trial: &Experiment) -> Tries<'_> {
    with_changes(trial, usize::MAX)
}

/// Tries URLs with one part changed.
pub(super) fn in_one_part(trial: &Experiment) -> Tries<'_> {
    with_changes(trial, 1)
}

fn with_changes(trial: &Experiment, max_changes: usize) -> Tries<'_> {
    let url = trial.request.url().filter(|_| trial.scheme.signs_url());
    let Some(parts) = url.and_then(Parts::of) else { return Box::new(std::iter::empty()) };
    let lists = [
        schemes(&parts),
        authorities(trial, &parts),
        paths(trial, &parts),
        queries(&parts),
        fragments(&parts),
    ];
    let max = trial.affordable(MAX_URLS);
    let mut seen = HashSet::from([parts.whole()]);
    let combinations = combinations(lists).into_iter();
    let combinations = combinations.take_while(move |changed| changed.count() <= max_changes);
    let urls = combinations.filter_map(move |changed| {
        let url = changed.url(&parts);
        seen.insert(url.clone()).then(|| (changed.description(), url))
    });
    Box::new(urls.take(max).map(move |(description, url)| {
        let detail = format!("it was signed for the URL {description}");
        let cause = Cause::tried(CauseKind::UrlMismatch, detail);
        let request = trial.request.clone().with_url(url);
        Try { cause, trial: Experiment { request, ..trial.clone() } }
    }))
}

/// A URL, split into the parts that proxies change.
struct Parts {
    scheme: String,
    authority: String,
    path: String,
    /// With its `?`.
    query: String,
    /// With its `#`. Clients never send it, but some providers read settings in it.
    fragment: String,
}

impl Parts {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (target, fragment) = target.split_at(target.find('#').unwrap_or(target.len()));
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        let [scheme, authority, path, query, fragment] =
            [scheme, authority, path, query, fragment].map(str::to_owned);
        Some(Self { scheme, authority, path, query, fragment })
    }

    fn whole(&self) -> String {
        Changed([const { None }; 5]).url(self)
    }
}

/// A description of another value of a part, and the value. The description never
/// contains the value, because a URL may contain a token.
type Other = (Cow<'static, str>, String);

/// One choice for each part: `None` if it is unchanged.
struct Changed([Option<Other>; 5]);

impl Changed {
    fn url(&self, parts: &Parts) -> String {
        let Self([scheme, authority, path, query, fragment]) = self;
        let url = [
            chosen(scheme, &parts.scheme),
            "://",
            chosen(authority, &parts.authority),
            chosen(path, &parts.path),
            chosen(query, &parts.query),
            chosen(fragment, &parts.fragment),
        ];
        url.concat()
    }

    fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }

    fn description(&self) -> String {
        let changes: Vec<&str> = self.0.iter().flatten().map(|(change, _)| &**change).collect();
        changes.join(", and ")
    }
}

fn chosen<'a>(other: &'a Option<Other>, own: &'a str) -> &'a str {
    other.as_ref().map_or(own, |(_, text)| text)
}

/// All combinations. Those with fewer changes come first.
fn combinations(lists: [Vec<Other>; 5]) -> Vec<Changed> {
    let mut all = vec![Changed([const { None }; 5])];
    for (place, list) in lists.into_iter().enumerate() {
        for index in 0..all.len() {
            for other in &list {
                let mut changed = all[index].0.clone();
                changed[place] = Some(other.clone());
                all.push(Changed(changed));
            }
        }
    }
    all.sort_by_key(Changed::count);
    all
}

/// Other schemes. Those of WebSockets are for media streams.
fn schemes(parts: &Parts) -> Vec<Other> {
    let own = parts.scheme.as_str();
    let others: &[&str] = match own {
        "https" => &["http", "wss"],
        "http" => &["https", "ws"],
        "wss" => &["https", "ws", "http"],
        "ws" => &["wss", "http", "https"],
        // The given scheme can be any text, so it is not shown.
        _ => return vec![change("with the scheme `https`", "https")],
    };
    others
        .iter()
        .map(|other| change(format!("with `{other}` instead of `{own}`"), *other))
        .collect()
}

fn change(description: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Other {
    (description.into(), value.into())
}

fn authorities(trial: &Experiment, parts: &Parts) -> Vec<Other> {
    let own = &parts.authority;
    let host = without_port(own);
    let mut others: Vec<Other> = Vec::new();
    if host != own {
        others.push(change("without its port", host));
    }
    for port in ["443", "80"] {
        others.push(change(format!("with the port {port}"), format!("{host}:{port}")));
    }
    if let Some(port) = trial.request.text("x-forwarded-port") {
        others.push(change("with the port of `X-Forwarded-Port`", format!("{host}:{port}")));
    }
    others.push(change("with its host in lower case", own.to_ascii_lowercase()));
    others.push(match host.strip_prefix("www.") {
        Some(bare) => change("without `www.`", own.replacen(host, bare, 1)),
        None => change("with `www.` in front of its host", format!("www.{own}")),
    });
    for name in ["Host", "X-Forwarded-Host", "X-Original-Host"] {
        let value = trial.request.text(name).and_then(|value| value.split(',').next());
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            let bare = without_port(value);
            others.push(change(format!("with the host of `{name}`"), value));
            others.push(change(format!("with the host of `{name}`, without its port"), bare));
        }
    }
    let forwarded = trial.request.text("forwarded").unwrap_or_default().split([',', ';']);
    let forwarded = forwarded.filter_map(|pair| pair.trim().split_once('='));
    let hosts = forwarded.filter(|(name, _)| name.eq_ignore_ascii_case("host"));
    // Only the first proxy knows the URL that the provider called.
    if let Some((_, host)) = hosts.take(1).next() {
        others.push(change("with the first host of `Forwarded`", host.trim_matches('"')));
    }
    others.retain(|(_, other)| other != own);
    others
}

fn paths(trial: &Experiment, parts: &Parts) -> Vec<Other> {
    let own = &parts.path;
    let mut others = vec![match own.strip_suffix('/') {
        Some(bare) => change("without the slash at the end of its path", bare),
        None => change("with a slash at the end of its path", format!("{own}/")),
    }];
    for name in [
        "X-Original-URI",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Uri",
        "X-Envoy-Original-Path",
    ] {
        if let Some(uri) = trial.request.text(name) {
            let path = uri.split('?').next().unwrap_or_default();
            others.push(change(format!("with the path of `{name}`"), path));
        }
    }
    if let Some(prefix) = trial.request.text("x-forwarded-prefix") {
        let prefix = prefix.trim_end_matches('/');
        others.push(change("with the prefix of `X-Forwarded-Prefix`", format!("{prefix}{own}")));
        if let Some(rest) = own.strip_prefix(prefix) {
            others.push(change("without the prefix of `X-Forwarded-Prefix`", rest));
        }
    }
    let decoded = percent_encoding::percent_decode_str(own).decode_utf8_lossy();
    others.push(change("with the escapes of its path decoded", decoded));
    others.push(change("with its path in lower case", own.to_ascii_lowercase()));
    if let Some((_, rest)) = own.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
        others.push(change("without the first segment of its path", format!("/{rest}")));
    }
    others.retain(|(_, other)| other != own);
    others
}

fn queries(parts: &Parts) -> Vec<Other> {
    let own = &parts.query;
    if own.is_empty() {
        return vec![change("with an empty query: a `?` after its path", "?")];
    }
    let decoded = percent_encoding::percent_decode_str(own).decode_utf8_lossy();
    let mut fields: Vec<&str> = own.trim_start_matches('?').split('&').collect();
    fields.sort_unstable();
    let mut others = vec![
        change("without its query", ""),
        change("with `%20` instead of `+` in its query", own.replace('+', "%20")),
        change("with `+` instead of `%20` in its query", own.replace("%20", "+")),
        change("with the escapes of its query decoded", decoded),
        change("with the fields of its query sorted", format!("?{}", fields.join("&"))),
    ];
    others.retain(|(_, other)| other != own);
    others
}

fn fragments(parts: &Parts) -> Vec<Other> {
    let is_there = !parts.fragment.is_empty();
    is_there.then(|| change("without its fragment", "")).into_iter().collect()
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

const MAX_URLS: usize = 400;
