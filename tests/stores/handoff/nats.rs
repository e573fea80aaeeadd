//! A stream of JetStream on a real NATS server, with claims in a SQLite file.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType};
use async_nats::jetstream::{self, Context};
use countersign::queue::{HandedOff, HandoffErrorKind};
use countersign::store::{
    Attempt, ClaimOutcome, CompleteOutcome, Health, IdempotencyStore, ReleaseOutcome, RenewOutcome,
    StoreError,
};
use countersign::{EventKey, MemoryStore};
use countersign_nats::{JetStreamHandoff, StreamError};
use countersign_sqlite::SqliteStore;
use countersign_test_servers::{Fault, FaultProxy, NatsServer};
use tempfile::TempDir;

use super::queue::Queue;
use super::*;

pub(super) struct Nats {
    server: NatsServer,
    claims: TempDir,
}

const STREAM: &str = "WEBHOOKS";
const SUBJECT: &str = "webhooks.sample";

impl Queue for Nats {
    type Handoff = JetStreamHandoff<SqliteStore>;

    async fn new() -> Self {
        let server = NatsServer::start();
        create(&server.url(), kept()).await;
        Self { server, claims: TempDir::new().unwrap() }
    }

    async fn open(&self) -> JetStreamHandoff<SqliteStore> {
        handoff_at(&self.url(), &self.claims()).await
    }

    async fn messages(&self) -> Vec<Message> {
        messages(&self.url()).await
    }
}

impl Nats {
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    pub(super) fn claims(&self) -> PathBuf {
        self.claims.path().join("claims.db")
    }
}

/// Between the URL and the path of the claims.
pub(super) const CLAIMS: &str = "?claims=";

/// With a lease of a few seconds, which a process that is killed leaves behind.
pub(super) async fn handoff_at(url: &str, claims: &Path) -> JetStreamHandoff<SqliteStore> {
    let store = SqliteStore::open(claims).unwrap();
    let handoff = JetStreamHandoff::new(jetstream_at(url).await, SUBJECT, store).await.unwrap();
    handoff.with_deadline(Duration::from_secs(1))
}

async fn jetstream_at(url: &str) -> Context {
    let options = async_nats::ConnectOptions::new().connection_timeout(PATIENT);
    let mut jetstream = jetstream::new(options.connect(url).await.unwrap());
    jetstream.set_timeout(PATIENT);
    jetstream
}

fn kept() -> Config {
    Config {
        name: STREAM.to_owned(),
        subjects: vec!["webhooks.>".to_owned()],
        discard: DiscardPolicy::New,
        // Longer than any test takes.
        duplicate_window: Duration::from_secs(3600),
        ..Config::default()
    }
}

async fn create(url: &str, config: Config) {
    jetstream_at(url).await.create_stream(config).await.unwrap();
}

/// The messages of the stream, the oldest first.
async fn messages(url: &str) -> Vec<Message> {
    let stream = jetstream_at(url).await.get_stream(STREAM).await.unwrap();
    let state = &stream.cached_info().state;
    let mut messages = Vec::new();
    for sequence in state.first_sequence.max(1)..=state.last_sequence {
        let message = stream.get_raw_message(sequence).await.unwrap();
        messages.push(Message::parse(message.payload).unwrap());
    }
    messages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_an_acknowledgement_that_is_lost_the_retry_stores_no_second_message() {
    let queue = Nats::new().await;
    let proxy = FaultProxy::start(queue.server.address()).await;
    let url = format!("nats://{}", proxy.address());
    let layer = layer(handoff_at(&url, &queue.claims()).await);
    deliver_until_accepted(&layer, "evt_0").await;
    proxy.set(Fault::HalfOpen);
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("store_unavailable")));
    // The server has the message.
    assert_eq!(ids(&queue.messages().await), ["evt_0", "evt_1"]);

    let other = self::layer(queue.open().await);
    let response = deliver(&other, "evt_1").await;
    assert_eq!(result(&response), (202, None));
    // The server has ignored the second one; outside of the window it would be marked.
    assert!(response.extensions().get::<HandedOff>().unwrap().possible_duplicate);
    assert_eq!(result(&deliver(&other, "evt_1").await), (200, Some("duplicate")));
    assert_eq!(ids(&queue.messages().await), ["evt_0", "evt_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_of_the_window_the_second_message_is_marked() {
    let queue = Nats::new().await;
    let layer = layer(queue.open().await);
    assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
    // As if the acknowledgement and the record had been lost, and the window had passed.
    let stream = jetstream_at(&queue.server.url()).await;
    stream.delete_stream(STREAM).await.unwrap();
    create(&queue.server.url(), kept()).await;
    let store = MemoryStore::new();
    released(&store).await;
    let other = JetStreamHandoff::new(stream, SUBJECT, store).await.unwrap();
    assert_eq!(result(&deliver(&self::layer(other), "evt_1").await), (202, None));
    let messages = queue.messages().await;
    assert_eq!((messages[0].attempt(), messages[0].possible_duplicate()), (2, true));
}

/// Claims the event of `evt_1`, and releases it, as after a publication without an acknowledgement.
async fn released(store: &MemoryStore) {
    let receiver = HandoffReceiver::new(verifier(), Unused);
    let (parts, body) = request("evt_1").into_parts();
    let body = http_body_util::BodyExt::collect(body).await.unwrap().to_bytes();
    let verified = receiver.verifier().verify(&parts.headers, body).unwrap();
    let none: [(&str, &[u8]); 0] = [];
    let event = receiver.delivery(&verified, ("POST", "/hooks"), none).unwrap().event;
    let attempt = Attempt::new(event.fingerprint, PATIENT, event.retention).unwrap();
    store.claim(&event.key, &attempt).await.unwrap();
    store.release(&event.key, &attempt).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_message_is_answered_202_although_its_event_cannot_be_recorded() {
    let queue = Nats::new().await;
    let jetstream = jetstream_at(&queue.server.url()).await;
    let store = NotRecording(MemoryStore::new());
    let layer = layer(JetStreamHandoff::new(jetstream, SUBJECT, store).await.unwrap());
    assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
    // Held until the end of its lease.
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("in_flight")));
    assert_eq!(ids(&queue.messages().await), ["evt_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_202_survives_a_kill_of_the_server() {
    let mut queue = Nats::new().await;
    let layer = layer(queue.open().await);
    let accepted = accepted_during_kills(&layer, (3, 50), || queue.server.restart()).await;
    let stored = queue.messages().await;
    let mut stored = ids(&stored);
    stored.sort_unstable();
    assert_eq!(stored, accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_respond_is_answered_503_and_the_retry_finds_out() {
    let queue = Nats::new().await;
    let layer = layer(queue.open().await.with_deadline(Duration::from_millis(250)));
    deliver_until_accepted(&layer, "evt_0").await;
    queue.server.stop();
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("store_unavailable")));
    queue.server.cont();
    assert_eq!(deliver_until_accepted(&layer, "evt_1").await, 202);
    assert_eq!(ids(&queue.messages().await), ["evt_0", "evt_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_stream_is_answered_503_until_a_worker_has_deleted_a_message() {
    let queue = Nats::new().await;
    let jetstream = jetstream_at(&queue.server.url()).await;
    jetstream.update_stream(&Config { max_messages: 2, ..kept() }).await.unwrap();
    let layer = layer(queue.open().await);
    for (id, expected) in [("evt_1", 202), ("evt_2", 202), ("evt_1", 200), ("evt_3", 503)] {
        assert_eq!(deliver(&layer, id).await.status(), expected, "{id}");
    }
    assert_eq!(result(&deliver(&layer, "evt_3").await), (503, Some("store_full")));
    jetstream.get_stream(STREAM).await.unwrap().delete_message(1).await.unwrap();
    assert_eq!(result(&deliver(&layer, "evt_3").await), (202, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_without_a_stream_and_a_message_that_is_too_large_are_rejected() {
    let queue = Nats::new().await;
    let handoff = queue.open().await;
    let large = format!(r#"{{"id":"evt_1","text":"{}"}}"#, "x".repeat((1 << 20) - 40));
    let layer = layer(handoff.clone());
    let response = send(&layer, request_with(&large)).await;
    assert_eq!(result(&response), (503, Some("store_unavailable")));
    let jetstream = jetstream_at(&queue.server.url()).await;
    jetstream.delete_stream(STREAM).await.unwrap();
    let error = hand_off(handoff).await.unwrap_err();
    assert_eq!(error.kind(), HandoffErrorKind::NotAccepted);
    assert!(error.source().unwrap().to_string().contains("no stream"), "{error:?}");
    create(&queue.server.url(), kept()).await;
    // It is not held.
    assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_missing_or_loses_messages_is_an_error_at_start_up() {
    let server = NatsServer::start();
    let jetstream = jetstream_at(&server.url()).await;
    let open = async || {
        JetStreamHandoff::new(jetstream.clone(), SUBJECT, MemoryStore::new()).await.unwrap_err()
    };
    let missing = open().await;
    assert!(matches!(missing, StreamError::Missing { .. }), "{missing:?}");
    create(&server.url(), Config { storage: StorageType::Memory, ..kept() }).await;
    let lossy = open().await;
    assert!(lossy.to_string().contains("`WEBHOOKS`") && lossy.to_string().contains("`file`"));
}

/// A store whose completions are lost.
struct NotRecording(MemoryStore);

impl IdempotencyStore for NotRecording {
    async fn claim(&self, key: &EventKey, attempt: &Attempt) -> Result<ClaimOutcome, StoreError> {
        self.0.claim(key, attempt).await
    }

    async fn complete(&self, _: &EventKey, _: &Attempt) -> Result<CompleteOutcome, StoreError> {
        Err(StoreError::unknown_effect("lost"))
    }

    async fn renew(&self, key: &EventKey, attempt: &Attempt) -> Result<RenewOutcome, StoreError> {
        self.0.renew(key, attempt).await
    }

    async fn release(
        &self,
        key: &EventKey,
        attempt: &Attempt,
    ) -> Result<ReleaseOutcome, StoreError> {
        self.0.release(key, attempt).await
    }

    async fn forget(&self, key: &EventKey) -> Result<bool, StoreError> {
        self.0.forget(key).await
    }

    async fn probe(&self) -> Result<Health, StoreError> {
        self.0.probe().await
    }
}

/// Only for the events of a receiver.
struct Unused;

impl Handoff for Unused {
    async fn hand_off(
        &self,
        _: &countersign::queue::HandoffDelivery,
    ) -> Result<HandoffOutcome, HandoffError> {
        Err(HandoffErrorKind::Unavailable.into())
    }
}
