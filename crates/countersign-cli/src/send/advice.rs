//! What to do if the receiver does not accept a genuine delivery.

use countersign::testing::AttackAnswer;

use super::SendArgs;
use super::target::Target;

/// How to find out why a delivery is rejected, with the command.
pub(super) fn how_to_diagnose(args: &SendArgs) -> String {
    let scheme = args.scheme.as_deref().unwrap_or("SCHEME");
    let secrets = args.secrets.as_options();
    let secrets = if secrets.is_empty() { "--secret-env NAME".to_owned() } else { secrets };
    let (request, what) = match args.event.request.file().filter(|_| args.verbatim) {
        Some(file) => (file.display().to_string(), ""),
        None => ("REQUEST.json".to_owned(), RECEIVED),
    };
    format!(
        "To find out why, run this with the receiver's secret:\n\n  countersign diagnose \
         --scheme {scheme} \\\n    {secrets} --request {request}\n{what}"
    )
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
