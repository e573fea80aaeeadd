//! Decides from its name whether a header or a parameter contains a credential.

/// Whether a header or parameter with this name usually contains a credential for the receiver or
/// a proxy. This is decided by a part of the name, or by one of its words.
pub(super) fn is_credential(name: &str, more_words: &[&str]) -> bool {
    let words = words(name);
    let name = words.join("-");
    let is_credential = |word: &String| {
        let word = without_version(word);
        // Both the singular and the plural.
        [word, word.strip_suffix('s').unwrap_or(word)].iter().any(|word| {
            is_about_authentication(word)
                || ENDINGS.iter().any(|ending| word.ends_with(ending))
                || WORDS.contains(word)
                || more_words.contains(word)
        })
    };
    CREDENTIALS.iter().any(|part| name.contains(part))
        || (words.iter().any(is_credential) && !OTHER_KINDS.iter().any(|it| name.contains(it)))
}

/// `key` for `key2` and `keyv2`.
fn without_version(word: &str) -> &str {
    let bare = word.trim_end_matches(|it: char| it.is_ascii_digit());
    bare.strip_suffix('v').filter(|_| bare.len() < word.len()).unwrap_or(bare)
}

/// `auth` at the beginning or the end of a word: `oauth`, `basicauth`, `authn`; but not `author`.
fn is_about_authentication(word: &str) -> bool {
    word.ends_with("auth") || (word.starts_with("auth") && !word.starts_with("author"))
}

/// The words of a name in lowercase: `api` and `key` for `Api-Key`, `api_key` and `apiKey`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for character in name.chars() {
        let is_part = character.is_ascii_alphanumeric();
        if (!is_part || (was_small && character.is_ascii_uppercase()))
            && words.last().is_some_and(|word| !word.is_empty())
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| is_part) {
            word.push(character.to_ascii_lowercase());
        }
        was_small = character.is_ascii_lowercase();
    }
    words
}

/// Lowercase parts of names, matched anywhere in a name. A header that is redacted needlessly can
/// be sent again, but a secret that was written to a file cannot be taken back.
const CREDENTIALS: [&str; 24] = [
    "access-code",
    "access-key",
    "accesskey",
    "apikey",
    "authenticat",
    "authoris",
    "authoriz",
    "cookie",
    "credential",
    "jwt",
    "kerberos",
    "login-code",
    "macaroon",
    "mnemonic",
    "one-time",
    "onetime",
    "passw",
    "secret",
    "security-code",
    "session",
    "token",
    "verification-code",
    "verificationcode",
    "x-amzn-oidc-data",
];
/// Matched at the end of a word of a name, because words are also written together: `userpwd`.
const ENDINGS: [&str; 12] = [
    "bearer",
    "cred",
    "key",
    "otp",
    "pass",
    "passphrase",
    "psk",
    "pswd",
    "pw",
    "pwd",
    "sessid",
    "tkn",
];
/// Matched as whole words of a name.
const WORDS: [&str; 16] = [
    "2fa",
    "assertion",
    "cert",
    "crumb",
    "csrf",
    "mfa",
    "passcode",
    "pat",
    "pin",
    "principal",
    "saml",
    "shared",
    "sid",
    "ticket",
    "unseal",
    "xsrf",
];
/// Only for parameters: there they are signatures of links, and codes of Azure and OAuth.
pub(super) const PARAMETER_WORDS: [&str; 5] = ["code", "hmac", "sas", "sig", "signature"];
/// Names with `key` or `ticket` that are not credentials.
const OTHER_KINDS: [&str; 6] =
    ["event-key", "idempotency-key", "partition-key", "public-key", "routing-key", "ticket-id"];
