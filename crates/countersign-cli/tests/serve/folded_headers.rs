//! Header names as seen by a CGI-like target.

use crate::deliveries::jupiter;
use crate::processes::{Files, configured};
use crate::target::{Call, Target};

#[tokio::test]
async fn the_sender_cannot_set_a_header_reserved_for_the_program() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\nforwarded_headers = ['My_*']\n[[endpoint]]\n\
         path = '/hooks/jupiter'\nscheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\n\
         forward = '{}'\n",
        target.url()
    ));
    let serving = configured(&files).await;
    let delivery = jupiter("evt_1")
        .with_header("countersign_event_id", "FORGED")
        .with_header("Countersign_Event-Type", "FORGED")
        .with_header("countersign.event.type", "FORGED")
        .with_header("countersign-event_type_signed", "FORGED")
        .with_header("countersign_attempt", "99")
        .with_header("countersign^anything", "FORGED")
        .with_header("Proxy", "http://evil.example")
        .with_header("Proxy_Authorization", "FORGED")
        .with_header("x_jup_signature", "FORGED")
        .with_header("transfer_encoding", "FORGED")
        .with_header("my_own", "kept");
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    let variables = cgi(&call);
    assert!(variables.iter().all(|(_, value)| value != "FORGED"), "{variables:?}");
    let ours: Vec<&(String, String)> =
        variables.iter().filter(|(name, _)| name.starts_with("HTTP_COUNTERSIGN")).collect();
    let ours: Vec<(&str, &str)> =
        ours.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        ours,
        [
            ("HTTP_COUNTERSIGN_ATTEMPT", "1"),
            ("HTTP_COUNTERSIGN_EVENT_ID", "evt_1"),
            ("HTTP_COUNTERSIGN_EVENT_TYPE", "swap.completed"),
            ("HTTP_COUNTERSIGN_EVENT_TYPE_SIGNED", "true"),
            ("HTTP_COUNTERSIGN_POSSIBLE_DUPLICATE", "false"),
        ]
    );
    assert!(!variables.iter().any(|(name, _)| name.starts_with("HTTP_PROXY")), "{variables:?}");
    assert!(variables.contains(&("HTTP_MY_OWN".to_owned(), "kept".to_owned())));
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn proxy_headers_about_the_client_are_forwarded_only_if_configured() {
    for (more, expected) in [("", None), ("forwarded_headers = 'keep'\n", Some("203.0.113.7"))] {
        let mut target = Target::start().await;
        let files = Files::new(&format!(
            "{more}listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/jupiter'\n\
             scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\nforward = '{}'\n",
            target.url()
        ));
        let serving = configured(&files).await;
        let delivery = jupiter("evt_1")
            .with_header("x-forwarded-for", "203.0.113.7")
            .with_header("x-real-ip", "203.0.113.7");
        let to = serving.address();
        let answered = tokio::spawn(async move { delivery.send(to).await.status });
        let call = target.call().await;
        assert_eq!(call.header("x-forwarded-for"), expected);
        assert_eq!(call.header("x-real-ip"), expected);
        call.answer(200);
        assert_eq!(answered.await.unwrap(), 200);
    }
}

/// The headers as CGI variables, sorted.
fn cgi(call: &Call) -> Vec<(String, String)> {
    let variable = |name: &str| {
        let upper = name.to_ascii_uppercase();
        format!("HTTP_{}", upper.replace(|c: char| !c.is_ascii_alphanumeric(), "_"))
    };
    let headers = call.request.headers().iter();
    let variables =
        headers.map(|(name, value)| (variable(name.as_str()), value.to_str().unwrap().to_owned()));
    let mut variables: Vec<_> = variables.collect();
    variables.sort();
    variables
}
