//! `InboxLayer`: which responses commit, and what cannot be cancelled.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use countersign::Grant;
use countersign::inbox::{
    InboxDatabase, InboxError, InboxEvent, InboxReceiver, InboxRow, InboxTransaction,
    TransactionSlot,
};
use countersign::tower::{InboxLayer, ResponseBody};
use countersign_sqlite::{SqliteInboxConnection, SqliteTransaction};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::sync::Notify;
use tower::{Layer, ServiceExt, service_fn};

use super::database::{Database, Open};
use super::sqlite::Sqlite;
use super::*;

pub(super) type Body = Full<bytes::Bytes>;
pub(super) type Answer = Response<ResponseBody<()>>;

/// A signed request of the event with this id.
pub(super) fn request(id: &str) -> Request<Body> {
    let body = format!(r#"{{"id":"{id}"}}"#);
    let signer = Signer::new(scheme("body:/id"), secret()).unwrap();
    let mut request = Request::post("/hooks");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    request.body(Full::from(body)).unwrap()
}

pub(super) fn status(status: u16) -> Result<Response<()>, Infallible> {
    Ok(Response::builder().status(status).body(()).unwrap())
}

pub(super) fn code(response: &Answer) -> Option<&str> {
    response.extensions().get::<EarlyResponse>().map(EarlyResponse::code)
}

/// Takes the transaction and books the event in it.
async fn booked<D: Database>(request: Request<Body>) -> InboxTransaction<Open<D>> {
    let slot = request.extensions().get::<TransactionSlot<Open<D>>>().unwrap();
    let event = request.extensions().get::<Verified>().unwrap().event_id().to_owned();
    let mut tx = slot.take().unwrap();
    D::book(&mut tx, &event).await;
    tx
}

pub(super) async fn deliver<D, F>(
    layer: &InboxLayer<D>,
    id: &str,
    handler: impl Fn(Request<Body>) -> F + Clone + Send + 'static,
) -> Answer
where
    D: InboxDatabase,
    F: Future<Output = Result<Response<()>, Infallible>> + Send + 'static,
{
    layer.layer(service_fn(handler)).oneshot(request(id)).await.unwrap()
}

fn layer<D: Database>(database: &D) -> InboxLayer<D::Inbox> {
    InboxLayer::new(InboxReceiver::new(verifier(), database.inbox()))
}

on_each_database!(
    a_success_is_committed_and_a_failure_rolled_back,
    a_forged_delivery_reaches_neither_the_handler_nor_the_database,
    a_panic_is_rolled_back,
    a_handler_that_keeps_the_transaction_commits_nothing,
    a_client_that_disconnects_does_not_stop_the_handler,
    a_layer_that_is_applied_twice_claims_once,
);

async fn a_success_is_committed_and_a_failure_rolled_back<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    let answers = |answer: u16| {
        move |request: Request<Body>| async move {
            drop(booked::<D>(request).await);
            status(answer)
        }
    };
    for failure in [500, 503, 404, 302] {
        assert_eq!(deliver(&layer, "a", answers(failure)).await.status(), failure);
        assert_eq!(database.counts().await, [0, 0, 0], "{failure}");
    }
    let response = deliver(&layer, "a", answers(201)).await;
    assert_eq!((response.status(), code(&response)), (StatusCode::CREATED, None));
    assert_eq!(database.counts().await, [1, 1, 1]);
    let response = deliver(&layer, "a", answers(201)).await;
    assert_eq!((response.status(), code(&response)), (StatusCode::OK, Some("duplicate")));
    assert_eq!(database.counts().await, [1, 1, 1]);
}

async fn a_forged_delivery_reaches_neither_the_handler_nor_the_database<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    let mut forged = request("a");
    *forged.body_mut() = Full::from(r#"{"id":"b"}"#);
    let service = layer.layer(service_fn(|_| async { status(204) }));
    assert_eq!(service.oneshot(forged).await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(database.counts().await, [0, 0, 0]);
}

async fn a_panic_is_rolled_back<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    for _ in 0..2 {
        let response = deliver(&layer, "a", |request| async move {
            let _tx = booked::<D>(request).await;
            panic!("with the transaction open");
        });
        assert_eq!(code(&response.await), Some("handler_failed"));
    }
    let response = deliver(&layer, "a", |request| async move {
        drop(booked::<D>(request).await);
        status(204)
    });
    assert_eq!(response.await.status(), StatusCode::NO_CONTENT);
    assert_eq!(database.counts().await, [1, 1, 1]);
}

async fn a_handler_that_keeps_the_transaction_commits_nothing<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    let response = deliver(&layer, "a", |request| async move {
        let tx = booked::<D>(request).await;
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(tx);
        });
        status(204)
    });
    assert_eq!(code(&response.await), Some("handler_failed"));
    // The event is in flight, or the next transaction cannot begin, until the task has dropped it.
    let mut response = deliver(&layer, "a", |_| async { status(204) }).await;
    while response.status() == StatusCode::SERVICE_UNAVAILABLE {
        tokio::time::sleep(Duration::from_millis(5)).await;
        response = deliver(&layer, "a", |_| async { status(204) }).await;
    }
    assert_eq!((response.status(), code(&response)), (StatusCode::NO_CONTENT, None));
    assert_eq!(database.counts().await, [1, 0, 0]);
}

async fn a_client_that_disconnects_does_not_stop_the_handler<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    let (started, proceed) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let signals = (Arc::clone(&started), Arc::clone(&proceed));
    let service = layer.layer(service_fn(move |request: Request<Body>| {
        let (started, proceed) = signals.clone();
        async move {
            drop(booked::<D>(request).await);
            started.notify_one();
            proceed.notified().await;
            status(204)
        }
    }));
    let mut response = Box::pin(service.oneshot(request("a")));
    tokio::select! {
        _ = &mut response => panic!("the handler waits"),
        () = started.notified() => drop(response),
    }
    proceed.notify_one();
    layer.drain().await;
    assert_eq!(database.counts().await, [1, 1, 1]);
}

async fn a_layer_that_is_applied_twice_claims_once<D: Database>() {
    let database = D::new().await;
    let layer = layer(&database);
    let service = layer.layer(service_fn(|request: Request<Body>| async move {
        assert!(!request.extensions().get::<Grant>().unwrap().possible_duplicate);
        drop(booked::<D>(request).await);
        status(204)
    }));
    let response = layer.layer(service).oneshot(request("a")).await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(database.counts().await, [1, 1, 1]);
}

/// The reply to its commits is lost: it says so whether it has committed or not.
struct LostReply {
    database: SqliteInboxConnection,
    commits: bool,
}

impl InboxDatabase for LostReply {
    type Transaction = SqliteTransaction;

    async fn begin(&self) -> Result<SqliteTransaction, InboxError> {
        self.database.begin().await
    }

    async fn claim(
        &self,
        transaction: &mut SqliteTransaction,
        event: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        self.database.claim(transaction, event).await
    }

    async fn commit(&self, transaction: SqliteTransaction) -> Result<(), InboxError> {
        match self.commits {
            true => self.database.commit(transaction).await?,
            false => self.database.roll_back(transaction).await,
        }
        Err(InboxErrorKind::CommitUnknown.into())
    }

    async fn roll_back(&self, transaction: SqliteTransaction) {
        self.database.roll_back(transaction).await;
    }
}

#[tokio::test]
async fn after_a_commit_without_a_reply_the_retry_finds_out() {
    for commits in [true, false] {
        let database = Sqlite::create();
        let lossy = LostReply { database: database.inbox(), commits };
        let lossy = InboxLayer::new(InboxReceiver::new(verifier(), lossy));
        let handler = |request: Request<Body>| async move {
            drop(booked::<Sqlite>(request).await);
            status(204)
        };
        let response = deliver(&lossy, "a", handler).await;
        assert_eq!(
            (response.status(), code(&response)),
            (503.try_into().unwrap(), Some("store_unavailable"))
        );
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(database.counts().await, [usize::from(commits); 3]);
        let retry = deliver(&layer(&database), "a", handler).await;
        assert_eq!(retry.status(), if commits { 200 } else { 204 });
        assert_eq!(database.counts().await, [1, 1, 1]);
    }
}

/// A pool of two connections whose driver leaves a connection inside of a transaction if the future
/// that begins it is dropped.
#[derive(Clone, Default)]
struct Leaky(Arc<LeakyPool>);

#[derive(Default)]
struct LeakyPool {
    inside: [AtomicUsize; 2],
    next: AtomicUsize,
}

struct LeakyTransaction(Leaky, usize);

impl Leaky {
    /// Sends `BEGIN`, and waits for the reply.
    async fn begin_slowly(&self, polls: usize) -> LeakyTransaction {
        let connection = self.0.next.fetch_add(1, Ordering::SeqCst) % 2;
        self.0.inside[connection].fetch_add(1, Ordering::SeqCst);
        for _ in 0..polls {
            tokio::task::yield_now().await;
        }
        LeakyTransaction(self.clone(), connection)
    }

    fn inside(&self) -> usize {
        self.0.inside.iter().map(|inside| inside.load(Ordering::SeqCst)).sum()
    }
}

impl Drop for LeakyTransaction {
    fn drop(&mut self) {
        self.0.0.inside[self.1].fetch_sub(1, Ordering::SeqCst);
    }
}

impl InboxDatabase for Leaky {
    type Transaction = LeakyTransaction;

    async fn begin(&self) -> Result<LeakyTransaction, InboxError> {
        Ok(self.begin_slowly(5).await)
    }

    async fn claim(
        &self,
        _: &mut LeakyTransaction,
        _: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        Ok(InboxRow::Inserted)
    }

    async fn commit(&self, _: LeakyTransaction) -> Result<(), InboxError> {
        Ok(())
    }

    async fn roll_back(&self, _: LeakyTransaction) {}
}

/// Polls a future some times, and drops it, as a server does if the client disconnects.
pub(super) async fn disconnect(future: impl Future, polls: usize) {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        let ended = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
        if ended {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_thousand_disconnects_during_begin_leave_no_connection_inside_of_a_transaction() {
    let database = Leaky::default();
    let layer = InboxLayer::new(InboxReceiver::new(verifier(), database.clone()));
    for round in 0..1_000 {
        let service = layer.layer(service_fn(|_: Request<Body>| async { status(204) }));
        disconnect(service.oneshot(request(&round.to_string())), 1 + round % 5).await;
    }
    layer.drain().await;
    assert_eq!(database.inside(), 0);

    // A handler that begins its transaction itself is cancelled with its client.
    for round in 0..1_000 {
        disconnect(database.begin_slowly(5), 1 + round % 5).await;
    }
    assert_eq!(database.inside(), 1_000);
}

/// A database that begins no transaction before the test lets it.
#[derive(Clone)]
struct Slow(Leaky, Arc<Notify>);

impl InboxDatabase for Slow {
    type Transaction = LeakyTransaction;

    async fn begin(&self) -> Result<LeakyTransaction, InboxError> {
        let transaction = self.0.begin_slowly(0).await;
        self.1.notified().await;
        Ok(transaction)
    }

    async fn claim(
        &self,
        _: &mut LeakyTransaction,
        _: &InboxEvent,
    ) -> Result<InboxRow, InboxError> {
        Ok(InboxRow::Inserted)
    }

    async fn commit(&self, _: LeakyTransaction) -> Result<(), InboxError> {
        panic!("the handler was not called")
    }

    async fn roll_back(&self, _: LeakyTransaction) {}
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_begins_too_late_is_rolled_back() {
    let database = Slow(Leaky::default(), Arc::new(Notify::new()));
    let layer = InboxLayer::new(InboxReceiver::new(verifier(), database.clone()));
    let response = deliver(&layer, "a", |_| async { panic!("the sender's deadline has passed") });
    let response = response.await;
    assert_eq!((response.status().as_u16(), code(&response)), (503, Some("busy")));
    assert_eq!(database.0.inside(), 1);
    database.1.notify_one();
    layer.drain().await;
    assert_eq!(database.0.inside(), 0);
}
