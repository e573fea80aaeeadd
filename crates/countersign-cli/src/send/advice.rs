//! What to do if the receiver does not accept a genuine delivery.

use std::path::Path;

use countersign::testing::AttackAnswer;

use super::SendArgs;
use super::target::Target;

/// How to find out why a delivery is rejected, with the command.
pub(super) fn how_to_diagnose(args: &SendArgs) -> String {
    let scheme = word(args.scheme.as_deref().unwrap_or("SCHEME"));
    let secrets =
        args.secrets.options().map(|(option, value)| format!("{option} {}", word(&value)));
    let mut secrets: Vec<String> = secrets.collect();
    if secrets.is_empty() {
        secrets.push("--secret-env NAME".to_owned());
    }
    let secrets = secrets.join(" ");
    let (request, what) =
        match args.event.request.file().filter(|file| is_sent_as_it_is(args, file)) {
            Some(file) => (word(&file.display().to_string()), ""),
            None => ("REQUEST.json".to_owned(), RECEIVED),
        };
    format!(
        "To find out why, run this with the receiver's secret:\n\n  countersign diagnose \
         --scheme {scheme} \\\n    {secrets} --request {request}\n{what}"
    )
}

/// Whether the file is the request that the receiver got.
fn is_sent_as_it_is(args: &SendArgs, file: &Path) -> bool {
    args.verbatim && file.is_file()
}

/// A word for a shell.
fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@,+".contains(&byte);
    match text.bytes().all(is_plain) && !text.is_empty() {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

const RECEIVED: &str = "
REQUEST.json is the request as the receiver got it. `countersign serve` writes
such files, with `--capture DIR --capture-rejected`.
";

/// Why no attack is sent after this answer to the genuine delivery.
pub(super) fn why_not_attacked(answer: AttackAnswer, target: &Target) -> String {
    let why = match answer {
        AttackAnswer::Unreachable => target.problem().unwrap_or_default().to_owned(),
        AttackAnswer::Silent => "the receiver did not answer a genuine delivery in time: check \
             what its handler waits for"
            .to_owned(),
        AttackAnswer::Closed => {
            "the receiver closed the connection without a response to a genuine delivery".to_owned()
        }
        AttackAnswer::Status(status) => {
            let fix = match status {
                300..=399 => "the URL is redirected: use the new one",
                404 => "there is no endpoint at this path",
                405 => "the endpoint does not accept this method",
                400..=499 => "check the scheme, the secret and the URL",
                _ => "its log has the reason",
            };
            format!("the receiver answered {status} to a genuine delivery: {fix}")
        }
        other => format!("the result of a genuine delivery is: {other}"),
    };
    format!("{why}. No attack was sent, because its result would mean nothing")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_argument_of_a_shell() {
        assert_eq!(word("captures/a-1.json"), "captures/a-1.json");
        assert_eq!(word("my file; x"), "'my file; x'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }
}
