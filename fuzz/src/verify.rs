//! A verified delivery has the contents that were signed, for any change to a request.

use countersign::VerifyErrorKind;

use super::Target;
use super::endpoints::Endpoint;
use super::input::Input;
use super::request::Request;

pub const TARGET: Target = Target { name: "verify", run, seeds: Endpoint::inputs };

/// One byte chooses the receiver, and the rest is a request.
fn run(input: &[u8]) {
    let (endpoint, request) = Endpoint::read(Input::new(input));
    let verdict = endpoint.verifier.verify(request.head(), request.body.clone());
    match &verdict {
        Ok(verified) => assert!(
            endpoint.has_signed(&request, verified),
            "{}: event {:?} with {:?} was never signed",
            endpoint.name,
            verified.event_id(),
            verified.body(),
        ),
        Err(rejected) => {
            assert!(VerifyErrorKind::ALL.contains(&rejected.kind()));
            assert!(!rejected.code().is_empty() && (400..=503).contains(&rejected.status()));
            assert!(!says_secret(endpoint, &format!("{rejected} {rejected:?}")), "{rejected}");
        }
    }
    let kind = verdict.as_ref().map(|verified| verified.event_id()).map_err(|error| error.kind());
    let again = |head: countersign::RequestHead<'_>| {
        let verdict = endpoint.verifier.verify(head, request.body.clone());
        let verdict = verdict.map(|verified| verified.event_id().to_owned());
        assert_eq!(verdict.as_deref().map_err(|error| error.kind()), kind, "{}", endpoint.name);
    };
    again(request.turned_about().head());
    if let Some(headers) = request.header_map() {
        again(countersign::RequestHead::new(&request.method, &request.target, &headers));
    }
    try_handshake(endpoint, &request);
}

/// The response to an unsigned request is small, and contains no secret.
fn try_handshake(endpoint: &Endpoint, request: &Request) {
    endpoint.verifier.open_handshake_window(std::time::Duration::from_secs(1));
    let Some(asked) = endpoint.verifier.handshake(request.head()) else { return };
    assert!(asked.body_limit() <= 16 * 1024);
    let Ok(answer) = asked.answer(&request.body) else { return };
    assert!((100..600).contains(&answer.status()));
    for (name, value) in answer.headers() {
        let is_on_one_line =
            !name.contains(['\r', '\n', ':']) && !value.contains(['\r', '\n', '\0']);
        assert!(is_on_one_line, "{name:?}: {value:?}");
    }
    let is_in_request = says_secret(endpoint, &String::from_utf8_lossy(&request.written()));
    assert!(is_in_request || !says_secret(endpoint, &String::from_utf8_lossy(answer.body())));
    assert!(answer.body().len() <= 1024 + 6 * request.written().len());
}

fn says_secret(endpoint: &Endpoint, text: &str) -> bool {
    // A shorter secret can occur in a text by chance.
    endpoint.secret_texts.iter().any(|secret| secret.len() >= 8 && text.contains(secret.as_str()))
}
