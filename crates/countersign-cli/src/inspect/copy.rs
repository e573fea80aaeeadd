//! A delivery as text to copy: a `curl` command, a `countersign send` command, a test vector, or a Rust
//! test. None contains a secret: the last two are signed with a secret that is made up for them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign::testing::{AttackKind, Attacks};
use countersign::{PublicUrl, Scheme};
use http::{StatusCode, Uri};
use serde_json::json;

use super::actions::request_of;
use super::delivery::{BodyState, Delivery};
use super::endpoints::path_and_query;
use super::reply::{self, Reply, problem};
use super::server::State;
use crate::hop_by_hop;
use crate::request::Request;
use crate::send;

pub(super) fn answer(state: &State, delivery: &Delivery, form: &str) -> Reply {
    if !matches!(delivery.request.body_state, BodyState::Whole) {
        return problem(
            StatusCode::CONFLICT,
            "the body is not complete, so the delivery cannot be copied",
        );
    }
    let request = request_of(delivery);
    let scheme = state.scheme(delivery);
    let unknown = || format!("the scheme `{}` is not known here", delivery.scheme);
    let text = match form {
        "curl" => Ok(curl(state, delivery, &request)),
        "send" => send_command(state, delivery, &request),
        "vector" => {
            scheme.ok_or_else(unknown).and_then(|scheme| vector(&scheme, delivery, &request))
        }
        "rust" => scheme.ok_or_else(unknown).and_then(|scheme| rust(&scheme, delivery, &request)),
        _ => return problem(StatusCode::NOT_FOUND, "the forms are curl, send, vector and rust"),
    };
    match text {
        Ok(text) => reply::typed("text/plain; charset=utf-8", text),
        Err(why) => problem(StatusCode::CONFLICT, &why),
    }
}

/// The URL of the endpoint, as a word for a shell. It is never that of the request: the sender chose its
/// host, and would get what the user sends.
fn to(state: &State, delivery: &Delivery) -> String {
    let endpoint = state.endpoint(&delivery.endpoint);
    let addressed = endpoint.and_then(|endpoint| {
        let to = endpoint.own.as_ref().or(endpoint.forward.as_ref())?;
        let tenant = endpoint.tenant_of(delivery);
        endpoint.addressed(to, tenant.as_deref(), Some(delivery)).ok()
    });
    // A query of the configuration can have a credential.
    let is_shown =
        |uri: &Uri| uri.query().is_none() || uri.query() == path_and_query(&delivery.request.url).1;
    match addressed.filter(is_shown) {
        Some(uri) => shell(&uri.to_string()),
        None => NO_TARGET.to_owned(),
    }
}

fn curl(state: &State, delivery: &Delivery, request: &Request) -> String {
    let mut lines = Vec::new();
    let body = request.body();
    // A terminal acts on control characters that are pasted.
    let text = str::from_utf8(body).ok().filter(|text| !text.chars().any(is_special));
    let start = if text.is_some() { "" } else { "base64 -d <<'END' | " };
    let method = shell(request.method());
    lines.push(format!("{start}curl --globoff -X {method} {}", to(state, delivery)));
    let mut has_type = false;
    for (name, value) in request.headers() {
        if hop_by_hop::is(name) {
            continue;
        }
        has_type |= name.eq_ignore_ascii_case("content-type");
        let line = match value.is_empty() {
            true => format!("{name};").into_bytes(),
            false => [name.as_bytes(), b": ", value].concat(),
        };
        lines.push(format!("-H {}", shell_bytes(&line)));
    }
    if !has_type {
        lines.push("-H content-type:".to_owned());
    }
    match text {
        // Others read a file if the text begins with `@`.
        Some(text) => lines.push(format!("--data-raw {}", shell(text))),
        None => lines.push("--data-binary @-".to_owned()),
    }
    let mut command = lines.join(" \\\n  ") + "\n";
    if text.is_none() {
        command += &format!("{}\nEND\n", STANDARD.encode(body));
    }
    command
}

fn send_command(state: &State, delivery: &Delivery, request: &Request) -> Result<String, String> {
    let file = request.to_file().map_err(|fix| fix.to_string())?;
    let endpoint = state.endpoint(&delivery.endpoint);
    let scheme = match endpoint {
        Some(endpoint) if endpoint.is_scheme_file => "SCHEME.toml",
        _ => delivery.scheme.as_str(),
    };
    let to = to(state, delivery);
    Ok(format!(
        "countersign send --scheme {} --secret-env SECRET \\\n  --to {to} \\\n  --request - <<'END'\n{file}END\n",
        shell(scheme)
    ))
}

/// The delivery, signed with the made-up secret at the time at which it arrived.
fn test_request(
    scheme: &Scheme,
    delivery: &Delivery,
    request: &Request,
) -> Result<http::Request<bytes::Bytes>, String> {
    let error = |error: &dyn std::fmt::Display| {
        format!("the delivery cannot be signed with a secret for tests: {error}")
    };
    let url = request.url().unwrap_or("http://localhost/");
    let attacks = Attacks::new(scheme.clone(), TEST_SECRET).map_err(|it| error(&it))?;
    let headers = send::unsigned(request, scheme).map_err(|it| error(&it))?;
    let mut attacks = attacks
        .to(url.parse().unwrap_or_default())
        .with_headers(headers)
        .with_body(request.body().clone())
        .at_unix_ms(delivery.received_at_ms);
    if let Some(id) = send::id(request, scheme) {
        attacks = attacks.with_id(id);
    }
    if scheme.signs_url() {
        attacks = attacks.with_url(PublicUrl::new(url).map_err(|it| error(&it))?);
    }
    let genuine = attacks.attack(AttackKind::Genuine).map_err(|it| error(&it))?;
    let signed = genuine.requests().first().map(|request| request.request().clone());
    signed.ok_or_else(|| "nothing can be signed".to_owned())
}

fn vector(scheme: &Scheme, delivery: &Delivery, request: &Request) -> Result<String, String> {
    let signed = test_request(scheme, delivery, request)?;
    let mut headers = serde_json::Map::new();
    for (name, value) in signed.headers() {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.insert(name.to_string(), value.into());
    }
    let vector = json!({
        "scheme": scheme.name(),
        "secret": TEST_SECRET,
        "now_ms": delivery.received_at_ms,
        "request": {
            "method": signed.method().as_str(),
            "url": request.url(),
            "headers": headers,
            "body_base64": STANDARD.encode(signed.body()),
        },
        "expected": { "verified": true, "event_id": delivery.event.as_ref().map(|event| &event.id) },
    });
    let text = serde_json::to_string_pretty(&vector).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

fn rust(scheme: &Scheme, delivery: &Delivery, request: &Request) -> Result<String, String> {
    let signed = test_request(scheme, delivery, request)?;
    let name = delivery.kind().unwrap_or(scheme.name());
    let name: String = name
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '_' })
        .collect();
    let headers = signed.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("        ({:?}, {}),\n", name.as_str(), literal(&value))
    });
    let body = match str::from_utf8(signed.body()) {
        Ok(text) => literal(text),
        Err(_) => format!("&{:?}[..]", signed.body().to_vec()),
    };
    let verifier = match (scheme.signs_url(), request.url()) {
        (true, Some(url)) => format!(
            "Verifier::with_public_url(schemes::named({:?})?, Secret::new(secret)?, PublicUrl::new({})?)?",
            scheme.name(),
            literal(url)
        ),
        _ => format!("Verifier::new(schemes::named({:?})?, Secret::new(secret)?)?", scheme.name()),
    };
    let uses = if scheme.signs_url() {
        "ManualClock, PublicUrl, Secret, Verifier, schemes"
    } else {
        "ManualClock, Secret, Verifier, schemes"
    };
    Ok(format!(
        "use countersign::{{{uses}}};\n\n\
         #[test]\n\
         fn {name}_verifies() -> Result<(), Box<dyn std::error::Error>> {{\n    \
             // Made up for this test.\n    \
             let secret = {TEST_SECRET:?};\n    \
             let clock = ManualClock::at_unix_ms({});\n    \
             let verifier = {verifier}.with_clock(clock);\n    \
             let headers = [\n{}    ];\n    \
             let body = {body};\n    \
             let verified = verifier.verify(&headers, body)?;\n    \
             assert_eq!(verified.body(), body);\n    \
             Ok(())\n\
         }}\n",
        delivery.received_at_ms,
        headers.collect::<String>(),
    ))
}

/// A raw string literal.
fn literal(text: &str) -> String {
    // A raw string cannot contain a lone carriage return.
    if text.contains('\r') {
        return format!("{text:?}");
    }
    let mut hashes = String::from("#");
    while text.contains(&format!("\"{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}\"{text}\"{hashes}")
}

/// Whether a terminal or an editor may act on a character, or hide it.
fn is_special(character: char) -> bool {
    let is_hidden = matches!(
        u32::from(character),
        0xad | 0x61c | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x2069 | 0xfeff | 0xe0000..=0xe007f
    );
    is_hidden || (character.is_control() && !matches!(character, '\n' | '\t'))
}

/// The same for bytes that may be no text. `bash` and `zsh` understand their escapes.
fn shell_bytes(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(is_special) => shell(text),
        _ => {
            let escaped = bytes.iter().map(|byte| match byte {
                b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
                b' '..=b'~' => char::from(*byte).to_string(),
                _ => format!("\\x{byte:02x}"),
            });
            format!("$'{}'", escaped.collect::<String>())
        }
    }
}

/// One word for a shell.
fn shell(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A shell stops here until its user sets the variable.
const NO_TARGET: &str = "\"${TARGET:?set TARGET to the URL to send to}\"";
/// Has the form that most schemes accept. It signs nothing but tests.
const TEST_SECRET: &str = "whsec_dGVzdC1zZWNyZXQtdGhhdC1pcy1tYWRlLXVw";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_a_shell_has_one_meaning() {
        assert_eq!(shell("http://a.example/x"), "http://a.example/x");
        assert_eq!(shell("it's $(id) `id` \"x\""), r#"'it'\''s $(id) `id` "x"'"#);
        assert_eq!(shell(""), "''");
        assert_eq!(shell_bytes(b"x: it's"), r"'x: it'\''s'");
        assert_eq!(shell_bytes(b"x: \x1b'\\\xff"), r"$'x: \x1b\'\\\xff'");
    }

    #[test]
    fn a_literal_contains_any_text() {
        assert_eq!(literal("a\"b"), "r#\"a\"b\"#");
        assert_eq!(literal("a\"#b"), "r##\"a\"#b\"##");
        assert_eq!(literal("a\rb"), "\"a\\rb\"");
    }
}
