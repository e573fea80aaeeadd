//! Concurrent identical deliveries over real sockets: the handler runs once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use countersign::MemoryStore;
use countersign::store::IdempotencyStore;
use countersign_redis::{RedisConfig, RedisStore};
use countersign_test_servers::RedisServer;
use http::header::RETRY_AFTER;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::{JoinSet, yield_now};

use crate::adapters::sockets::Server;
use crate::harness::Handler;
use crate::harness::axum::{Open, claiming};
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::Delivery;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_identical_deliveries_at_once_are_handled_once_on_memory() {
    for open in claiming() {
        handle_once(open, MemoryStore::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_identical_deliveries_at_once_are_handled_once_on_redis() {
    for open in claiming() {
        let server = RedisServer::start(&[]);
        // The default deadline is too short on a busy machine.
        let config = RedisConfig::new(&server.url()).unwrap();
        let config = config.with_deadline(Duration::from_secs(30));
        handle_once(open, RedisStore::connect_with(config).await.unwrap()).await;
    }
}

async fn handle_once<S: IdempotencyStore>(open: Open<S>, store: S) {
    let runs = Runs::default();
    let adapter = open(&receiver(store), &runs.counting_handler());
    let server = Server::start(adapter.app.clone()).await;
    let client = Client::builder(TokioExecutor::new()).build_http();
    let rounds: Vec<_> = (1..=ROUNDS).map(event).collect();
    for (round, delivery) in rounds.iter().enumerate() {
        let answers = at_once(&client, server.address, delivery).await;
        let handled = answers.iter().filter(|answer| answer.body == HANDLED).count();
        assert_eq!(handled, 1, "{adapter}, round {round}: {answers:?}");
        for answer in &answers {
            match answer.status {
                200 => {
                    assert!([HANDLED, ""].contains(&answer.body.as_str()), "{adapter}: {answer:?}");
                }
                503 => assert!(answer.retry_after, "{adapter}: {answer:?}"),
                _ => panic!("{adapter}, round {round}: {answer:?}"),
            }
        }
    }
    let runs = runs.0.lock().unwrap();
    assert_eq!(runs.len(), ROUNDS, "{adapter}");
    assert!(runs.values().all(|times| *times == 1), "{adapter}: {runs:?}");
}

/// How often the handler was called for each event.
#[derive(Clone, Default)]
struct Runs(Arc<Mutex<HashMap<String, u32>>>);

impl Runs {
    fn counting_handler(&self) -> Handler {
        let runs = self.clone();
        Handler::new(move |verified, _| {
            *runs.0.lock().unwrap().entry(verified.event_id().to_owned()).or_default() += 1;
            async {
                // Gives the other deliveries time to find the event in flight.
                for _ in 0..100 {
                    yield_now().await;
                }
                HANDLED
            }
        })
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    retry_after: bool,
    body: String,
}

type Pool = Client<HttpConnector, Full<Bytes>>;

async fn at_once(client: &Pool, address: SocketAddr, delivery: &Delivery) -> Vec<Answer> {
    let mut asked = JoinSet::new();
    for _ in 0..DELIVERIES {
        let mut request = Request::post(format!("http://{address}/"));
        for (name, value) in &delivery.headers {
            request = request.header(name, value.as_slice());
        }
        let request = request.body(Full::from(delivery.body.clone())).unwrap();
        let answer = client.request(request);
        asked.spawn(async move { read(answer.await.unwrap()).await });
    }
    asked.join_all().await
}

async fn read(response: Response<Incoming>) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response.headers().contains_key(RETRY_AFTER);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Answer { status, retry_after, body: String::from_utf8(body.to_vec()).unwrap() }
}

const ROUNDS: usize = 200;
const DELIVERIES: usize = 50;
const HANDLED: &str = "handled";
