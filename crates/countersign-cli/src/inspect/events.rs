//! New deliveries, as server-sent events. Those of 100 ms are one event, so that a page keeps up with
//! any rate; a delivery that left the ring meanwhile is not sent.

use std::time::Duration;

use bytes::Bytes;
use countersign::serve::RequestBody;
use http::Request;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::filter::parameters;
use super::json::Summary;
use super::reply::{self, Reply};
use super::server::State;

#[derive(Serialize)]
struct Batch<'a> {
    dropped: u64,
    deliveries: Vec<Summary<'a>>,
}

pub(super) fn answer(state: &State, request: &Request<RequestBody>) -> Reply {
    // A browser that connects again sends the number of its last event.
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let query = request.uri().query().unwrap_or_default();
    let after = parameters(query).find(|(name, _)| name == "after").map(|(_, value)| value);
    let after = last.map(str::to_owned).or(after).and_then(|number| number.parse().ok());
    let mut after: u64 = after.unwrap_or_default();
    let (sender, reply) = reply::streamed("text/event-stream");
    let (ring, stop) = (state.ring.clone(), state.stop.clone());
    tokio::spawn(async move {
        let mut changes = ring.subscribe();
        let stream = async {
            if sender.send(Bytes::from_static(b"retry: 1000\n\n")).await.is_err() {
                return;
            }
            loop {
                changes.borrow_and_update();
                let found = ring.after(after);
                if let Some(last) = found.last() {
                    after = last.seq;
                    let deliveries = found.iter().map(|delivery| Summary::of(delivery)).collect();
                    let batch = Batch { dropped: ring.dropped(), deliveries };
                    let json = serde_json::to_string(&batch).unwrap_or_default();
                    let event = format!("id: {after}\nevent: deliveries\ndata: {json}\n\n");
                    if sender.send(event.into()).await.is_err() {
                        return;
                    }
                }
                sleep(BATCH).await;
                while timeout(HEARTBEAT, changes.changed()).await.is_err() {
                    if sender.send(Bytes::from_static(b": alive\n\n")).await.is_err() {
                        return;
                    }
                }
            }
        };
        tokio::select! {
            () = stream => {}
            () = stop.cancelled() => {}
            () = sender.closed() => {}
        }
    });
    reply
}

const BATCH: Duration = Duration::from_millis(100);
/// Shorter than the time after which the server closes an idle connection.
const HEARTBEAT: Duration = Duration::from_secs(4);
