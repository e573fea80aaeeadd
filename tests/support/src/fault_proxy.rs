//! A proxy that simulates network faults.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards TCP between a client and a server, and breaks the server's replies.
///
/// The client's data always arrives, so the server executes every request. Only
/// the reply is lost.
///
/// The proxy stops when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    fault: Mutex<Fault>,
    accepted: AtomicUsize,
    /// Connections with a lower number are half-open.
    sound_from: AtomicUsize,
}

/// The fault that applies to the replies on every connection from now on.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Replies arrive.
    #[default]
    None,
    /// Replies arrive late.
    Delay(Duration),
    /// After this many bytes, over all connections, the connection is reset.
    /// Later connections work.
    ResetAfter(usize),
    /// On the current connections, replies are lost from now on, and nothing
    /// closes. Later connections work.
    HalfOpen,
}

impl FaultProxy {
    /// A proxy in front of this server (`127.0.0.1:6379`), without a fault.
    ///
    /// # Panics
    ///
    /// Panics if it cannot listen.
    pub async fn start(server: impl Into<String>) -> Self {
        let server = server.into();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("the loopback has a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(accept(listener, server, Arc::clone(&shared)));
        Self { address, shared, task }
    }

    /// The address on which it listens: `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets the fault from now on.
    pub fn set(&self, fault: Fault) {
        if fault == Fault::HalfOpen {
            self.shared.sound_from.store(self.accepted(), Ordering::SeqCst);
        }
        *self.shared.fault() = fault;
    }

    /// The current fault. [`Fault::ResetAfter`] counts down, and becomes
    /// [`Fault::None`] once the reset has happened.
    #[must_use]
    pub fn fault(&self) -> Fault {
        *self.shared.fault()
    }

    /// The number of connections so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn fault(&self) -> MutexGuard<'_, Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy")
            .field("address", &self.address)
            .field("fault", &self.fault())
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, server: String, shared: Arc<Shared>) {
    // The connections end with this task.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let number = shared.accepted.fetch_add(1, Ordering::SeqCst);
        connections.spawn(connection(client, server.clone(), number, Arc::clone(&shared)));
    }
}

async fn connection(mut client: TcpStream, server: String, number: usize, shared: Arc<Shared>) {
    // Without a server the client is disconnected, as without a proxy.
    let Ok(mut server) = TcpStream::connect(&server).await else { return };
    let (mut requests, mut to_client) = client.split();
    let (mut replies, mut to_server) = server.split();
    let resets = tokio::select! {
        _ = tokio::io::copy(&mut requests, &mut to_server) => false,
        resets = pass(&mut replies, &mut to_client, number, &shared) => resets,
    };
    if resets {
        // With zero linger, closing the connection resets it.
        let _ = client.set_zero_linger();
    }
}

/// Forwards replies, and returns whether the connection must be reset.
async fn pass(
    replies: &mut ReadHalf<'_>,
    client: &mut WriteHalf<'_>,
    number: usize,
    shared: &Shared,
) -> bool {
    let mut buffer = [0; 16 * 1024];
    while let Ok(read @ 1..) = replies.read(&mut buffer).await {
        if number < shared.sound_from.load(Ordering::SeqCst) {
            continue;
        }
        let (passed, resets, delay) = corrupt(&mut shared.fault(), read);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if client.write_all(&buffer[..passed]).await.is_err() {
            return false;
        }
        if resets {
            return true;
        }
    }
    false
}

/// How many of `read` bytes are forwarded, whether a reset follows, and the
/// delay.
fn corrupt(fault: &mut Fault, read: usize) -> (usize, bool, Duration) {
    match fault {
        Fault::None | Fault::HalfOpen => (read, false, Duration::ZERO),
        Fault::Delay(time) => (read, false, *time),
        Fault::ResetAfter(left) if *left < read => {
            let passed = *left;
            *fault = Fault::None;
            (passed, true, Duration::ZERO)
        }
        Fault::ResetAfter(left) => {
            *left -= read;
            (read, false, Duration::ZERO)
        }
    }
}
