use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::Request;
use countersign::serve::Serve;
use countersign::{EarlyResponse, Signer, schemes};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt;

use super::*;

const SECRET: &str = "whsec_example";

#[tokio::test]
async fn a_trade_is_acknowledged_first_and_posted_once_even_if_redelivered() {
    let channel = Channel::new([]);
    let (app, trades) = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, SECRET, "evt_1", "trade.new").await, (202, None));
    assert!(channel.posted().is_empty());
    // The event is still in progress. With a paused clock the wait takes no time.
    tokio::time::pause();
    assert_eq!(deliver(&app, SECRET, "evt_1", "trade.new").await, (503, Some("in_flight")));
    tokio::time::resume();

    let discord = Discord::new(&channel.url().await).unwrap();
    let posting = post_trades(trades, &discord);
    let afterwards = async {
        while channel.posted().is_empty() {
            tokio::task::yield_now().await;
        }
        while deliver(&app, SECRET, "evt_1", "trade.new").await != (200, Some("duplicate")) {
            tokio::task::yield_now().await;
        }
        drop(app);
    };
    tokio::join!(posting, afterwards);

    let [posted] = &channel.posted()[..] else { panic!("posted more than once") };
    let embed = &posted["embeds"][0];
    assert_eq!(embed["title"], "🟢 LONG SOL-PERP");
    assert_eq!(embed["fields"][0], json!({ "name": "Size", "value": "$15000.50", "inline": true }));
    assert_eq!(embed["fields"][3]["value"], "`DRVRvzf8...`");
    assert_eq!(posted["allowed_mentions"]["parse"], json!([]));
}

#[tokio::test]
async fn a_channel_that_is_rate_limited_gets_the_trade_later() {
    let channel = Channel::new([429, 500, 503]);
    let (app, trades) = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, SECRET, "evt_1", "trade.liquidation").await, (202, None));
    drop(app);
    post_trades(trades, &Discord::new(&channel.url().await).unwrap()).await;
    assert_eq!(channel.posted().len(), 1);
    assert_eq!(channel.posted()[0]["embeds"][0]["title"], "🟢 LONG SOL-PERP liquidated");
}

#[tokio::test]
async fn a_trade_that_the_channel_rejects_is_released() {
    let channel = Channel::new([404]);
    let (app, trades) = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, SECRET, "evt_1", "trade.new").await, (202, None));
    let discord = Discord::new(&channel.url().await).unwrap();
    let again = async {
        // Sent again manually.
        while deliver(&app, SECRET, "evt_1", "trade.new").await != (202, None) {
            tokio::task::yield_now().await;
        }
        drop(app);
    };
    tokio::join!(post_trades(trades, &discord), again);
    assert_eq!(channel.posted().len(), 1);
}

#[tokio::test]
async fn forged_deliveries_and_other_events_are_not_posted() {
    let (app, mut trades) = app(SECRET, 10).unwrap();
    assert_eq!(deliver(&app, "other", "evt_1", "trade.new").await.0, 401);
    assert_eq!(deliver(&app, SECRET, "evt_2", "webhook.test").await.0, 204);
    assert!(trades.try_recv().is_err());
}

#[tokio::test]
async fn a_trade_that_does_not_fit_into_the_queue_is_released_and_redelivered() {
    let (app, mut trades) = app(SECRET, 1).unwrap();
    assert_eq!(deliver(&app, SECRET, "evt_1", "trade.new").await.0, 202);
    assert_eq!(deliver(&app, SECRET, "evt_2", "trade.close").await.0, 503);
    let first = trades.recv().await.unwrap();
    assert_eq!(deliver(&app, SECRET, "evt_2", "trade.close").await.0, 202);
    drop(first);
}

/// A fake Discord: it responds with these statuses first, and then accepts every
/// message.
#[derive(Clone)]
struct Channel(Arc<Mutex<(VecDeque<u16>, Vec<Value>)>>);

impl Channel {
    fn new<const N: usize>(statuses: [u16; N]) -> Self {
        Self(Arc::new(Mutex::new((statuses.into(), Vec::new()))))
    }

    fn posted(&self) -> Vec<Value> {
        self.0.lock().unwrap().1.clone()
    }

    async fn url(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let app = Router::new().route("/api/webhooks/1/token", post(take)).with_state(self.clone());
        tokio::spawn(async { Serve::new(listener, app).await });
        format!("http://{address}/api/webhooks/1/token")
    }
}

async fn take(State(channel): State<Channel>, Json(message): Json<Value>) -> impl IntoResponse {
    let (statuses, posted) = &mut *channel.0.lock().unwrap();
    let status = statuses.pop_front().unwrap_or(204);
    if status == 204 {
        posted.push(message);
    }
    // Retry immediately, so that the tests do not wait.
    (StatusCode::from_u16(status).unwrap(), [(RETRY_AFTER, "0")])
}

async fn deliver(app: &Router, secret: &str, id: &str, kind: &str) -> (u16, Option<&'static str>) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let body = json!({
        "id": id,
        "type": kind,
        "created": now,
        "data": {
            "owner": "DRVRvzf8pSiMJi5BY1NmZu5STahBYKMVcfkPp3vxPump",
            "marketSymbol": "SOL-PERP",
            "side": "long",
            "sizeUsd": 15000.50,
            "leverage": 5.2,
            "entryPrice": 185.42,
            "collateral": 2884.71,
            "timestamp": "2025-01-15T10:30:00Z",
        },
    });
    let body = body.to_string();
    let scheme = schemes::perps_tracker();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    let mut request = Request::post("/webhook");
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        request = request.header(name, value);
    }
    let request = request.body(Body::from(body)).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    (
        response.status().as_u16(),
        response.extensions().get::<EarlyResponse>().map(EarlyResponse::code),
    )
}
