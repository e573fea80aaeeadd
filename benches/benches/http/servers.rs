//! The servers: bare handlers that take the body, and the same handlers with the
//! adapters.

use std::net::SocketAddr;
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
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tower_layer::Identity;

use countersign_benches::verifier;

/// A server on the default runtime of `#[tokio::main]`, until the process ends.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    /// The name of the server that it is compared with.
    pub(crate) bare: &'static str,
    pub(crate) has_budget: bool,
    pub(crate) address: SocketAddr,
}

const BARE_AXUM: &str = "axum, a bare handler that takes `Bytes`";
const BARE_ACTIX: &str = "actix-web, a bare handler that takes `Bytes`";

pub(crate) fn all(redis: &str) -> Vec<Server> {
    let axum = |name, has_budget, address| Server { name, bare: BARE_AXUM, has_budget, address };
    let actix = |name, address| Server { name, bare: BARE_ACTIX, has_budget: false, address };
    vec![
        axum(BARE_AXUM, false, serve(|| async { app() })),
        axum("axum, a layer that does nothing", false, {
            serve(|| async { app().layer(Identity::new()) })
        }),
        axum(
            "axum, `VerifyLayer`",
            false,
            serve(|| async { app().layer(VerifyLayer::new(verifier("venum"))) }),
        ),
        axum(
            "axum, `WebhookLayer`, memory store",
            true,
            serve(|| async { app().layer(layer(MemoryStore::new())) }),
        ),
        axum("axum, `WebhookLayer`, Redis store", false, {
            let redis = redis.to_owned();
            serve(|| async move { app().layer(layer(RedisStore::connect(&redis).await.unwrap())) })
        }),
        actix(BARE_ACTIX, serve_actix(|hook| hook)),
        actix("actix-web, `WebhookMiddleware`, memory store", {
            let middleware = WebhookMiddleware::new(receiver(MemoryStore::new()));
            serve_actix(move |hook| hook.wrap(middleware.clone()))
        }),
    ]
}

fn app() -> Router {
    Router::new().route("/hook", post(handle))
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

/// Starts a server with the default number of threads of actix.
fn serve_actix<T, B>(
    around: impl Fn(Resource) -> Resource<T> + Clone + Send + 'static,
) -> SocketAddr
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
            let hook = web::resource("/hook").app_data(web::PayloadConfig::new(1 << 20));
            App::new().service(around(hook.route(web::post().to(handle_actix))))
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
