//! Lines for people: time, status, code, duration, and the event; and why a delivery was rejected.

use std::time::SystemTime;

use countersign::Verified;

use super::super::short_id::short_id;
use super::{JobLine, Line, ShownBody};
use crate::output::{self, BAD, DIM, GOOD, WARN, escape_control_chars, paint};
use crate::possible_secret::{shown, shown_url};
use crate::table::{cut, fit, is_within, width as width_of};

pub(super) fn line(line: &Line<'_>, shown: &ShownBody<'_>, has_endpoint: bool) -> String {
    let width = output::width().unwrap_or(DEFAULT_WIDTH);
    let text = styled(line, shown, has_endpoint, &time(), width);
    output::for_terminal(&output::wrapped(&text, width))
}

/// The time of day, in UTC.
fn time() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.get(11..19).unwrap_or_default().to_owned()
}

fn styled(
    line: &Line<'_>,
    body: &ShownBody<'_>,
    has_endpoint: bool,
    time: &str,
    width: usize,
) -> String {
    let style = match line.status {
        _ if !line.is_enforced && line.reason.is_some() => WARN,
        200..=299 => GOOD,
        500..=599 => WARN,
        _ => BAD,
    };
    let ms = line.since.elapsed().as_millis();
    let result = format!("{}  {:<CODE_WIDTH$}", line.status, cut(line.code, CODE_WIDTH));
    let columns = format!("{time}  {result}  {ms:>5} ms  ");
    let rest = width.saturating_sub(columns.chars().count()).max(MIN_REST);
    let is_shown = line.unrouted.is_none() && (has_endpoint || line.verified.is_none());
    let endpoint = line.endpoint.filter(|_| is_shown).map(str::to_owned);
    let texts = endpoint.into_iter().chain(what(line)).map(|text| escape_control_chars(&text));
    let mut texts: Vec<String> = texts.collect();
    // Without a target, this line is all that is left of the event: its id is never cut.
    let id = line.verified.map(|verified| escape_control_chars(&short_id(verified.event_id())));
    let mut below = None;
    match id {
        Some(id) if is_within(texts.iter().chain([&id]), rest) => texts.push(id),
        id => {
            texts = fit(&texts, rest);
            below = id;
        }
    }
    let mut text = format!(
        "{}  {}  {ms:>5} ms  {}\n",
        paint(DIM, time),
        paint(style, result),
        texts.join("  "),
    );
    if let Some(id) = below {
        let indent = INDENT.min(width.saturating_sub(width_of(&id)));
        text.push_str(&format!("{:indent$}{id}\n", ""));
    }
    if let Some(reason) = line.reason {
        let reason = escape_control_chars(&reason.to_string());
        let reason =
            if line.is_enforced { reason } else { format!("forwarded, although {reason}") };
        text.push_str(&paint(DIM, format_args!("{:INDENT$}{reason}\n", "")));
    }
    match body {
        ShownBody::Nothing => {}
        ShownBody::Dropped => text.push_str(&format!("{:INDENT$}the body was dropped\n", "")),
        ShownBody::Whole(bytes) => {
            let body = escape_control_chars(&String::from_utf8_lossy(bytes));
            text.push_str(&format!("{:INDENT$}{body}\n", ""));
        }
    }
    text
}

/// The line of an attempt at a job.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres")),
    allow(dead_code, reason = "there is no queue")
)]
pub(super) fn job_line(line: &JobLine<'_>, has_endpoint: bool) -> String {
    let width = output::width().unwrap_or(DEFAULT_WIDTH);
    let text = styled_job(line, has_endpoint, &time(), width);
    output::for_terminal(&output::wrapped(&text, width))
}

fn styled_job(line: &JobLine<'_>, has_endpoint: bool, time: &str, width: usize) -> String {
    let style = match line.code {
        "delivered" | "delivered_late" => GOOD,
        "dead" => BAD,
        _ => WARN,
    };
    let ms = line.since.elapsed().as_millis();
    let status = line.status.map_or_else(|| "---".to_owned(), |status| status.to_string());
    let result = format!("{status}  {:<CODE_WIDTH$}", cut(line.code, CODE_WIDTH));
    let columns = format!("{time}  {result}  {ms:>5} ms  ");
    let rest = width.saturating_sub(columns.chars().count()).max(MIN_REST);
    let attempt = (line.attempt > 1).then(|| format!("attempt {}", line.attempt));
    let texts = has_endpoint.then(|| line.endpoint.to_owned()).into_iter();
    let texts = texts.chain(line.tenant.map(str::to_owned));
    let texts = texts.chain(line.event_type.map(|kind| short_id(kind).into_owned()));
    let texts = texts.chain(attempt).chain([short_id(line.event_id).into_owned()]);
    let texts: Vec<String> = texts.map(|text| escape_control_chars(&text)).collect();
    let mut text = format!(
        "{}  {}  {ms:>5} ms  {}\n",
        paint(DIM, time),
        paint(style, result),
        fit(&texts, rest).join("  "),
    );
    if let Some(reason) = line.reason {
        let next = match line.retry_in {
            Some(retry_in) => {
                let seconds = std::time::Duration::from_secs(retry_in.as_secs());
                format!("; next attempt in {}", humantime::format_duration(seconds))
            }
            None => format!("; see `countersign queue show {}`", line.job),
        };
        let reason = escape_control_chars(reason);
        text.push_str(&paint(DIM, format_args!("{:INDENT$}{reason}{next}\n", "")));
    }
    text
}

/// The event without its id, or what else the request was.
fn what(line: &Line<'_>) -> Vec<String> {
    if let Some((method, path)) = line.unrouted {
        let path = shown_url(&short_id(path));
        return vec![format!("{} {path}", shown(method.as_str()))];
    }
    if let Some(handshake) = line.handshake {
        return vec![format!("handshake {handshake}")];
    }
    let mut what = Vec::new();
    if let Some(verified) = line.verified {
        what.extend(verified.tenant().map(str::to_owned));
        let event_type = Verified::event_type(verified);
        what.extend(event_type.map(|kind| short_id(kind.name).into_owned()));
    }
    if let Some(grant) = line.grant {
        what.extend((grant.attempt > 1).then(|| format!("attempt {}", grant.attempt)));
        what.extend(grant.possible_duplicate.then(|| "possible duplicate".to_owned()));
    }
    what
}

/// The longest codes are a little longer, and rare.
const CODE_WIDTH: usize = 19;
/// The width if the terminal does not state it.
const DEFAULT_WIDTH: usize = 80;
/// Further lines begin below the status.
const INDENT: usize = 10;
const MIN_REST: usize = 20;

#[cfg(test)]
mod tests {
    use countersign::{Secret, Signer, Verifier, VerifyError, VerifyErrorKind, schemes};
    use http::Method;
    use tokio::time::Instant;

    use super::*;
    use crate::output::plain;

    fn empty() -> Line<'static> {
        Line {
            endpoint: Some("/hooks/jupiter"),
            scheme: Some("jupiter"),
            ..Line::new("handled", 200, Instant::now())
        }
    }

    fn shown(line: &Line<'_>, has_endpoint: bool) -> String {
        plain(&styled(line, &ShownBody::Nothing, has_endpoint, "09:04:12", 80))
    }

    fn verified(id: &str) -> Verified {
        let secret = || Secret::new("the secret").unwrap();
        let body = format!(r#"{{"event_id":"{id}","type":"swap.completed"}}"#);
        let signer = Signer::new(schemes::jupiter(), secret()).unwrap();
        let headers = signer.sign_with(&[("content-type", "application/json")], body.as_bytes());
        let verifier = Verifier::new(schemes::jupiter(), secret()).unwrap();
        verifier.verify(&headers.unwrap(), body).unwrap()
    }

    #[test]
    fn an_event_has_its_type_and_id_and_a_rejection_its_reason() {
        let event = verified("evt_1");
        let line = Line { verified: Some(&event), ..empty() };
        let columns = "09:04:12  200  handled                  0 ms  ";
        assert_eq!(shown(&line, false), format!("{columns}swap.completed  evt_1\n"));
        let below = "          evt_1\n";
        assert_eq!(shown(&line, true), format!("{columns}/hooks/jupiter  swap.completed\n{below}"));
        let digest = verified(&"x".repeat(257));
        let line = Line { verified: Some(&digest), ..empty() };
        let said = shown(&line, false);
        let (first, below) = said.trim_end().split_once('\n').unwrap();
        assert_eq!(first, format!("{columns}swap.completed"));
        assert!(below.starts_with("         sha256:") && width_of(below) == 80, "{below}");

        let error = VerifyError::from(VerifyErrorKind::SignatureMismatch);
        let (code, status) = (error.code(), error.status());
        let line = Line { code, status, reason: Some(&error), ..empty() };
        let expected = "09:04:12  401  signature_mismatch       0 ms  /hooks/jupiter\n          \
                        the signature does not match any active secret\n";
        assert_eq!(shown(&line, false), expected);

        let unrouted = Some((&Method::GET, "/favicon.ico"));
        let line = Line { endpoint: None, code: "not_found", status: 404, unrouted, ..empty() };
        assert!(shown(&line, false).ends_with("GET /favicon.ico\n"));
    }

    #[test]
    fn a_request_writes_no_control_characters_to_a_terminal() {
        let event = verified("evt\\u001b]0;T\\n");
        let line = Line { verified: Some(&event), ..empty() };
        let said = shown(&line, false);
        assert!(said.contains("evt\\u{1b}]0;T"), "{said}");
        assert_eq!(said.matches('\n').count(), 1);
    }
}
