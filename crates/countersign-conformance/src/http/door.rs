//! What an adapter's test hands in, and what it gets.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use countersign_core::Receiver;

use super::script::Script;
use super::store::DoorStore;

/// A door through which deliveries come in, as the cases need it: a real server
/// on loopback, new ones of it, each for an endpoint of its own.
///
/// ```
/// use countersign_conformance::{DoorReach, DoorUnderTest, HttpEndpoint, OpenDoor};
/// use tokio::net::TcpListener;
/// use tokio::task::JoinSet;
///
/// struct Acme;
///
/// impl DoorUnderTest for Acme {
///     fn name(&self) -> &'static str {
///         "acme"
///     }
///
///     fn reach(&self) -> DoorReach {
///         DoorReach::Handles
///     }
///
///     async fn open(&self, endpoint: HttpEndpoint) -> OpenDoor {
///         let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
///         let address = listener.local_addr().unwrap();
///         // Ends when it is dropped.
///         let mut server = JoinSet::new();
///         server.spawn(serve(listener, endpoint));
///         OpenDoor::new(address, server)
///     }
/// }
///
/// // Receives by `endpoint.receiver`, and hands what is to be handled to `endpoint.script`.
/// async fn serve(listener: TcpListener, endpoint: HttpEndpoint) {
///     # let _ = (listener, endpoint);
/// }
/// # let _ = Acme;
/// ```
pub trait DoorUnderTest: Send + Sync + 'static {
    /// The door's name, for reports.
    fn name(&self) -> &'static str;

    /// How far the door goes. Cases that need more do not apply to it.
    fn reach(&self) -> DoorReach;

    /// Opens the door on a free port of the loopback, for HTTP/1.1 and for
    /// HTTP/2 with prior knowledge, for every method and every path.
    fn open(&self, endpoint: HttpEndpoint) -> impl Future<Output = OpenDoor> + Send;

    /// Cases in which the framework stands in the way, each with the reason.
    /// They are run all the same and have to fail, so that none stays on this
    /// list for longer than it has to. Defaults to none.
    fn exceptions(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
}

/// How far a door goes along the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DoorReach {
    /// It verifies.
    Verifies,
    /// It claims the event, too, and the claim is in the handler's hands.
    Claims,
    /// It runs the handler in a task of its own, too, with a deadline, and
    /// settles the claim.
    Handles,
}

/// What a door is opened for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HttpEndpoint {
    /// Receives. A door that only verifies takes its
    /// [`verifier`](Receiver::verifier).
    pub receiver: Receiver<DoorStore>,
    /// What the handler does.
    pub script: Script,
    /// What stands in front of the door.
    pub in_front: InFront,
}

/// What stands between the server and the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InFront {
    /// Nothing.
    Nothing,
    /// A middleware that reads the body to its end and passes the request on
    /// without it.
    ReadsTheBody,
}

/// An open door, for as long as this lives.
pub struct OpenDoor {
    pub(super) address: SocketAddr,
    _server: Box<dyn Any + Send + Sync>,
}

impl OpenDoor {
    /// A door at this address, whose server ends when `server` is dropped.
    pub fn new(address: SocketAddr, server: impl Any + Send + Sync) -> Self {
        Self { address, _server: Box::new(server) }
    }
}

impl fmt::Debug for OpenDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDoor").field("address", &self.address).finish_non_exhaustive()
    }
}

/// [`DoorUnderTest`] as the cases see it.
pub(super) trait Open: Sync {
    fn open(&self, endpoint: HttpEndpoint) -> Pin<Box<dyn Future<Output = OpenDoor> + Send + '_>>;
}

impl<D: DoorUnderTest> Open for D {
    fn open(&self, endpoint: HttpEndpoint) -> Pin<Box<dyn Future<Output = OpenDoor> + Send + '_>> {
        Box::pin(DoorUnderTest::open(self, endpoint))
    }
}

/// The header in which a door under test says which answer it has given, so that
/// the cases can tell answers of one status apart: the code of the
/// [`Answer`](countersign_core::Answer) or the
/// [`VerifyError`](countersign_core::VerifyError) in the response's extensions.
/// A middleware of the test writes it, and none where there is neither.
pub const CODE_HEADER: &str = "x-code";
