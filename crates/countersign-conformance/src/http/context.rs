//! The context of a case.

use std::fmt::Debug;
use std::panic::Location;
use std::sync::{Mutex, PoisonError};

use countersign_core::{ConfigError, StoreError, Verified, VerifyError};

use super::adapter::{HttpEndpoint, Open, RunningServer};
use super::answer::Answer;
use super::connection::Connection;
use super::http2::Http2;
use super::request::Request;
use super::script::HandlerScript;
use super::store::TestStore;

/// Starts servers, and records their responses.
pub(super) struct TestContext<'d> {
    under_test: &'d dyn Open,
    answers: Mutex<Vec<Answer>>,
}

/// The result of a case.
pub(super) type TestResult = Result<(), Failure>;

/// What the adapter did, and what it should have done.
#[derive(Debug)]
pub(super) struct Failure(pub(super) String);

impl<'d> TestContext<'d> {
    pub(super) fn new(under_test: &'d dyn Open) -> Self {
        Self { under_test, answers: Mutex::default() }
    }

    pub(super) async fn open(&self, endpoint: HttpEndpoint) -> Server<'_> {
        let open = self.under_test.open(endpoint.clone()).await;
        let store = endpoint.receiver.store().clone();
        Server { scene: self, open, script: endpoint.script.clone(), store, endpoint }
    }

    /// Records a response for the transcript.
    pub(super) fn record(&self, answer: &Answer) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push(answer.clone());
    }

    pub(super) fn answers(&self) -> Vec<Answer> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running adapter.
pub(super) struct Server<'s> {
    scene: &'s TestContext<'s>,
    open: RunningServer,
    pub(super) script: HandlerScript,
    pub(super) store: TestStore,
    endpoint: HttpEndpoint,
}

impl Server<'_> {
    /// Sends a request on a separate connection, and records the response in
    /// the transcript.
    pub(super) async fn deliver(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.ask(request).await?;
        self.scene.record(&answer);
        Ok(answer)
    }

    /// As [`deliver`](Self::deliver), but does not record the response: for
    /// responses without a fixed order.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, Failure> {
        let mut connection = self.connect().await?;
        connection.send(request.wire()).await?;
        connection.answer().await
    }

    /// As [`deliver`](Self::deliver), over HTTP/2.
    pub(super) async fn deliver_by_http2(&self, request: &Request) -> Result<Answer, Failure> {
        let answer = self.http2().await?.ask(request).await?;
        self.scene.record(&answer);
        Ok(answer)
    }

    pub(super) async fn connect(&self) -> Result<Connection, Failure> {
        Connection::open(self.open.address).await
    }

    pub(super) async fn http2(&self) -> Result<Http2, Failure> {
        Http2::open(self.open.address).await
    }

    /// The next response on a connection, which is recorded.
    pub(super) async fn answer_on(&self, connection: &mut Connection) -> Result<Answer, Failure> {
        let answer = connection.answer().await?;
        self.scene.record(&answer);
        Ok(answer)
    }

    pub(super) fn record(&self, answer: &Answer) {
        self.scene.record(answer);
    }

    /// Gives the server time to process events on its other connections: it
    /// responds to several requests meanwhile.
    pub(super) async fn lets_things_settle(&self) -> TestResult {
        for _ in 0..20 {
            self.ask(&Request::get("/")).await?;
        }
        Ok(())
    }

    /// The verified delivery, without the adapter.
    pub(super) fn proof(&self, request: &Request) -> Result<Verified, Failure> {
        let verifier = self.endpoint.receiver.verifier();
        Ok(verifier.verify(&request.headers, request.body.clone())?)
    }

    /// Checks how often the handler was called, and that it got the verified
    /// body each time.
    #[track_caller]
    pub(super) fn has_called(&self, times: usize) -> TestResult {
        let calls = self.script.calls();
        same(&calls.len(), &times)?;
        match calls.iter().find(|call| !call.is_proved) {
            Some(call) => Err(wrong(call, "the verified body")),
            None => Ok(()),
        }
    }

    /// Checks that neither the handler nor the store was called.
    #[track_caller]
    pub(super) fn has_done_nothing(&self) -> TestResult {
        self.has_called(0)?;
        same(&self.store.asked(), &0)
    }
}

impl Failure {
    #[track_caller]
    pub(super) fn new(what: &str) -> Self {
        let at = Location::caller();
        Self(format!("{what} ({}:{})", at.file(), at.line()))
    }
}

/// Checks that two values are equal.
#[track_caller]
pub(super) fn same<T: PartialEq<U> + Debug, U: Debug>(is: &T, must_be: &U) -> TestResult {
    if is == must_be {
        return Ok(());
    }
    Err(wrong(is, &format!("{must_be:?}")))
}

#[track_caller]
pub(super) fn wrong(is: &impl Debug, must_be: &str) -> Failure {
    Failure::new(&format!("got {is:?}, expected {must_be}"))
}

impl<E: InTheWay> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
        Self::new(&format!("{error}{source}"))
    }
}

/// An error that stops a case.
trait InTheWay: std::error::Error {}

impl InTheWay for std::io::Error {}
impl InTheWay for hyper::Error {}
impl InTheWay for http::Error {}
impl InTheWay for http_body_util::channel::SendError {}
impl InTheWay for tokio::task::JoinError {}
impl InTheWay for ConfigError {}
impl InTheWay for StoreError {}
impl InTheWay for VerifyError {}
