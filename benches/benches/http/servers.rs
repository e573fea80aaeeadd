//! The servers: bare handlers that take the body, the same handlers with the
//! adapters, and handlers that verify and deduplicate by hand.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, HttpResponse, HttpServer, Resource, web};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_actix::WebhookMiddleware;
use countersign_core::{IdempotencyStore, MemoryStore, Receiver};
use countersign_redis::RedisStore;
use countersign_tower::{VerifyLayer, WebhookLayer};
use redis::aio::MultiplexedConnection;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower_layer::Identity;

use countersign_benches::verifier;

use crate::by_hand::{self, Endpoint, Events, InMemory, InRedis};

/// A server on the default runtime of its framework, until the process ends.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// The name of the bare handler that it is compared with.
    pub(crate) bare: &'static str,
    /// The handler by hand that it is compared with.
    pub(crate) by_hand: Option<ByHand>,
    pub(crate) address: SocketAddr,
}

/// The reference of a budget.
#[derive(Clone, Copy)]
pub(crate) struct ByHand {
    pub(crate) name: &'static str,
    /// The minimum of our rate relative to it.
    pub(crate) budget: f64,
}

const BARE_AXUM: &str = "axum, a bare handler that takes `Bytes`";
const BARE_ACTIX: &str = "actix-web, a bare handler that takes `Bytes`";
const AXUM_MEMORY: ByHand = ByHand { name: "axum, by hand, `Mutex<HashMap>`", budget: 1.05 };
const AXUM_REDIS: ByHand = ByHand { name: "axum, by hand, Redis `SET NX EX`", budget: 1.0 };
const ACTIX_MEMORY: ByHand = ByHand { name: "actix-web, by hand, `Mutex<HashMap>`", budget: 1.05 };
const ACTIX_REDIS: ByHand = ByHand { name: "actix-web, by hand, Redis `SET NX EX`", budget: 1.0 };

/// Each server directly follows the one that it is compared with by a budget, so
/// that other load on the machine affects both.
pub(crate) fn all(redis: &str) -> Vec<Server> {
    let axum = |name, by_hand, address| Server { name, bare: BARE_AXUM, by_hand, address };
    let actix = |name, by_hand, address| Server { name, bare: BARE_ACTIX, by_hand, address };
    let [here, there] = [redis, redis].map(str::to_owned);
    let (events, on_actix) = (Runtime::new().unwrap(), redis.to_owned());
    let (actix_events, actix_store) = events.block_on(async {
        (connection(&on_actix).await, RedisStore::connect(&on_actix).await.unwrap())
    });
    // It drives the connections of the actix servers, whose threads are runtimes of their own.
    thread::spawn(move || events.block_on(std::future::pending::<()>()));
    vec![
        axum(BARE_AXUM, None, serve(|| async { app() })),
        axum("axum, a layer that does nothing", None, {
            serve(|| async { app().layer(Identity::new()) })
        }),
        axum(
            "axum, `VerifyLayer`",
            None,
            serve(|| async { app().layer(VerifyLayer::new(verifier("venum"))) }),
        ),
        axum(AXUM_MEMORY.name, None, serve(|| async { app_by_hand(InMemory::default()) })),
        axum(
            "axum, `WebhookLayer`, memory store",
            Some(AXUM_MEMORY),
            serve(|| async { app().layer(layer(MemoryStore::new())) }),
        ),
        axum(
            AXUM_REDIS.name,
            None,
            serve(|| async move { app_by_hand(InRedis(connection(&here).await)) }),
        ),
        axum(
            "axum, `WebhookLayer`, Redis store",
            Some(AXUM_REDIS),
            serve(|| async move { app().layer(layer(RedisStore::connect(&there).await.unwrap())) }),
        ),
        actix(BARE_ACTIX, None, serve_actix(|hook| hook.route(web::post().to(handle_actix)))),
        actix(ACTIX_MEMORY.name, None, serve_actix_by_hand(InMemory::default())),
        actix(
            "actix-web, `WebhookMiddleware`, memory store",
            Some(ACTIX_MEMORY),
            serve_middleware(MemoryStore::new()),
        ),
        actix(ACTIX_REDIS.name, None, serve_actix_by_hand(InRedis(actix_events))),
        actix(
            "actix-web, `WebhookMiddleware`, Redis store",
            Some(ACTIX_REDIS),
            serve_middleware(actix_store),
        ),
    ]
}

fn app() -> Router {
    Router::new().route("/hook", post(handle))
}

fn app_by_hand<E: Events>(events: E) -> Router {
    Router::new().route("/hook", post(by_hand::axum::<E>)).with_state(Endpoint::new(events))
}

async fn connection(redis: &str) -> MultiplexedConnection {
    redis::Client::open(redis).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn handle(body: Bytes) -> StatusCode {
    std::hint::black_box(body.len());
    StatusCode::OK
}

fn layer<S: IdempotencyStore>(store: S) -> WebhookLayer<S> {
    WebhookLayer::new(receiver(store))
}

fn receiver<S: IdempotencyStore>(store: S) -> Receiver<S> {
    Receiver::new(verifier("venum").with_endpoint("bench"), store)
}

fn serve<F>(app: impl FnOnce() -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = Router>,
{
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        runtime.block_on(async { axum::serve(listener, app().await).await.unwrap() });
    });
    address
}

fn serve_middleware<S: IdempotencyStore>(store: S) -> SocketAddr {
    let middleware = WebhookMiddleware::new(receiver(store));
    serve_actix(move |hook| hook.route(web::post().to(handle_actix)).wrap(middleware.clone()))
}

fn serve_actix_by_hand<E: Events>(events: E) -> SocketAddr {
    let endpoint: web::Data<Arc<Endpoint<E>>> = web::Data::new(Endpoint::new(events));
    serve_actix(move |hook| {
        hook.app_data(endpoint.clone()).route(web::post().to(by_hand::actix::<E>))
    })
}

/// Starts a server with the default number of threads of actix.
fn serve_actix<T, B>(hook: impl Fn(Resource) -> Resource<T> + Clone + Send + 'static) -> SocketAddr
where
    T: ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<B>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let app = move || {
            let resource = web::resource("/hook").app_data(web::PayloadConfig::new(1 << 20));
            App::new().service(hook(resource))
        };
        let server = HttpServer::new(app).disable_signals().listen(listener).unwrap().run();
        actix_web::rt::System::new().block_on(server).unwrap();
    });
    address
}

async fn handle_actix(body: Bytes) -> HttpResponse {
    std::hint::black_box(body.len());
    HttpResponse::Ok().finish()
}
