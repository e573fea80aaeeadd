//! The full path through `WebhookMiddleware`: the handler's task, deadline and
//! lease, and how a server shuts down.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BodyStream;
use actix_web::dev::Service;
use actix_web::error::{ErrorBadGateway, ErrorUnprocessableEntity};
use actix_web::http::StatusCode;
use actix_web::web::{ReqData, post, resource};
use actix_web::{Error, HttpResponse};
use countersign::actix::WebhookMiddleware;
use countersign::outcome::Verdict;
use countersign::store::IdempotencyStore;
use countersign::{Endpoint, EventKey, Grant, MemoryStore, Receiver};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep, timeout};

use super::app::{LocalApp, local, pieces};
use super::server::Server;
use crate::adapters::sockets::{head, length};
use crate::whole_path::events::{event, receiver, receiver_with};
use fixtures::delivery::{NOW_MS, scheme, verifier};
use fixtures::faulty_store::{Fault, FaultyStore};

#[tokio::test(start_paused = true)]
async fn a_handler_need_not_be_send_and_is_called_once_for_each_event() {
    let handled = Rc::new(RefCell::new(Vec::new()));
    let on_event = {
        let handled = Rc::clone(&handled);
        move |grant: ReqData<Grant>| {
            let handled = Rc::clone(&handled);
            async move {
                sleep(Duration::from_secs(1)).await;
                handled.borrow_mut().push(grant.attempt);
                HttpResponse::Created().insert_header(("x-own", "1")).body("done")
            }
        }
    };
    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver(MemoryStore::new()));
            config.service(resource("/").wrap(webhook).route(post().to(on_event)));
        })
        .await;
        let first = app.deliver(&event(1)).await;
        assert_eq!((first.status, first.code, &first.body[..]), (201, None, &b"done"[..]));
        assert_eq!(first.proved.as_deref(), Some("1"));
        let repeat = app.deliver(&event(1)).await;
        assert_eq!(repeat.answer(), (200, Some("duplicate")));
        assert_eq!(repeat.proved.as_deref(), Some("1"));
        assert_eq!(*handled.borrow(), [1]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_500_and_releases_the_event_wherever_it_happens() {
    async fn panics(grant: ReqData<Grant>) -> HttpResponse {
        assert!(grant.attempt > 1, "intended panic of the first attempt");
        HttpResponse::Ok().finish()
    }

    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver(MemoryStore::new()));
            config.service(resource("/").wrap(webhook).route(post().to(panics)));
            let webhook = WebhookMiddleware::new(receiver(MemoryStore::new()));
            let when_called = resource("/called").route(post().to(HttpResponse::Ok));
            let when_called = when_called.wrap_fn(|request, service| {
                let grant = actix_web::HttpMessage::extensions(&request).get::<Grant>().copied();
                assert!(grant.unwrap().attempt > 1, "intended panic of the first call");
                service.call(request)
            });
            config.service(when_called.wrap(webhook));
        })
        .await;
        for path in ["/", "/called"] {
            let sent = || super::app::request(&event(1)).uri(path).set_payload(event(1).body);
            let panicked = app.answer(sent()).await;
            assert_eq!(panicked.answer(), (500, Some("handler_failed")), "{path}");
            assert_eq!(panicked.proved.as_deref(), Some("1"), "{path}");
            assert!(panicked.was_error, "{path}");
            assert_eq!(app.answer(sent()).await.status, 200, "{path}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_is_passed_on_and_settled_by_its_status() {
    let fails = |error: fn(&'static str) -> Error| {
        move |grant: ReqData<Grant>| async move {
            match grant.attempt {
                1 => Err(error("the handler's own body")),
                epoch => Ok(epoch.to_string()),
            }
        }
    };
    let receiver = || {
        receiver(MemoryStore::new()).with_outcome_rule(|status| match status {
            200 | 422 => Verdict::Complete,
            _ => Verdict::Release,
        })
    };
    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver());
            let hook = resource("/released").route(post().to(fails(ErrorBadGateway)));
            config.service(hook.wrap(webhook));
            let webhook = WebhookMiddleware::new(receiver());
            let hook = resource("/done").route(post().to(fails(ErrorUnprocessableEntity)));
            config.service(hook.wrap(webhook));
            let webhook = WebhookMiddleware::new(receiver());
            let hook = resource("/in-front").route(post().to(HttpResponse::Ok));
            let hook = hook.wrap_fn(|request, service| {
                let grant = actix_web::HttpMessage::extensions(&request).get::<Grant>().copied();
                let answered = service.call(request);
                async move {
                    let response = answered.await?;
                    match grant.unwrap().attempt {
                        1 => Err(ErrorBadGateway("the handler's own body")),
                        _ => Ok(response),
                    }
                }
            });
            config.service(hook.wrap(webhook));
        })
        .await;
        for (path, status, again) in [
            ("/released", 502, (200, None)),
            ("/done", 422, (200, Some("duplicate"))),
            ("/in-front", 502, (200, None)),
        ] {
            let sent = || super::app::request(&event(1)).uri(path).set_payload(event(1).body);
            let failed = app.answer(sent()).await;
            assert_eq!((failed.status, failed.code), (status, None), "{path}");
            assert_eq!(failed.body, "the handler's own body", "{path}");
            assert_eq!(failed.proved.as_deref(), Some("1"), "{path}");
            assert_eq!(failed.was_error, path == "/in-front");
            let repeat = app.answer(sent()).await;
            assert_eq!((repeat.status, repeat.code), again, "{path}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_past_its_deadline_is_answered_503_and_still_completes_its_event() {
    let way_out = Arc::new(Semaphore::new(0));
    let middleware = WebhookMiddleware::new(receiver(MemoryStore::new()));
    local(async {
        let app = LocalApp::new(|config| {
            let hook = resource("/").route(post().to(waits_for(&way_out)));
            config.service(hook.wrap(middleware.clone()));
        })
        .await;
        let began = Instant::now();
        let late = app.deliver(&event(1)).await;
        assert_eq!(late.answer(), (503, Some("handler_timeout")));
        assert_eq!(late.proved.as_deref(), Some("1"));
        // Jupiter waits for 5 s, and part of that is for sending the response.
        let after = began.elapsed().as_millis();
        assert!((4400..4600).contains(&after), "{after} ms");

        assert!(timeout(Duration::from_secs(3600), middleware.drain()).await.is_err());
        way_out.close();
        middleware.drain().await;
        assert_eq!(app.deliver(&event(1)).await.answer(), (200, Some("duplicate")));
        // After draining, it still receives.
        assert_eq!(app.deliver(&event(2)).await.status, 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_while_streaming_the_response_does_not_change_the_outcome() {
    async fn streams() -> HttpResponse {
        let broken = Err(actix_web::error::PayloadError::Incomplete(None));
        HttpResponse::Ok().body(BodyStream::new(pieces([Ok("half".into()), broken])))
    }

    let store = MemoryStore::new();
    let middleware = WebhookMiddleware::new(receiver(store.clone()));
    local(async {
        let app =
            actix_web::App::new().service(resource("/").wrap(middleware).route(post().to(streams)));
        let app = actix_web::test::init_service(app).await;
        let sent = super::app::request(&event(1)).set_payload(event(1).body).to_request();
        let answered = app.call(sent).await.unwrap();
        assert_eq!(answered.status(), StatusCode::OK);
        assert_eq!((store.live(), store.len()), (0, 1));
        assert!(actix_web::body::to_bytes(answered.into_body()).await.is_err());
        assert_eq!((store.live(), store.len()), (0, 1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_a_claim_is_answered_503_at_the_deadline() {
    let store = FaultyStore::new(MemoryStore::new());
    store.fail_next("claim", &[Fault::Hangs]);
    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver(store));
            config.service(resource("/").wrap(webhook).route(post().to(HttpResponse::Ok)));
        })
        .await;
        assert_eq!(app.deliver(&event(1)).await.answer().0, 503);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_while_its_handler_runs() {
    // A lease lasts for 30 s.
    let receiver = patient(FaultyStore::new(with_tokio_clock()));
    // Renewals start early enough for one of them to fail.
    receiver.store().fail_next("renew", &[Fault::NotApplied]);
    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver.clone());
            config.service(resource("/").wrap(webhook).route(post().to(takes_ten_minutes)));
        })
        .await;
        let slow = spawn_local({
            let app = app.clone();
            async move { app.deliver(&event(1)).await }
        });
        for _ in 0..5 {
            sleep(Duration::from_secs(100)).await;
            assert_eq!(app.deliver(&event(1)).await.code, Some("in_flight"));
        }
        assert_eq!(slow.await.unwrap().status, 200);
        assert_eq!(app.deliver(&event(1)).await.code, Some("duplicate"));
    })
    .await;
    let counters = receiver.counters();
    assert_eq!((counters.leases_lost, counters.late_completions), (0, 0));
    assert!((50..=60).contains(&receiver.store().asked_of("renew")));
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_not_renewed_and_its_handler_still_finishes() {
    let receiver = patient(FaultyStore::new(with_tokio_clock()));
    local(async {
        let app = LocalApp::new(|config| {
            let webhook = WebhookMiddleware::new(receiver.clone());
            config.service(resource("/").wrap(webhook).route(post().to(takes_ten_minutes)));
        })
        .await;
        let slow = spawn_local(async move { app.deliver(&event(1)).await });
        sleep(Duration::from_secs(1)).await;
        let verified = event(1).verify(receiver.verifier()).unwrap();
        let key = EventKey::of(&verified, &Endpoint::new("test"));
        assert!(receiver.store().forget(&key).await.unwrap());
        assert_eq!(slow.await.unwrap().status, 200);
    })
    .await;
    let counters = receiver.counters();
    // The store has forgotten the event, and no other attempt handled it.
    assert_eq!((counters.leases_lost, counters.late_completions), (1, 0));
    assert_eq!(receiver.store().asked_of("renew"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_success_is_answered_as_one_while_its_record_cannot_be_written() {
    for fault in [Fault::NotApplied, Fault::ReplyLost, Fault::Hangs] {
        let store = FaultyStore::new(MemoryStore::new());
        store.fail_next("complete", &[fault, fault]);
        local(async {
            let app = LocalApp::new(|config| {
                let webhook = WebhookMiddleware::new(receiver(store));
                config.service(resource("/").wrap(webhook).route(post().to(HttpResponse::Created)));
            })
            .await;
            let began = Instant::now();
            let handled = app.deliver(&event(1)).await;
            assert_eq!((handled.status, handled.code), (201, None), "{fault:?}");
            assert!(began.elapsed() < Duration::from_secs(5), "{fault:?}: after the deadline");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_setting_makes_it_panic_or_spin() {
    async fn takes_a_second() -> HttpResponse {
        sleep(Duration::from_secs(1)).await;
        HttpResponse::Ok().finish()
    }
    async fn never_ends() -> HttpResponse {
        pending().await
    }

    local(async {
        for extreme in [Duration::ZERO, Duration::MAX] {
            let app = LocalApp::new(|config| {
                let verifier = verifier(&scheme("jupiter")).with_body_timeout(extreme);
                let receiver = receiver_with(verifier, MemoryStore::new()).with_lease(extreme);
                let webhook = WebhookMiddleware::new(receiver);
                config.service(resource("/").wrap(webhook).route(post().to(takes_a_second)));
            })
            .await;
            assert_eq!(app.deliver(&event(1)).await.status, 200, "{extreme:?}");
        }
        let app = LocalApp::new(|config| {
            let hasty = receiver(MemoryStore::new()).with_ack_deadline(Duration::ZERO);
            let webhook = WebhookMiddleware::new(hasty);
            config.service(resource("/hasty").wrap(webhook).route(post().to(never_ends)));
            let patient = receiver(MemoryStore::new()).with_ack_deadline(Duration::MAX);
            let webhook = WebhookMiddleware::new(patient);
            config.service(resource("/patient").wrap(webhook).route(post().to(takes_a_second)));
        })
        .await;
        for (path, status) in [("/hasty", 503), ("/patient", 200)] {
            let sent = super::app::request(&event(1)).uri(path).set_payload(event(1).body);
            assert_eq!(app.answer(sent).await.status, status, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_drained_before_it_stops_leaves_no_unfinished_events() {
    let context = TestContext::begin().await;
    context.server.handle.pause().await;
    let mut draining = Box::pin(context.middleware.drain());
    assert!(timeout(Duration::ZERO, &mut draining).await.is_err());
    context.way_out.close();
    timeout(PATIENCE, draining).await.unwrap();
    context.server.handle.stop(true).await;
    assert_eq!((context.store.live(), context.store.len()), (0, 1));
}

#[tokio::test]
async fn the_events_of_handlers_that_stop_with_their_worker_are_released() {
    let context = TestContext::begin().await;
    // The client has disconnected, so the server has no connection to wait for.
    context.server.handle.stop(true).await;
    let given_back = async {
        while context.receiver.counters().releases_retried == 0 {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, given_back).await.unwrap();
    assert_eq!(context.store.live(), 0);
}

/// A server whose handler waits until it is released, and whose client has
/// disconnected.
struct TestContext {
    middleware: WebhookMiddleware<MemoryStore>,
    receiver: Receiver<MemoryStore>,
    store: MemoryStore,
    way_out: Arc<Semaphore>,
    server: Server,
}

impl TestContext {
    async fn begin() -> Self {
        let store = MemoryStore::new();
        let receiver = receiver(store.clone()).with_ack_deadline(Duration::from_secs(3600));
        let middleware = WebhookMiddleware::new(receiver.clone());
        let inside = Arc::new(Semaphore::new(0));
        let way_out = Arc::new(Semaphore::new(0));
        let on_event = {
            let (inside, way_out) = (Arc::clone(&inside), Arc::clone(&way_out));
            move || {
                let (inside, way_out) = (Arc::clone(&inside), Arc::clone(&way_out));
                async move {
                    inside.add_permits(1);
                    // A closed semaphore lets the handler continue.
                    let _ = way_out.acquire().await;
                    HttpResponse::Ok().finish()
                }
            }
        };
        let server = Server::start({
            let middleware = middleware.clone();
            move |config| {
                let hook = resource("/").route(post().to(on_event.clone()));
                config.service(hook.wrap(middleware.clone()));
            }
        });
        let delivery = event(1);
        let wire = [head(&delivery, &length(&delivery.body)), delivery.body].concat();
        let mut sender = TcpStream::connect(server.address).await.unwrap();
        sender.write_all(&wire).await.unwrap();
        inside.acquire().await.unwrap().forget();
        sender.set_zero_linger().unwrap();
        drop(sender);
        Self { middleware, receiver, store, way_out, server }
    }
}

/// A handler that waits until it is released.
fn waits_for(
    way_out: &Arc<Semaphore>,
) -> impl Fn() -> std::pin::Pin<Box<dyn Future<Output = HttpResponse>>> + Clone + use<> {
    let way_out = Arc::clone(way_out);
    move || {
        let way_out = Arc::clone(&way_out);
        Box::pin(async move {
            // A closed semaphore lets the handler continue.
            let _ = way_out.acquire().await;
            HttpResponse::Ok().finish()
        })
    }
}

async fn takes_ten_minutes() -> HttpResponse {
    sleep(Duration::from_secs(600)).await;
    HttpResponse::Ok().finish()
}

/// A receiver whose handlers have an hour.
fn patient<S: IdempotencyStore>(store: S) -> Receiver<S> {
    receiver(store).with_ack_deadline(Duration::from_secs(3600))
}

/// A store with a fixed clock, which is advanced together with the runtime's
/// time.
fn with_tokio_clock() -> MemoryStore {
    let start = Instant::now();
    MemoryStore::new()
        .with_clock(move || NOW_MS + i64::try_from(start.elapsed().as_millis()).unwrap())
}

const PATIENCE: Duration = Duration::from_secs(20);
