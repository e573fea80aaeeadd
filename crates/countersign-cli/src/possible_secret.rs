//! Texts of the command line that may be a secret, given by mistake: errors do not show them.

use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use countersign::ConfigError;

use crate::secrets::{has_key_prefix, is_plainly_a_key, is_plainly_a_path};

/// A text for an error message, unless it may be a secret.
pub(crate) fn shown(text: &str) -> &str {
    if is_plain(text) { text } else { NOT_SHOWN }
}

/// A path for an error message, unless it may be a secret or the contents of a file.
pub(crate) fn shown_path(path: &Path) -> String {
    // A secret or the contents of a file do not begin with a folder that exists.
    let mut folders = path.ancestors().filter(|path| path.file_name().is_some());
    let is_path = path.symlink_metadata().is_ok()
        || is_plainly_a_path(path, Path::new(""))
        || (!has_key_prefix(path.as_os_str().as_encoded_bytes())
            && folders.any(|folder| folder.symlink_metadata().is_ok()));
    match path.to_str() {
        _ if is_path => path.display().to_string(),
        Some(text) => shown(text).to_owned(),
        None => NOT_SHOWN.to_owned(),
    }
}

/// The message of an error about an event id's place, which quotes the place, unless it may be a
/// secret.
pub(crate) fn about_event_id(place: &str, error: &ConfigError) -> String {
    match is_plain(place) {
        true => error.to_string(),
        false => format!("`event_id`: `{NOT_SHOWN}` cannot be used: write a JSON pointer"),
    }
}

/// A URL without its query, or a path: each segment of the path is shown unless it may be a secret.
pub(crate) fn shown_url(url: &str) -> String {
    let (start, path) = match url.split_once("://") {
        Some((_, rest)) => url.split_at(url.len() - rest.find('/').map_or(0, |at| rest.len() - at)),
        None => ("", url),
    };
    let segments = path.split('/').map(|segment| if is_plain(segment) { segment } else { "[…]" });
    start.to_owned() + &segments.collect::<Vec<_>>().join("/")
}

/// Whether a text consists of a few words, names or numbers. A key in base64 or hexadecimal does
/// not.
pub(crate) fn is_plain(text: &str) -> bool {
    let is_separator = |it: char| "-_./\\:,+*=@{}[] ".contains(it);
    text.len() <= MAX_LENGTH
        && !text.ends_with('=')
        && !has_key_prefix(text.as_bytes())
        && text.split(is_separator).all(is_plain_word)
}

/// A few letters with a number at the end, such as `objectId2`. Unlike a key, it has few changes
/// from lowercase to uppercase.
fn is_plain_word(word: &str) -> bool {
    let letters = word.trim_end_matches(|it: char| it.is_ascii_digit());
    let is_change = |pair: &&[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    letters.len() <= MAX_LETTERS
        && word.len() - letters.len() <= MAX_DIGITS
        && letters.bytes().all(|byte| byte.is_ascii_alphabetic())
        && letters.as_bytes().windows(2).filter(is_change).count() <= MAX_CHANGES
}

/// Removes from an error of clap the arguments and values that may be a secret.
pub(crate) fn hide_in(error: &mut clap::Error) {
    if error.kind() == ErrorKind::UnknownArgument {
        hide(error, ContextKind::InvalidArg, is_flag);
    }
    // A word that resembles a command is a misspelled one. clap finds long texts similar to short
    // commands.
    let is_like_a_command = matches!(
        error.get(ContextKind::SuggestedSubcommand),
        Some(ContextValue::Strings(similar)) if !similar.is_empty()
    );
    hide(error, ContextKind::InvalidSubcommand, |word| is_like_a_command && is_plainly_a_key(word));
    hide(error, ContextKind::InvalidValue, is_plain);
}

fn hide(error: &mut clap::Error, kind: ContextKind, can_be_shown: impl Fn(&str) -> bool) {
    let Some(ContextValue::String(text)) = error.get(kind) else { return };
    // An empty value is how clap states that a value is missing.
    if text.is_empty() || can_be_shown(text) {
        return;
    }
    error.insert(kind, ContextValue::String(NOT_SHOWN.to_owned()));
    // Its tips repeat the argument.
    error.remove(ContextKind::Suggested);
}

/// Whether this is an option such as `--word` or `-w`. A key in PEM format also begins with
/// hyphens.
fn is_flag(argument: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && !word.contains(' ')
            && is_plainly_a_key(word)
    };
    match argument.strip_prefix('-') {
        Some(rest) => {
            let is_short = rest.len() == 1 && rest.bytes().all(|it| it.is_ascii_alphanumeric());
            is_short || rest.strip_prefix('-').is_some_and(is_word)
        }
        None => false,
    }
}

/// Replaces a text that is not shown.
pub(crate) const NOT_SHOWN: &str = "[not shown: it may be a secret]";
/// The maximum length of a text that is shown.
const MAX_LENGTH: usize = 80;
const MAX_LETTERS: usize = 15;
const MAX_DIGITS: usize = 5;
const MAX_CHANGES: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_possible_key_is_hidden_and_a_misspelled_name_is_shown() {
        for text in [
            "",
            "strpie",
            "quicksilver",
            "soon",
            "no-such",
            "Payload.json",
            "/hooks/venum=venum",
            "/hooks/{tenant}",
            "/data/objectId",
            "/order/id+/status",
            "app.example:3000",
            "127.0.0.1:99999",
            "[::1]:80",
        ] {
            assert_eq!(shown(text), text);
        }
        for text in [
            "whsec_abc",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "0123456789abcdef0123456789abcdef",
            "12345678901234567890",
            "AbCdEfGhIjKlMn",
            "c2VjcmV0c2VjcmV0==",
            "SG.ab3cd9.eF1g2H3",
            "-----BEGIN PRIVATE KEY-----\nMIGHAgEA\n-----END PRIVATE KEY-----\n",
            "{\"a\":1}",
            "line\nbreak",
            &"a-".repeat(50),
        ] {
            assert_eq!(shown(text), NOT_SHOWN, "{text}");
            assert_eq!(shown_path(Path::new(text)), NOT_SHOWN, "{text}");
        }
        let in_a_folder = std::env::temp_dir().join("whsec_abcdef");
        for path in [
            Path::new("./whsec_abcdef.toml"),
            Path::new("whsec_abcdef.txt"),
            Path::new("whsec_abcdef.json"),
            Path::new("hooks/whsk_abcdef/a.json"),
            &in_a_folder,
        ] {
            assert_eq!(shown_path(path), NOT_SHOWN, "{}", path.display());
        }
        assert_eq!(shown("/hooks/whsec_abcdef=venum"), NOT_SHOWN);
        for path in ["no-such", "absent.pem", "/absent/a1b2c3d4e5f6a7b8.json"] {
            assert_eq!(shown_path(Path::new(path)), path);
        }
    }

    #[test]
    fn a_url_segment_that_may_be_a_key_is_redacted() {
        for (url, shown) in [
            ("/favicon.ico", "/favicon.ico"),
            ("/hooks/hunter2-Tr0ub4dor", "/hooks/[…]"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080/hooks/stripe", "http://[::1]:8080/hooks/stripe"),
            ("https://a.example/services/T0/whsec_abc", "https://a.example/services/T0/[…]"),
            ("https://a.example/a;token=MfKQ9r8GKYqrTwjU", "https://a.example/[…]"),
            ("", ""),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn only_the_flag_of_an_unknown_argument_is_shown() {
        for flag in ["--secret", "--secret-flie", "--oauth2", "-x"] {
            assert!(is_flag(flag), "{flag}");
        }
        for argument in [
            "secret",
            "whsec_abc",
            "-",
            "--",
            "---begin",
            "--whsec_abc",
            "--Secret",
            "-----BEGIN PRIVATE KEY-----",
            "--begin private",
            "--a1b2c3",
            "-x1",
        ] {
            assert!(!is_flag(argument), "{argument}");
        }
    }
}
