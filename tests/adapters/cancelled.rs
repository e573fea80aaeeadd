//! Clients that disconnect, over real sockets: a handler that has started
//! finishes, and an incomplete request starts nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use countersign::MemoryStore;
use countersign::tower::WebhookLayer;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use crate::adapters::sockets::{Server, head, length};
use crate::harness::Handler;
use crate::harness::axum::{behind, claiming, deliver};
use crate::whole_path::events::{event, receiver};
use fixtures::delivery::Delivery;
use fixtures::faulty_store::FaultyStore;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_clients_that_disconnect_leave_no_unfinished_events() {
    let scene = Scene::new();
    let server = Server::start(scene.app()).await;
    for batch in 0..CLIENTS / AT_ONCE {
        let mut clients = Vec::new();
        for client in 0..AT_ONCE {
            let delivery = event(format!("evt_{}", batch * AT_ONCE + client));
            clients.push(sends(&server, &delivery, delivery.body.len()).await);
        }
        scene.begun(AT_ONCE).await;
        drop(clients);
        scene.given_up(AT_ONCE).await;
    }
    assert_eq!((scene.handler.calls(), scene.finished()), (CLIENTS, 0));
    assert_eq!(scene.store.live(), CLIENTS);

    scene.let_them_go();
    in_time(scene.layer.drain()).await;
    assert_eq!((scene.handler.calls(), scene.finished()), (CLIENTS, CLIENTS));
    assert_eq!((scene.store.live(), scene.store.len()), (0, CLIENTS));
    assert_eq!(deliver(&scene.app(), &event("evt_0")).await.answer(), (200, Some("duplicate")));
}

#[tokio::test]
async fn a_client_that_disconnects_during_its_body_claims_nothing() {
    for open in claiming() {
        let store = FaultyStore::new(MemoryStore::new());
        let handler = Handler::answering(());
        let adapter = open(&receiver(store.clone()), &handler);
        let ends = Ends::default();
        let server = Server::start(ends.watched(adapter.app.clone())).await;
        let delivery = event(1);
        // The whole body except its last byte.
        let client = sends(&server, &delivery, delivery.body.len() - 1).await;
        ends.begun(1).await;
        drop(client);
        ends.ended(1).await;
        assert_eq!((store.asked(), handler.calls()), (0, 0), "{adapter}");
    }
}

#[tokio::test(start_paused = true)]
async fn draining_waits_for_handlers_that_timed_out() {
    let scene = Scene::within(Duration::from_secs(5));
    let late = deliver(&scene.app(), &event(1)).await;
    assert_eq!(late.answer(), (503, Some("handler_timeout")));

    let layer = scene.layer.clone();
    let mut draining = tokio::spawn(async move { layer.drain().await });
    assert!(timeout(Duration::from_secs(3600), &mut draining).await.is_err());
    scene.let_them_go();
    draining.await.unwrap();
    assert_eq!((scene.finished(), scene.store.live()), (1, 0));
}

#[tokio::test]
async fn a_graceful_shutdown_of_server_and_layer_leaves_no_unfinished_events() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (shut_down, shutting_down) = oneshot::channel::<()>();
    let app = scene.app();
    let server = tokio::spawn(async move {
        let stop = async { shutting_down.await.unwrap() };
        axum::serve(listener, app).with_graceful_shutdown(stop).await.unwrap();
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(&wire(&event(1))).await.unwrap();
    scene.begun(1).await;
    drop(client);
    shut_down.send(()).unwrap();
    // The connection is closed, and the server does not know of the handler.
    in_time(server).await.unwrap();
    assert_eq!((scene.finished(), scene.store.live()), (0, 1));

    let mut draining = Box::pin(scene.layer.drain());
    assert!(timeout(Duration::ZERO, &mut draining).await.is_err());
    scene.let_them_go();
    in_time(draining).await;
    assert_eq!((scene.finished(), scene.store.live()), (1, 0));
}

#[tokio::test]
async fn draining_an_idle_receiver_returns_at_once_and_can_be_repeated() {
    let scene = Scene::new();
    scene.layer.drain().await;
    scene.let_them_go();
    assert_eq!(deliver(&scene.app(), &event(1)).await.status, 200);
    scene.layer.drain().await;
}

/// A layer in front of a handler that waits halfway until it is released.
struct Scene {
    layer: WebhookLayer<MemoryStore>,
    store: MemoryStore,
    handler: Handler,
    inside: Arc<Semaphore>,
    way_out: Arc<Semaphore>,
    finished: Arc<AtomicUsize>,
    ends: Ends,
}

impl Scene {
    fn new() -> Self {
        Self::within(Duration::from_secs(3600))
    }

    /// How long the sender waits.
    fn within(ack_deadline: Duration) -> Self {
        let store = MemoryStore::new();
        let receiver = receiver(store.clone()).with_ack_deadline(ack_deadline);
        let inside = Arc::new(Semaphore::new(0));
        let way_out = Arc::new(Semaphore::new(0));
        let finished = Arc::new(AtomicUsize::new(0));
        let held = (Arc::clone(&inside), Arc::clone(&way_out), Arc::clone(&finished));
        let handler = Handler::new(move |_, _| {
            let (inside, way_out, finished) = held.clone();
            async move {
                inside.add_permits(1);
                // A closed semaphore lets the handler continue.
                let _ = way_out.acquire().await;
                finished.fetch_add(1, Ordering::SeqCst);
            }
        });
        let layer = WebhookLayer::new(receiver);
        Self { layer, store, handler, inside, way_out, finished, ends: Ends::default() }
    }

    fn app(&self) -> Router {
        self.ends.watched(behind(&self.layer, &self.handler))
    }

    /// Waits until this many more handlers have started.
    async fn begun(&self, handlers: usize) {
        take(&self.inside, handlers).await;
    }

    /// Waits until the server has dropped this many more requests.
    async fn given_up(&self, requests: usize) {
        self.ends.ended(requests).await;
    }

    fn let_them_go(&self) {
        self.way_out.close();
    }

    fn finished(&self) -> usize {
        self.finished.load(Ordering::SeqCst)
    }
}

/// Signals when requests begin, and when they end with or without a response.
#[derive(Clone)]
struct Ends {
    begun: Arc<Semaphore>,
    ended: Arc<Semaphore>,
}

impl Default for Ends {
    fn default() -> Self {
        Self { begun: Arc::new(Semaphore::new(0)), ended: Arc::new(Semaphore::new(0)) }
    }
}

impl Ends {
    fn watched(&self, app: Router) -> Router {
        let ends = self.clone();
        app.layer(from_fn(move |request, next| watch(ends.clone(), request, next)))
    }

    async fn begun(&self, requests: usize) {
        take(&self.begun, requests).await;
    }

    async fn ended(&self, requests: usize) {
        take(&self.ended, requests).await;
    }
}

async fn watch(ends: Ends, request: Request, next: Next) -> Response {
    struct OnDrop(Arc<Semaphore>);

    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.add_permits(1);
        }
    }

    ends.begun.add_permits(1);
    // Dropped last: after the response is ready, or when the future that would
    // return it is dropped.
    let _at_its_end = OnDrop(ends.ended);
    next.run(request).await
}

async fn take(semaphore: &Semaphore, permits: usize) {
    let permits = u32::try_from(permits).unwrap();
    in_time(semaphore.acquire_many(permits)).await.unwrap().forget();
}

/// A client that has sent this much of a delivery's body, and waits.
async fn sends(server: &Server, delivery: &Delivery, length: usize) -> TcpStream {
    let mut client = server.connect().await;
    let whole = wire(delivery);
    let missing = delivery.body.len() - length;
    client.write_all(&whole[..whole.len() - missing]).await.unwrap();
    client
}

fn wire(delivery: &Delivery) -> Vec<u8> {
    [&head(delivery, &length(&delivery.body))[..], &delivery.body].concat()
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("must finish within 20 s")
}

const CLIENTS: usize = 1000;
const AT_ONCE: usize = 100;
