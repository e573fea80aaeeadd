//! Heuristics for secrets: texts that are not signing secrets, such as API keys and
//! ids.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::{Algorithm, ConfigError, Scheme, Secret, SecretProblem, SecretWarningKind};

use super::cause::{Cause, CauseKind};
use super::experiment::{Experiment, Experiments};
use super::fix::Fix;
use super::json::{self, Node};
use super::secrets;

/// The cause for a secret that the scheme cannot use, with a guess of what it is.
pub(super) fn unusable(
    experiments: &Experiments<'_>,
    trial: &Experiment,
    problem: &ConfigError,
) -> Option<Cause> {
    let ConfigError::Secret { problem, index, .. } = problem else { return None };
    let index = index.unwrap_or(0);
    let secret = experiments.given.iter().nth(index);
    let called = secret.map_or("the secret".to_owned(), |secret| secrets::called(secret, index));
    let detail = format!("{called} {}", secret_problem(*problem));
    let detail = match secret
        .and_then(|secret| kind(secret, trial.scheme.original(), Certainty::Undecodable))
    {
        Some(what) => format!("{detail}: it looks like {what}"),
        None => detail,
    };
    let kind = match problem {
        SecretProblem::NeverValid => CauseKind::Rotated,
        _ => CauseKind::SecretKind,
    };
    Some(Cause::suspected(kind, detail).with_fix(fix(trial.scheme.original())))
}

/// The cause for a secret that the request contains. No sender that signs sends its
/// key, so this is a token of another kind of authentication, or an id.
pub(super) fn in_request(experiments: &Experiments<'_>, trial: &Experiment) -> Option<Cause> {
    if trial.scheme.algorithm() == Algorithm::Token {
        return None;
    }
    experiments.given.iter().enumerate().find_map(|(index, secret)| {
        let text = std::str::from_utf8(secret.dangerous_reveal()).ok()?.trim();
        let (first_line, more) = text.split_once('\n').unwrap_or((text, ""));
        let (shown, part) = match more {
            "" => (text, String::new()),
            _ => (first_line.trim(), "the first line of ".to_owned()),
        };
        let place = place_of(trial, shown)?;
        let detail = format!(
            "{part}{} is in the request itself, {place}: a sender that signs does not send the key",
            secrets::called(secret, index)
        );
        Some(Cause::suspected(CauseKind::SecretKind, detail).with_fix(fix(trial.scheme.original())))
    })
}

/// The cause for a secret that begins like a key that does not sign webhooks.
pub(super) fn of_another_kind(experiments: &Experiments<'_>, trial: &Experiment) -> Option<Cause> {
    let mut secrets = experiments.given.iter();
    let what =
        secrets.find_map(|secret| kind(secret, trial.scheme.original(), Certainty::Usable))?;
    let detail = format!("the secret begins like {what}, which does not sign webhooks");
    Some(Cause::suspected(CauseKind::SecretKind, detail).with_fix(fix(trial.scheme.original())))
}

/// The cause for a secret with something around it, or with a part missing.
pub(super) fn of_odd_form(experiments: &Experiments<'_>, trial: &Experiment) -> Option<Cause> {
    use SecretWarningKind::{Json, Masked, SeveralLines};
    let warnings = experiments.given.warnings(trial.scheme.original());
    let mut warnings = warnings.iter();
    let warning = warnings.find(|it| matches!(it.kind(), Json | Masked | SeveralLines))?;
    let secret = experiments.given.iter().nth(warning.index())?;
    let kind = warning.kind();
    let detail = format!("{} {}", secrets::called(secret, warning.index()), kind.problem());
    Some(Cause::suspected(CauseKind::SecretKind, detail).with_fix(kind.fix()))
}

fn fix(scheme: &Scheme) -> Fix {
    let first = "configure the secret that the provider shows with the endpoint, and not an id, a \
                 token or the key for its API";
    let name = scheme.name();
    Fix::of_receiver(
        format!("{first}; `Scheme::notes` may say where to find it"),
        format!("{first}; `countersign schemes {name}` may say where to find it"),
    )
}

fn secret_problem(problem: SecretProblem) -> String {
    match problem {
        SecretProblem::NotBase64 => "is not base64, but this scheme's secrets are".to_owned(),
        SecretProblem::NotHex => "is not hexadecimal, but this scheme's secrets are".to_owned(),
        SecretProblem::Several => "is several secrets joined by `|`".to_owned(),
        problem => problem.to_string(),
    }
}

/// Whether the scheme can use a secret. Only an unusable secret is called an id
/// because of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Usable,
    Undecodable,
}

/// What a text looks like that is not a signing secret. Always `None` for schemes
/// with a plain token, because users choose tokens freely.
fn kind(secret: &Secret, scheme: &Scheme, certainty: Certainty) -> Option<&'static str> {
    if scheme.algorithm() == Algorithm::Token {
        return None;
    }
    let text = std::str::from_utf8(secret.dangerous_reveal()).ok()?;
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'');
    let begins = API_KEYS.iter().find(|(prefix, _)| text.starts_with(prefix));
    let signs = |prefix: &str| {
        let mut known = SIGNING_API_KEYS.iter();
        known.any(|(name, begins)| *name == scheme.name() && prefix.starts_with(begins))
    };
    if let Some((prefix, what)) = begins {
        return (!signs(prefix)).then_some(*what);
    }
    if is_discord_token(text) {
        return Some("a bot token of Discord");
    }
    if is_sid(text) {
        return Some("a SID of Twilio");
    }
    (certainty == Certainty::Undecodable).then(|| id(text)).flatten()
}

/// What a text is that cannot be a key because of its form. For a usable secret,
/// this would only be a guess.
fn id(text: &str) -> Option<&'static str> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    match text {
        "" => None,
        _ if is_number => Some("a number: an id, perhaps of the application"),
        _ if is_uuid => Some("a UUID: an id"),
        _ if text.starts_with("-----BEGIN PUBLIC KEY") => Some("a public key in PEM"),
        _ if text.starts_with("-----BEGIN CERTIFICATE") => Some("a certificate in PEM"),
        _ if text.starts_with('{') => Some("JSON"),
        _ if text.starts_with("eyJ") => Some("a JSON Web Token"),
        _ => None,
    }
}

/// The bot's number in base64, a time, and a MAC.
fn is_discord_token(text: &str) -> bool {
    let mut parts = text.split('.');
    let (Some(number), Some(_), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let number = URL_SAFE_NO_PAD.decode(number.trim_end_matches('='));
    number.is_ok_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// `AC…` of an account, `SK…` of an API key.
fn is_sid(text: &str) -> bool {
    let digits = text.strip_prefix("AC").or_else(|| text.strip_prefix("SK"));
    digits.is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// The place in a request that contains a text, alone or after the name of an
/// authentication scheme.
fn place_of(trial: &Experiment, text: &str) -> Option<String> {
    if text.len() < MIN_LENGTH {
        return None;
    }
    let is_shown = |value: &[u8]| {
        let value = std::str::from_utf8(value).unwrap_or_default().trim();
        value == text || value.rsplit_once(' ').is_some_and(|(_, token)| token == text)
    };
    let mut headers = trial.request.headers().iter();
    if let Some((name, _)) = headers.find(|(_, value)| is_shown(value)) {
        return Some(format!("in the header `{}`", name.escape_default()));
    }
    let body = json::parse(trial.body())?;
    let mut path = String::new();
    find(&body, text, &mut path).then(|| match path.as_str() {
        "/id" | "/event_id" | "/eventId" | "/event/id" => {
            format!("in the body at `{path}`, as the event id")
        }
        _ if path.bytes().all(is_of_pointer) => format!("in the body at `{path}`"),
        _ => "in the body".to_owned(),
    })
}

/// Whether a text is one of the values. Sets `path` to its path.
fn find(node: &Node, text: &str, path: &mut String) -> bool {
    let length = path.len();
    let mut inside = |step: &str, node: &Node| {
        path.truncate(length);
        path.push('/');
        path.push_str(step);
        find(node, text, path)
    };
    match node {
        Node::Plain(value) | Node::Text(value) => value == text,
        Node::List(nodes) => {
            nodes.iter().enumerate().any(|(at, node)| inside(&at.to_string(), node))
        }
        Node::Map(members) => members.iter().any(|(name, node)| inside(name, node)),
    }
}

/// Whether a path may contain this byte to be printed.
fn is_of_pointer(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/_-".contains(&byte)
}

/// A shorter text can occur anywhere by chance.
const MIN_LENGTH: usize = 6;

/// Schemes whose secrets begin like this, because they are or were API keys.
const SIGNING_API_KEYS: &[(&str, &str)] = &[("mailgun", "key-"), ("paystack", "sk_")];

/// Prefixes of texts that do not sign webhooks. A longer prefix comes before a
/// shorter one with the same beginning.
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
    ("we_", "the id of a webhook endpoint of Stripe"),
    ("evt_", "the id of an event"),
    ("acct_", "the id of an account"),
    ("ep_", "the id of an endpoint"),
    ("ssh-", "a public key for SSH"),
    ("http://", "a URL"),
    ("https://", "a URL"),
];
