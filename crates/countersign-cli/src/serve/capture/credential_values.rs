//! Finds credentials in a value whose name says nothing, by the form in which programs write them.

use super::credential_names::{PARAMETER_WORDS, is_credential};

/// Whether a text contains a credential: `token=…`, `"token": "…"`, `<token>…`, `Bearer …`,
/// `user:password@host`, or a JSON Web Token.
pub(super) fn is_in(text: &str) -> bool {
    has_pair(text)
        || has_element(text)
        || has_authorization(text)
        || has_password(text)
        || has_web_token(text)
}

/// Whether a text contains `name=value` or `name: value` with the name of a credential, as in a
/// query, a list, JSON or YAML.
fn has_pair(text: &str) -> bool {
    text.match_indices(['=', ':']).any(|(at, _)| {
        let (front, value) = (&text[..at], text[at + 1..].trim_start_matches(is_gap));
        let is_set = !value.is_empty() && !value.starts_with(['=', '&', ';', ',', '}', ']']);
        is_set && is_name(last_name(front.trim_end_matches(is_gap)))
    })
}

/// Whether a text contains an XML element, such as `<token>…`, with the name of a credential.
fn has_element(text: &str) -> bool {
    text.split('<').skip(1).any(|rest| {
        let Some((tag, content)) = rest.split_once('>') else { return false };
        let name = tag.split(char::is_whitespace).next().unwrap_or_default();
        let name = name.rsplit(':').next().unwrap_or_default();
        !content.is_empty() && !tag.ends_with('/') && name.chars().all(is_of_word) && is_name(name)
    })
}

/// Whether a text contains the value of an `Authorization` header: `Bearer …`.
fn has_authorization(text: &str) -> bool {
    let mut words = text.split(|it: char| it.is_whitespace() || it == '+');
    let mut next = words.next();
    while let Some(word) = next {
        next = words.find(|word| !word.is_empty());
        let scheme = word.rsplit(|it| !is_of_word(it)).next().unwrap_or_default();
        if next.is_some() && SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return true;
        }
    }
    false
}

/// Whether a text contains `user:password@host`, or a URL such as `https://token@host/`.
fn has_password(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let is_host = text[at + 1..].starts_with(|it: char| it.is_alphanumeric() || it == '[');
        let before = &text[..at];
        let user = before.rsplit(|it: char| is_gap(it) || "/?#&,;<>()".contains(it)).next();
        let user = user.unwrap_or_default();
        let is_of_url = before.strip_suffix(user).is_some_and(|front| front.ends_with("://"));
        let has_password = user.split_once(':').is_some_and(|(name, password)| {
            !password.is_empty() && !ADDRESSES.iter().any(|it| it.eq_ignore_ascii_case(name))
        });
        is_of_url || (is_host && has_password)
    })
}

/// Whether a text contains a JSON Web Token: three parts, of which the first is JSON in base64.
fn has_web_token(text: &str) -> bool {
    text.split(|it| !is_of_word(it)).any(|word| {
        let mut parts = word.split('.').skip_while(|part| !part.starts_with("eyJ"));
        parts.next().is_some_and(|header| header.len() > 3)
            && parts.next().is_some_and(|payload| !payload.is_empty())
            && parts.next().is_some()
    })
}

fn is_name(name: &str) -> bool {
    is_credential(name, &PARAMETER_WORDS)
}

/// The name at the end of a text.
fn last_name(text: &str) -> &str {
    text.rsplit(|it| !is_of_word(it) && !"[]".contains(it)).next().unwrap_or_default()
}

fn is_of_word(it: char) -> bool {
    it.is_ascii_alphanumeric() || "-_.".contains(it)
}

/// What can be around a name or a value: spaces, also as in a query, and quotes.
fn is_gap(it: char) -> bool {
    it.is_whitespace() || matches!(it, '+' | '"' | '\'' | '`' | '\\' | char::REPLACEMENT_CHARACTER)
}

/// The names of authentication schemes, as they begin an `Authorization` header.
const SCHEMES: [&str; 12] = [
    "apikey",
    "basic",
    "bearer",
    "digest",
    "dpop",
    "gnap",
    "hawk",
    "hoba",
    "negotiate",
    "ntlm",
    "token",
    "vapid",
];
/// What begins an address such as `mailto:user@host`.
const ADDRESSES: [&str; 6] = ["acct", "mailto", "sip", "sips", "smtp", "xmpp"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_in_common_notations() {
        for text in [
            "a=1; token=2",
            "token = 2",
            "token =2",
            "token\t=\t2",
            "token=\"2\"",
            "token:2",
            "password: 2",
            "user[token]=2",
            "a?token=2",
            r#"{"token":"2"}"#,
            r#"{"a":1, "apiKey" : 2}"#,
            r#"{\"token\":\"2\"}"#,
            "{'token': '2'}",
            "<token>2</token>",
            "<a><token type=\"x\">2</token></a>",
            "<wsse:Password>2</wsse:Password>",
            "Bearer 2",
            "bearer+2",
            "Basic dXNlcjpw",
            "x Negotiate 2",
            "auth is \"Token 2\"",
            "Digest username=\"x\", response=\"2\"",
            "https://user:2@host/",
            "https://2@host/",
            "//user:2@host",
            "user:2@host",
            r"https:\/\/user:2@host\/",
            "postgres:user:2@host",
            "see user:2@[::1]:80",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
            "a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.",
        ] {
            assert!(is_in(text), "{text}");
        }
    }

    #[test]
    fn ordinary_values_are_not_credentials() {
        for text in [
            "",
            "a=1; b=2&page=3, https://a.example/?page=1@2 ==",
            "https://x.example/?token=",
            "https://x.example/?token=&a=1",
            r#"{"token":}"#,
            "a@b.example",
            "A <a@b.example>",
            "mailto:a@b.example",
            r#"{"email":"a@b.example"}"#,
            "https://a.example/@x?a",
            "https://a.example:8080/x",
            "Mozilla/5.0 (X11; Linux x86_64; rv:1.0) Gecko/20100101",
            "application/json; charset=utf-8",
            "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
            "2026-01-01T10:00:00+00:00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "bearer",
            "basically fine",
            "<a>1</a>",
            "<token/>",
            "<token></token>",
            "<https://a.example/token>; rel=next",
            "eyJ",
            "eyJhbGciOiJIUzI1NiJ9",
        ] {
            assert!(!is_in(text), "{text}");
        }
    }
}
