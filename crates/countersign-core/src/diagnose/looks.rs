//! What can only be told from appearances: where nothing verifies, and where
//! nothing can be tried.

use super::cause::{Cause, CauseKind};
use super::charset;
use super::compression;
use super::json;
use super::trial::{Bench, Trial};
use crate::error::{VerifyError, VerifyErrorKind};
use crate::name::Name;
use crate::scheme::{Algorithm, Scheme};
use crate::secret::Secret;

/// The causes for which there is a sign; none of them is certain.
pub(super) fn causes(
    bench: &Bench<'_>,
    trial: &Trial,
    refusal: Option<&VerifyError>,
) -> Vec<Cause> {
    let mut causes = Vec::new();
    causes.extend(scheme(trial));
    causes.extend(refusal.and_then(|refusal| refused(trial, refusal)));
    causes.extend(body(trial));
    if let Some(what) = bench.given.iter().find_map(|secret| api_key(secret, &trial.scheme)) {
        let detail = format!("the secret begins as {what} does, with which no webhook is signed");
        let mend = format!(
            "configure the secret that the provider shows with the endpoint, and not the key for \
             its API; `countersign schemes {}` may say where it stands",
            trial.scheme.name()
        );
        causes.push(Cause::suspected(CauseKind::SecretKind, detail).with_mend(mend));
    }
    causes
}

/// Whose headers these are, where those of the scheme are not there.
fn scheme(trial: &Trial) -> Option<Cause> {
    let others = schemes_of_its_headers(trial);
    if others.is_empty() {
        return None;
    }
    let names: Vec<String> = others.iter().map(|scheme| format!("`{}`", scheme.name())).collect();
    let names = names.join(" or ");
    let detail = format!("it has the headers of {names}, and not those of the scheme");
    let mend = format!("configure the scheme {names}, with the secret that belongs to it");
    Some(Cause::suspected(CauseKind::WrongScheme, detail).with_mend(mend))
}

/// The schemes whose headers a request has, where it has no signature of its own
/// scheme. None where they are many: that would be a list, and no hint.
pub(super) fn schemes_of_its_headers(trial: &Trial) -> Vec<Scheme> {
    let mut own = trial.scheme.families.iter().flat_map(|family| &family.signatures);
    if own.any(|name| trial.request.values(name.lower()).next().is_some()) {
        return Vec::new();
    }
    let others = Scheme::names().filter_map(|name| Scheme::named(name).ok());
    let others: Vec<Scheme> = others.filter(|scheme| has_headers(trial, scheme)).collect();
    if others.len() > MOST_SCHEMES { Vec::new() } else { others }
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

/// What the refusal itself says, where it is not that the signature is wrong.
fn refused(trial: &Trial, refusal: &VerifyError) -> Option<Cause> {
    use VerifyErrorKind as Kind;
    let told = |kind, more: &str| Cause::suspected(kind, format!("{refusal}{more}"));
    Some(match refusal.kind() {
        Kind::MissingSignature => {
            told(CauseKind::PartMissing, ", and nothing else in the request is one that verifies")
        }
        Kind::MissingHeader | Kind::MissingId | Kind::MissingTimestamp => {
            told(CauseKind::PartMissing, "")
        }
        Kind::UnsupportedSignature => told(CauseKind::WrongHeader, "").with_mend(
            "compare the version of the signature in the provider's settings with the one that \
             `countersign schemes` shows",
        ),
        Kind::MalformedSignature | Kind::MalformedId => told(
            CauseKind::WrongHeader,
            ": it is cut off or rewritten, or another provider's, and nothing that was tried \
             mends it",
        ),
        Kind::RepeatedHeader => {
            told(CauseKind::WrongHeader, ", and none of its values is the right one")
        }
        Kind::MalformedTimestamp => told(CauseKind::TimestampUnit, ""),
        Kind::UnknownKey => told(CauseKind::SecretOfAnotherEndpoint, "").with_mend(
            "compare the key, the certificate or the topic that the delivery names with those \
             that are configured: it is for another endpoint, or the provider has a new key",
        ),
        Kind::BodyTooLarge => {
            let length = trial.body().len();
            let detail = format!(
                "{refusal}, and the body has {length} bytes; with a higher one it would not verify \
                 either"
            );
            Cause::suspected(CauseKind::BodyTooLarge, detail)
        }
        Kind::Misconfigured if trial.scheme.signs_url() => told(CauseKind::UrlMismatch, ""),
        _ => return None,
    })
}

fn body(trial: &Trial) -> Option<Cause> {
    let body = trial.body();
    let stated = trial.request.text("content-length").and_then(|text| text.parse::<usize>().ok());
    let has_none = matches!(trial.request.method(), "GET" | "HEAD");
    if body.is_empty() && trial.scheme.authenticates_body() && stated != Some(0) && !has_none {
        let detail = match stated {
            Some(stated) => format!("the body is empty, and its `Content-Length` is {stated}"),
            None => "the body is empty: something has read it already".to_owned(),
        };
        return Some(Cause::suspected(CauseKind::BodyEmpty, detail));
    }
    let encoding = trial.request.text("content-encoding").unwrap_or("identity");
    let is_encoded = !encoding.eq_ignore_ascii_case("identity");
    if is_encoded && json::is_whole(body) {
        return Some(Cause::suspected(CauseKind::BodyDecompressed, DECOMPRESSED));
    }
    if charset::is_lossy(body) {
        let detail = "the body holds U+FFFD, which stands where something was not UTF-8; what it \
                      was cannot be known";
        return Some(Cause::suspected(CauseKind::BodyCharset, detail));
    }
    if is_encoded && std::str::from_utf8(body).is_ok() {
        return Some(Cause::suspected(CauseKind::BodyDecompressed, DECOMPRESSED));
    }
    if compression::is_cut_off(body) {
        let detail = "the body is compressed, and breaks off";
        return Some(Cause::suspected(CauseKind::BodyTruncated, detail));
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
        _ if is_encoded => {
            let detail = "the body has a `Content-Encoding` that cannot be undone here: it may \
                          have been signed before it was compressed";
            Some(Cause::suspected(CauseKind::BodyCompressed, detail))
        }
        _ => None,
    }
}

/// What a secret looks like that is none. A token may look like anything: its
/// user has chosen it.
fn api_key(secret: &Secret, scheme: &Scheme) -> Option<&'static str> {
    let text = std::str::from_utf8(secret.dangerous_reveal()).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let (prefix, what) = API_KEYS.iter().find(|(prefix, _)| text.starts_with(prefix))?;
    let signs = SIGNING_API_KEYS
        .iter()
        .any(|(name, begins)| *name == scheme.name() && prefix.starts_with(begins));
    (scheme.algorithm() != Algorithm::Token && !signs).then_some(what)
}

/// More of them would be a list and no hint.
const MOST_SCHEMES: usize = 4;

const DECOMPRESSED: &str = "the body has a `Content-Encoding`, and is not in it; what it was before \
                            cannot be known";

/// The schemes whose secrets begin like this, because they are API keys or have
/// been.
const SIGNING_API_KEYS: &[(&str, &str)] = &[("mailgun", "key-"), ("paystack", "sk_")];

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
