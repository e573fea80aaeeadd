//! Forwarded requests, and the effect of the target's response.

use bytes::Bytes;
use countersign_test_servers::RedisServer;
use http::Response;
use http_body_util::Full;
use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::config::must_fix;
use crate::deliveries::{Answered, Delivery, jupiter};
use crate::processes::{self, Files, OLD_SECRET, SECRET, Serving, configured};
use crate::target::Target;

#[tokio::test]
async fn a_forwarded_request_is_the_original_with_the_verified_facts() {
    let mut target = Target::start().await;
    let serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let delivery = jupiter("evt_1")
        .with_header("x-jup-kept", "as it is")
        .with_header("connection", "keep-alive, x-jup-named")
        .with_header("x-jup-named", "for this hop")
        .with_header("keep-alive", "timeout=5")
        .with_header("te", "trailers")
        .with_header("proxy-authorization", "Basic AAAA")
        .with_header("countersign-event-id", "forged")
        .with_header("countersign-event-type", "forged")
        .with_header("countersign-attempt", "99")
        .with_header("countersign-anything", "forged");
    let to = serving.address();
    let sent = delivery.clone();
    let answered = tokio::spawn(async move { sent.send(to).await });
    let call = target.call().await;
    assert_eq!(call.request.method(), "POST");
    assert_eq!(call.request.uri(), "/in?from=hooks");
    assert_eq!(call.request.body(), &delivery.body);
    for (name, value) in [
        ("x-jup-kept", Some("as it is")),
        ("content-type", Some("application/json")),
        ("x-jup-signature", Some(delivery.headers[0].1.as_str())),
        ("content-length", Some(delivery.body.len().to_string().as_str())),
        ("host", Some(target.address().to_string().as_str())),
        ("countersign-event-id", Some("evt_1")),
        ("countersign-event-type", Some("swap.completed")),
        ("countersign-event-type-signed", Some("true")),
        ("countersign-attempt", Some("1")),
        ("countersign-anything", None),
        ("connection", None),
        ("x-jup-named", None),
        ("keep-alive", None),
        ("te", None),
        ("proxy-authorization", None),
    ] {
        assert_eq!(call.header(name), value, "{name}");
    }
    let response = Response::builder()
        .status(202)
        .header("content-type", "text/plain")
        .header("x-internal", "stays here")
        .body(Full::from("taken"))
        .unwrap();
    call.answer_with(response);
    let Answered { status, headers, body } = answered.await.unwrap();
    assert_eq!((status, body), (202, Bytes::from("taken")));
    assert_eq!(headers["content-type"], "text/plain");
    assert!(!headers.contains_key("x-internal"));
}

#[tokio::test]
async fn the_connection_header_cannot_remove_verified_facts() {
    let mut target = Target::start().await;
    let serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let delivery = jupiter("evt_1").with_header("connection", "countersign-event-id, close");
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.event_id(), "evt_1");
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn the_connection_header_cannot_remove_headers_of_the_scheme() {
    let mut target = Target::start().await;
    let mut command = processes::command("--listen 127.0.0.1:0 --secret-env SECRET");
    command.args(["--endpoint", "/github=github", "--forward", &target.url()]);
    let serving = Serving::start(command).await;
    let delivery = Delivery::signed("/github", "github", SECRET, "{}")
        .with_header("x-github-event", "push")
        .with_header("x-hub-named", "for this hop")
        .with_header("connection", "close, x-hub-named, X-GitHub-Event, X-Hub-Signature-256");
    let signature = delivery.headers[0].clone();
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.header("x-github-event"), Some("push"));
    assert_eq!(call.header(&signature.0), Some(signature.1.as_str()));
    assert_eq!(call.header("x-hub-named"), None);
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn the_connection_header_cannot_remove_content_headers() {
    let mut target = Target::start().await;
    let serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let delivery = jupiter("evt_1")
        .with_header("content-language", "de")
        .with_header("connection", "close, Content-Type, content-language, content-length");
    let length = delivery.body.len().to_string();
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert_eq!(call.header("content-language"), Some("de"));
    assert_eq!(call.header("content-length"), Some(length.as_str()));
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn headers_that_any_client_could_send_are_forwarded_only_if_they_are_named() {
    let mut target = Target::start().await;
    let config = |more: &str| {
        Files::new(&format!(
            "listen = '127.0.0.1:0'\n{more}[[endpoint]]\npath = '/hooks/jupiter'\n\
             scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\nforward = '{}'\n",
            target.url()
        ))
    };
    let named = "forwarded_headers = ['X-Pomerium-Claim-Email', 'x-acme-*']\n";
    for (files, expected) in [
        (config(""), [Some("1"), None, None, None]),
        (config(named), [Some("1"), Some("1"), Some("1"), None]),
        (config("forwarded_headers = 'keep'\n"), [Some("1"); 4]),
    ] {
        let mut serving = configured(&files).await;
        let names = ["x-jup-shop", "x-pomerium-claim-email", "x-acme-shop", "x-script-name"];
        let delivery = names
            .into_iter()
            .fold(jupiter("evt_1"), |delivery, name| delivery.with_header(name, "1"));
        let to = serving.address();
        let answered = tokio::spawn(async move { delivery.send(to).await.status });
        let call = target.call().await;
        assert_eq!(names.map(|name| call.header(name)), expected);
        call.answer(200);
        assert_eq!(answered.await.unwrap(), 200);
        if expected.contains(&None) {
            let note = serving.note().await;
            assert!(note.contains("`x-script-name`. If the target needs one"), "{note}");
        }
    }
}

#[test]
fn forwarded_headers_must_be_a_word_or_names() {
    for value in ["'all'", "['a b']", "['']", "['*']", "[1]", "true"] {
        must_fix(
            &format!(
                "listen = '127.0.0.1:0'\nforwarded_headers = {value}\n[[endpoint]]\npath = '/a'\n\
                 scheme = 'jupiter'\nsecrets = [{{ env = 'SECRET' }}]\n"
            ),
            &[
                "line 2, `forwarded_headers`: expected `\"drop\"`",
                "[\"traceparent\", \"X-Acme-*\"]",
            ],
        );
    }
}

#[tokio::test]
async fn the_target_gets_the_tenant_and_the_sender_cannot_set_it() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\nforward = '{}'\n\
         [endpoint.tenants]\nheader = 'X-Webhook-ID'\n\
         [endpoint.tenants.secrets]\nacme = [{{ env = 'SECRET' }}]\n",
        target.url()
    ));
    let serving = configured(&files).await;
    let delivery = jupiter("evt_1")
        .with_header("x-webhook-id", "acme")
        .with_header("countersign-tenant", "forged")
        .with_header("countersign_tenant", "forged");
    let to = serving.address();
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.header("countersign-tenant"), Some("acme"));
    assert_eq!(call.header("countersign_tenant"), None);
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn an_id_that_no_header_can_hold_is_forwarded_and_printed_as_its_digest() {
    let mut target = Target::start().await;
    let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let to = serving.address();
    let long = "q".repeat(500_000);
    for id in [&long[..257], &long[..]] {
        let delivery = jupiter(id);
        let answered = tokio::spawn(async move { delivery.send(to).await.status });
        let call = target.call().await;
        let event_id = call.event_id();
        assert!(event_id.starts_with("sha256:") && event_id.len() == 71, "{event_id}");
        call.answer(200);
        assert_eq!(answered.await.unwrap(), 200);
        assert_eq!(serving.line().await["event_id"], event_id);
    }
    // An id of the maximum length is forwarded unchanged.
    let delivery = jupiter(&long[..256]);
    let answered = tokio::spawn(async move { delivery.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.event_id(), long[..256]);
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn an_unsigned_event_type_is_marked_and_unusual_ids_fit_into_a_header() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n\
         [[endpoint]]\npath = '/github'\nscheme = 'github'\nsecrets = [{{ env = 'SECRET' }}]\n\
         forward = '{0}'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = '{0}'\n",
        target.url()
    ));
    let serving = configured(&files).await;
    let to = serving.address();
    let github = Delivery::signed("/github", "github", SECRET, "{}");
    let github = github.with_header("x-github-event", "push");
    let answered = tokio::spawn(async move { github.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.header("countersign-event-type"), Some("push"));
    assert_eq!(call.header("countersign-event-type-signed"), Some("false"));
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);

    let body = "{\"event_id\":\" 7%\\r\\nx: \u{e9}\"}";
    let odd = Delivery::signed("/hooks/jupiter", "jupiter", SECRET, body);
    let answered = tokio::spawn(async move { odd.send(to).await.status });
    let call = target.call().await;
    assert_eq!(call.event_id(), "%207%25%0D%0Ax:%20%C3%A9");
    assert_eq!(call.header("countersign-event-type"), None);
    assert_eq!(call.header("countersign-event-type-signed"), None);
    assert_eq!(call.header("x"), None);
    call.answer(200);
    assert_eq!(answered.await.unwrap(), 200);
}

#[tokio::test]
async fn fifty_identical_deliveries_at_once_reach_the_target_once() {
    let target = Target::start().await;
    let serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let (to, delivery) = (serving.address(), jupiter("evt_1"));
    let events = target.answer_all();
    let mut senders = JoinSet::new();
    for _ in 0..50 {
        let delivery = delivery.clone();
        senders.spawn(async move { delivery.send(to).await });
    }
    let answers = senders.join_all().await;
    for Answered { status, headers, .. } in &answers {
        let reported = *status == 200 || (*status == 503 && headers.contains_key("retry-after"));
        assert!(reported, "{status} {headers:?}");
    }
    assert!(answers.iter().any(|answered| answered.status == 200));
    assert_eq!(*events.borrow(), ["evt_1"]);
}

#[tokio::test]
async fn an_event_that_the_target_rejects_is_released_and_the_sender_gets_the_status() {
    let mut target = Target::start().await;
    let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let to = serving.address();
    for (attempt, status, code) in [
        (1, 500, "handler_failed"),
        (2, 404, "handler_failed"),
        (3, 302, "handler_failed"),
        (4, 204, "handled"),
    ] {
        let answered = tokio::spawn(async move { jupiter("evt_1").send(to).await.status });
        let call = target.call().await;
        assert_eq!(call.header("countersign-attempt"), Some(attempt.to_string().as_str()));
        call.answer(status);
        assert_eq!(answered.await.unwrap(), status);
        let line = serving.line().await;
        assert_eq!(
            (line["code"].as_str(), line["status"].as_u64()),
            (Some(code), Some(status.into()))
        );
        assert_eq!(line["attempt"], attempt);
        assert_eq!(line["event_id"], "evt_1");
    }
    assert_eq!(jupiter("evt_1").send(to).await.status, 200);
    assert_eq!(serving.line().await["code"], "duplicate");
    assert!(!target.is_called());
}

#[tokio::test]
async fn while_the_target_is_down_the_sender_gets_a_status_to_retry() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let mut serving = processes::jupiter(&format!("--forward http://{address}/in")).await;
    let to = serving.address();
    for _ in 0..2 {
        let answered = jupiter("evt_1").send(to).await;
        assert_eq!(answered.status, 503);
        assert!(answered.headers.contains_key("retry-after"));
        let line = serving.line().await;
        assert_eq!(
            (line["code"].as_str(), line["status"].as_u64()),
            (Some("handler_failed"), Some(503))
        );
    }
    let note = serving.note().await;
    assert!(note.contains("/hooks/jupiter") && note.contains("refused"), "{note}");

    let events = Target::start_at(address).await.answer_all();
    assert_eq!(jupiter("evt_1").send(to).await.status, 200);
    assert_eq!(serving.line().await["attempt"], 3);
    assert_eq!(*events.borrow(), ["evt_1"]);
    // The failure is reported once, and then the recovery.
    let note = serving.note().await;
    assert!(note.contains("again"), "{note}");
}

#[tokio::test]
async fn a_target_that_is_slow_is_not_given_the_event_twice() {
    let mut target = Target::start().await;
    let files = Files::new(&format!(
        "listen = '127.0.0.1:0'\n[[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{{ env = 'SECRET' }}]\nforward = '{}'\nack_deadline = '300ms'\n",
        target.url()
    ));
    let mut serving = configured(&files).await;
    let to = serving.address();
    let answered = jupiter("evt_1").send(to).await;
    assert_eq!(answered.status, 503);
    let line = serving.line().await;
    assert_eq!(line["code"], "handler_timeout");
    assert_eq!(line["event_id"], "evt_1");
    assert_eq!(jupiter("evt_1").send(to).await.status, 503);
    assert_eq!(serving.line().await["code"], "in_flight");

    target.call().await.answer(200);
    let duplicate = loop {
        let answered = jupiter("evt_1").send(to).await;
        let line = serving.line().await;
        if answered.status == 200 {
            break line;
        }
    };
    assert_eq!(duplicate["code"], "duplicate");
    assert!(!target.is_called());
}

#[tokio::test]
async fn a_disconnect_does_not_stop_the_handler_and_its_line_is_printed() {
    let mut target = Target::start().await;
    let mut serving = processes::jupiter(&format!("--forward {}", target.url())).await;
    let mut sender = TcpStream::connect(serving.address()).await.unwrap();
    sender.write_all(&jupiter("evt_1").to_bytes()).await.unwrap();
    let call = target.call().await;
    drop(sender);
    // When this response arrives, the server has noticed that the other sender left.
    assert_eq!(jupiter("evt_2").forged().send(serving.address()).await.status, 401);
    assert_eq!(serving.line().await["status"], 401);
    call.answer(200);
    let line = serving.line().await;
    assert_eq!(
        (line["code"].as_str(), line["event_id"].as_str()),
        (Some("handled"), Some("evt_1"))
    );
}

#[tokio::test]
async fn an_endpoint_of_a_file_has_its_own_scheme_secrets_and_limits() {
    let files = Files::new(
        "listen = '127.0.0.1:0'\nstore = 'memory'\n\
         [[endpoint]]\npath = '/hooks/jupiter'\nscheme = 'jupiter'\n\
         secrets = [{ env = 'SECRET' }, { file = 'old.txt', name = 'old' }]\n\
         body_limit = 200\nretention = '30d'\noutage = 'fail-open'\n\
         [[endpoint]]\npath = '/acme'\nscheme = 'acme.toml'\nsecrets = [{ file = 'acme.txt' }]\n\
         tolerance = '10m'\n",
    )
    .with("old.txt", OLD_SECRET)
    .with("acme.txt", "acme's own\n")
    .with(
        "acme.toml",
        "name = 'acme'\nsignature_header = 'X-Acme'\nsigned_payload = '{body}'\nevent_id = ['body:/id']\n",
    );
    let mut serving = configured(&files).await;
    let to = serving.address();
    let old = |body: String| Delivery::signed("/hooks/jupiter", "jupiter", OLD_SECRET, body);
    assert_eq!(old("{\"event_id\":\"a\"}".to_owned()).send(to).await.status, 200);
    assert_eq!(serving.line().await["secret"], 1);
    assert_eq!(old("a".repeat(201)).send(to).await.status, 413);
    assert_eq!(serving.line().await["code"], "body_too_large");

    let acme =
        countersign::Scheme::from_toml(&std::fs::read_to_string(files.path("acme.toml")).unwrap());
    let signer =
        countersign::Signer::new(acme.unwrap(), countersign::Secret::new("acme's own").unwrap());
    let body = Bytes::from("{\"id\":\"b\"}");
    let headers = signer.unwrap().sign(&body).unwrap();
    let acme = Delivery { path: "/acme", headers, body };
    assert_eq!(acme.send(to).await.status, 200);
    let line = serving.line().await;
    assert_eq!((line["endpoint"].as_str(), line["event_id"].as_str()), (Some("/acme"), Some("b")));
}

#[tokio::test]
async fn two_processes_on_one_redis_handle_each_event_once_and_one_may_be_killed() {
    let redis = RedisServer::start(&[]);
    let mut target = Target::start().await;
    let words = format!("--store {} --forward {}", redis.url(), target.url());
    let (first, second) = (processes::jupiter(&words).await, processes::jupiter(&words).await);

    // The first process has claimed the event when it is killed; it is not handled yet.
    let mut sender = TcpStream::connect(first.address()).await.unwrap();
    sender.write_all(&jupiter("in hand").to_bytes()).await.unwrap();
    let call = target.call().await;
    assert_eq!(call.event_id(), "in%20hand");
    let events = target.answer_all();

    let burst = |to: Vec<std::net::SocketAddr>, events: std::ops::Range<u32>| async move {
        let mut senders = JoinSet::new();
        for event in events {
            for copy in 0..50 {
                let to = to[copy % to.len()];
                let delivery = jupiter(&format!("evt_{event}"));
                senders.spawn(async move { while delivery.status(to).await != Some(200) {} });
            }
        }
        senders.join_all().await;
    };
    burst(vec![first.address(), second.address()], 0..20).await;
    first.signal(Signal::KILL);
    call.abandoned().await;

    let answered = jupiter("in hand").send(second.address()).await;
    assert_eq!(answered.status, 503);
    assert!(answered.headers.contains_key("retry-after"));
    burst(vec![second.address()], 0..40).await;
    let mut handled = events.borrow().clone();
    handled.sort_unstable();
    let mut expected: Vec<String> = (0..40).map(|event| format!("evt_{event}")).collect();
    expected.sort_unstable();
    assert_eq!(handled, expected);
}
