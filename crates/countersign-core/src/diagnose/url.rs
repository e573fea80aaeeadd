//! The URLs that the provider may have called.

use std::collections::HashSet;

use super::cause::{Cause, CauseKind};
use super::trial::{Trial, Tries, Try};

/// Other URLs, for the schemes that sign it: one part changed, then several.
pub(super) fn others(trial: &Trial) -> Tries<'_> {
    let url = trial.request.url().filter(|_| trial.scheme.signs_url());
    let Some(parts) = url.and_then(Parts::of) else { return Box::new(std::iter::empty()) };
    let lists =
        [schemes(&parts), authorities(trial, &parts), paths(trial, &parts), queries(&parts)];
    let most = trial.affordable(MOST_URLS);
    let mut seen = HashSet::from([parts.whole()]);
    let urls = combinations(lists).into_iter().filter_map(move |changed| {
        let url = changed.url(&parts);
        seen.insert(url.clone()).then(|| (changed.told(), url))
    });
    Box::new(urls.take(most).map(move |(told, url)| {
        let detail = format!("it was signed for the URL {told}");
        let cause = Cause::tried(CauseKind::UrlMismatch, detail);
        let request = trial.request.clone().with_url(url);
        Try { cause, trial: Trial { request, ..trial.clone() } }
    }))
}

/// A URL in the parts that proxies change.
struct Parts {
    scheme: String,
    authority: String,
    path: String,
    /// With its `?`.
    query: String,
}

impl Parts {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        let [scheme, authority, path, query] = [scheme, authority, path, query].map(str::to_owned);
        Some(Self { scheme, authority, path, query })
    }

    fn whole(&self) -> String {
        let Self { scheme, authority, path, query } = self;
        format!("{scheme}://{authority}{path}{query}")
    }
}

/// Another value of a part, and what it is, for people. Never the value itself:
/// a URL may hold a token.
type Other = (&'static str, String);

/// One choice for each part: none where it stays as it is.
struct Changed([Option<Other>; 4]);

impl Changed {
    fn url(&self, parts: &Parts) -> String {
        let own = [&parts.scheme, &parts.authority, &parts.path, &parts.query];
        let mut chosen = self.0.iter().zip(own);
        let mut next = || {
            chosen.next().map_or("", |(other, own)| other.as_ref().map_or(own, |(_, text)| text))
        };
        format!("{}://{}{}{}", next(), next(), next(), next())
    }

    fn told(&self) -> String {
        let told: Vec<&str> = self.0.iter().flatten().map(|(told, _)| *told).collect();
        told.join(", and ")
    }
}

/// All combinations, those with fewer changes first.
fn combinations(lists: [Vec<Other>; 4]) -> Vec<Changed> {
    let mut all = vec![Changed([const { None }; 4])];
    for (place, list) in lists.into_iter().enumerate() {
        for index in 0..all.len() {
            for other in &list {
                let mut changed = all[index].0.clone();
                changed[place] = Some(other.clone());
                all.push(Changed(changed));
            }
        }
    }
    all.sort_by_key(|changed| changed.0.iter().flatten().count());
    all
}

fn schemes(parts: &Parts) -> Vec<Other> {
    match parts.scheme.as_str() {
        "https" => vec![("with `http` for `https`", "http".to_owned())],
        _ => vec![("with `https` for `http`", "https".to_owned())],
    }
}

fn authorities(trial: &Trial, parts: &Parts) -> Vec<Other> {
    let own = &parts.authority;
    let host = without_port(own);
    let mut others: Vec<Other> = Vec::new();
    if host != own {
        others.push(("without its port", host.to_owned()));
    }
    for (told, port) in [("with the port 443", "443"), ("with the port 80", "80")] {
        others.push((told, format!("{host}:{port}")));
    }
    if let Some(port) = trial.request.text("x-forwarded-port") {
        others.push(("with the port of `X-Forwarded-Port`", format!("{host}:{port}")));
    }
    others.push(("with its host in lower case", own.to_ascii_lowercase()));
    others.push(match host.strip_prefix("www.") {
        Some(bare) => ("without `www.`", own.replacen(host, bare, 1)),
        None => ("with `www.` in front of its host", format!("www.{own}")),
    });
    for (name, told, bare) in [
        ("host", "with the host of `Host`", "with the host of `Host`, without its port"),
        (
            "x-forwarded-host",
            "with the host of `X-Forwarded-Host`",
            "with the host of `X-Forwarded-Host`, without its port",
        ),
        (
            "x-original-host",
            "with the host of `X-Original-Host`",
            "with the host of `X-Original-Host`, without its port",
        ),
    ] {
        let value = trial.request.text(name).and_then(|value| value.split(',').next());
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            others.push((told, value.to_owned()));
            others.push((bare, without_port(value).to_owned()));
        }
    }
    let forwarded = trial.request.text("forwarded").unwrap_or_default().split([',', ';']);
    let forwarded = forwarded.filter_map(|pair| pair.trim().split_once('='));
    for (_, host) in forwarded.filter(|(name, _)| name.eq_ignore_ascii_case("host")) {
        others.push(("with the host of `Forwarded`", host.trim_matches('"').to_owned()));
    }
    others.retain(|(_, other)| other != own);
    others
}

fn paths(trial: &Trial, parts: &Parts) -> Vec<Other> {
    let own = &parts.path;
    let mut others = vec![match own.strip_suffix('/') {
        Some(bare) => ("without the slash at the end of its path", bare.to_owned()),
        None => ("with a slash at the end of its path", format!("{own}/")),
    }];
    for (name, told) in [
        ("x-original-uri", "with the path of `X-Original-URI`"),
        ("x-original-url", "with the path of `X-Original-URL`"),
        ("x-rewrite-url", "with the path of `X-Rewrite-URL`"),
        ("x-forwarded-uri", "with the path of `X-Forwarded-Uri`"),
        ("x-envoy-original-path", "with the path of `X-Envoy-Original-Path`"),
    ] {
        if let Some(uri) = trial.request.text(name) {
            others.push((told, uri.split('?').next().unwrap_or_default().to_owned()));
        }
    }
    if let Some(prefix) = trial.request.text("x-forwarded-prefix") {
        let prefix = prefix.trim_end_matches('/');
        others.push(("with the prefix of `X-Forwarded-Prefix`", format!("{prefix}{own}")));
        if let Some(rest) = own.strip_prefix(prefix) {
            others.push(("without the prefix of `X-Forwarded-Prefix`", rest.to_owned()));
        }
    }
    let decoded = percent_encoding::percent_decode_str(own).decode_utf8_lossy();
    others.push(("with its escapes decoded", decoded.into_owned()));
    others.push(("with its path in lower case", own.to_ascii_lowercase()));
    if let Some((_, rest)) = own.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
        others.push(("without the first segment of its path", format!("/{rest}")));
    }
    others.retain(|(_, other)| other != own);
    others
}

fn queries(parts: &Parts) -> Vec<Other> {
    let own = &parts.query;
    if own.is_empty() {
        return vec![("with a `?` at its end", "?".to_owned())];
    }
    let decoded = percent_encoding::percent_decode_str(own).decode_utf8_lossy();
    let mut fields: Vec<&str> = own.trim_start_matches('?').split('&').collect();
    fields.sort_unstable();
    let mut others = vec![
        ("without its query", String::new()),
        ("with `%20` for `+` in its query", own.replace('+', "%20")),
        ("with `+` for `%20` in its query", own.replace("%20", "+")),
        ("with the escapes of its query decoded", decoded.into_owned()),
        ("with the fields of its query sorted", format!("?{}", fields.join("&"))),
    ];
    others.retain(|(_, other)| other != own);
    others
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

const MOST_URLS: usize = 400;
