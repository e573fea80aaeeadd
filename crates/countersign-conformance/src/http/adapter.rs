//! The interface between the suite and an adapter's test.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use countersign_core::Receiver;

use super::script::HandlerScript;
use super::store::TestStore;

/// An adapter to test: real servers on the loopback interface, a new one for
/// each endpoint.
///
/// ```
/// use countersign_conformance::{AdapterLevel, AdapterUnderTest, HttpEndpoint, RunningServer};
/// use tokio::net::TcpListener;
/// use tokio::task::JoinSet;
///
/// struct Acme;
///
/// impl AdapterUnderTest for Acme {
///     fn name(&self) -> &'static str {
///         "acme"
///     }
///
///     fn reach(&self) -> AdapterLevel {
///         AdapterLevel::Handles
///     }
///
///     async fn open(&self, endpoint: HttpEndpoint) -> RunningServer {
///         let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
///         let address = listener.local_addr().unwrap();
///         // Stops when it is dropped.
///         let mut server = JoinSet::new();
///         server.spawn(serve(listener, endpoint));
///         RunningServer::new(address, server)
///     }
/// }
///
/// // Receives with `endpoint.receiver`, and calls `endpoint.script` as the handler.
/// async fn serve(listener: TcpListener, endpoint: HttpEndpoint) {
///     # let _ = (listener, endpoint);
/// }
/// # let _ = Acme;
/// ```
pub trait AdapterUnderTest: Send + Sync + 'static {
    /// The adapter's name, for reports.
    fn name(&self) -> &'static str;

    /// What the adapter supports. Cases that need more do not apply to it.
    fn reach(&self) -> AdapterLevel;

    /// Starts a server on a free port of the loopback interface, for HTTP/1.1
    /// and for HTTP/2 with prior knowledge, for every method and every path.
    fn open(&self, endpoint: HttpEndpoint) -> impl Future<Output = RunningServer> + Send;

    /// Cases that the framework makes impossible, each with the reason. They
    /// still run and must fail, so that an exception is removed as soon as
    /// possible. Defaults to none.
    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// How much of the processing an adapter does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AdapterLevel {
    /// It verifies.
    Verifies,
    /// It also claims the event, and passes the claim to the handler.
    Claims,
    /// It also runs the handler, which a disconnect does not stop, with a
    /// deadline, and settles the claim.
    Handles,
}

/// The endpoint that an adapter serves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpEndpoint {
    /// The receiver. An adapter that only verifies uses its
    /// [`verifier`](Receiver::verifier).
    pub receiver: Receiver<TestStore>,
    /// The behaviour of the handler.
    pub script: HandlerScript,
    /// The middleware in front of the adapter.
    pub in_front: Upstream,
}

/// The middleware between the server and the adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upstream {
    /// None.
    Nothing,
    /// A middleware that reads the body to its end and passes the request on
    /// without it.
    ReadsTheBody,
}

/// A running server. It stops when this is dropped.
pub struct RunningServer {
    pub(super) address: SocketAddr,
    _server: Box<dyn Any + Send + Sync>,
}

impl RunningServer {
    /// A server at this address. It stops when `server` is dropped.
    pub fn new(address: SocketAddr, server: impl Any + Send + Sync) -> Self {
        Self { address, _server: Box::new(server) }
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningServer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// [`AdapterUnderTest`], usable as a trait object.
pub(super) trait Open: Sync {
    fn open(
        &self,
        endpoint: HttpEndpoint,
    ) -> Pin<Box<dyn Future<Output = RunningServer> + Send + '_>>;
}

impl<D: AdapterUnderTest> Open for D {
    fn open(
        &self,
        endpoint: HttpEndpoint,
    ) -> Pin<Box<dyn Future<Output = RunningServer> + Send + '_>> {
        Box::pin(AdapterUnderTest::open(self, endpoint))
    }
}

/// The header in which an adapter under test reports which response it sent, so
/// that the cases can distinguish responses with the same status.
///
/// Its value is the code of the [`EarlyResponse`](countersign_core::EarlyResponse) or the
/// [`VerifyError`](countersign_core::VerifyError) in the response's extensions.
/// A middleware of the test writes it. Without either of them it writes no
/// header.
pub const CODE_HEADER: &str = "x-code";
