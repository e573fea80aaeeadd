//! What can only be told from appearances: where nothing verifies, and where
//! nothing can be tried.

use super::cause::{Cause, CauseKind};
use super::charset;
use super::compression;
use super::json;
use super::trial::{Bench, Trial};
use crate::name::Name;
use crate::scheme::Scheme;
use crate::secret::Secret;

/// The causes for which there is a sign; none of them is certain.
pub(super) fn causes(bench: &Bench<'_>, trial: &Trial) -> Vec<Cause> {
    let mut causes = Vec::new();
    causes.extend(body(trial));
    causes.extend(scheme(trial));
    if let Some(what) = bench.given.iter().find_map(api_key) {
        let detail = format!("the secret begins as {what} does, with which no webhook is signed");
        causes.push(Cause::suspected(CauseKind::SecretKind, detail));
    }
    causes
}

/// Whose headers these are, where those of the scheme are not there.
fn scheme(trial: &Trial) -> Option<Cause> {
    if has_headers(trial, &trial.scheme) {
        return None;
    }
    let others = Scheme::names().filter_map(|name| Scheme::named(name).ok());
    let others = others.filter(|scheme| has_headers(trial, scheme));
    let names: Vec<String> = others.map(|scheme| format!("`{}`", scheme.name())).collect();
    if names.is_empty() || names.len() > MOST_SCHEMES {
        return None;
    }
    let names = names.join(" or ");
    let detail = format!("it has the headers of {names}, and not those of the scheme");
    Some(Cause::suspected(CauseKind::WrongScheme, detail))
}

/// Whether a request has all the headers of one family. What needs none has
/// none that could tell.
fn has_headers(trial: &Trial, scheme: &Scheme) -> bool {
    scheme.families.iter().any(|family| {
        let names = || family.signatures.iter().take(1).chain(&family.id).chain(&family.timestamp);
        let is_there = |name: &Name| trial.request.values(name.lower()).next().is_some();
        names().next().is_some() && names().all(is_there)
    })
}

fn body(trial: &Trial) -> Option<Cause> {
    let body = trial.body();
    let stated = trial.request.text("content-length").and_then(|text| text.parse::<usize>().ok());
    if body.is_empty() && trial.scheme.authenticates_body() && stated != Some(0) {
        let detail = match stated {
            Some(stated) => format!("the body is empty, and its `Content-Length` is {stated}"),
            None => "the body is empty: something has read it already".to_owned(),
        };
        return Some(Cause::suspected(CauseKind::BodyEmpty, detail));
    }
    let encoding = trial.request.text("content-encoding").unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") && !compression::is_compressed(body) {
        let detail = "the body has a `Content-Encoding`, and is not in it; what it was before \
                      cannot be known";
        return Some(Cause::suspected(CauseKind::BodyDecompressed, detail));
    }
    if charset::is_lossy(body) {
        let detail = "the body holds U+FFFD, which stands where something was not UTF-8; what it \
                      was cannot be known";
        return Some(Cause::suspected(CauseKind::BodyCharset, detail));
    }
    match stated {
        Some(stated) if stated != body.len() && json::is_whole(body) => {
            let length = body.len();
            let detail =
                format!("the body is whole JSON of {length} bytes, and {stated} were sent");
            let cause = Cause::suspected(CauseKind::BodyReserialized, detail);
            Some(match json::habit(body) {
                Some((habit, _)) => cause.with_mend(habit.mend),
                None => cause,
            })
        }
        Some(stated) if stated > body.len() => {
            let length = body.len();
            let detail = format!("the body has {length} of the {stated} bytes that were sent");
            Some(Cause::suspected(CauseKind::BodyTruncated, detail))
        }
        _ => None,
    }
}

/// What a secret looks like that is none.
fn api_key(secret: &Secret) -> Option<&'static str> {
    let text = std::str::from_utf8(secret.dangerous_reveal()).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    API_KEYS.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, what)| *what)
}

/// More of them would be a list and no hint.
const MOST_SCHEMES: usize = 4;

/// Whoever begins like an earlier one stands behind it.
const API_KEYS: &[(&str, &str)] = &[
    ("sk_live_", "a secret API key"),
    ("sk_test_", "a secret API key"),
    ("rk_live_", "a restricted API key of Stripe"),
    ("rk_test_", "a restricted API key of Stripe"),
    ("pk_live_", "a publishable API key"),
    ("pk_test_", "a publishable API key"),
    ("sk-", "an API key of OpenAI"),
    ("sk_", "a secret API key"),
    ("pk_", "a publishable API key"),
    ("ghp_", "a personal access token of GitHub"),
    ("github_pat_", "a personal access token of GitHub"),
    ("gho_", "an OAuth token of GitHub"),
    ("ghu_", "a user token of GitHub"),
    ("ghs_", "an installation token of GitHub"),
    ("ghr_", "a refresh token of GitHub"),
    ("glpat-", "a personal access token of GitLab"),
    ("shpat_", "an access token of Shopify"),
    ("shpca_", "an access token of Shopify"),
    ("shppa_", "an access token of Shopify"),
    ("xoxb-", "a bot token of Slack"),
    ("xoxp-", "a user token of Slack"),
    ("xapp-", "an app token of Slack"),
    ("SG.", "an API key of SendGrid"),
    ("re_", "an API key of Resend"),
    ("lin_api_", "an API key of Linear"),
    ("ntn_", "an API token of Notion"),
    ("AKIA", "an access key of AWS"),
    ("key-", "an API key of Mailgun"),
    ("Bearer ", "an `Authorization` header"),
    ("-----BEGIN PRIVATE KEY", "a private key"),
    ("-----BEGIN RSA PRIVATE KEY", "a private key"),
    ("-----BEGIN EC PRIVATE KEY", "a private key"),
    ("http://", "a URL"),
    ("https://", "a URL"),
];
