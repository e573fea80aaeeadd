//! A stream on a real Redis server.

use ::redis::Commands;
use ::redis::streams::StreamRangeReply;
use countersign::queue::HandoffErrorKind;
use countersign_redis::{ConnectError, RedisConfig, RedisStore, RedisStreamHandoff};
use countersign_test_servers::{Fault, FaultProxy, RedisServer};

use super::queue::Queue;
use super::*;

/// A server with an append-only file.
pub(super) struct Redis(pub(super) RedisServer);

const STREAM: &str = "webhooks";

impl Queue for Redis {
    type Handoff = RedisStreamHandoff;

    async fn new() -> Self {
        Self(RedisServer::start(&["--appendonly", "yes"]))
    }

    async fn open(&self) -> RedisStreamHandoff {
        stream_at(&self.0.url(), PATIENT).await
    }

    async fn messages(&self) -> Vec<Message> {
        messages(&self.0, STREAM)
    }
}

pub(super) async fn stream_at(url: &str, deadline: Duration) -> RedisStreamHandoff {
    store_at(url, deadline).await.stream(STREAM).unwrap()
}

/// Retries for a while: on a busy machine a short deadline can pass before the connection is open.
async fn store_at(url: &str, deadline: Duration) -> RedisStore {
    for _ in 0..100 {
        let config = RedisConfig::new(url).unwrap().with_deadline(deadline);
        match RedisStore::connect_with(config).await {
            Err(ConnectError::Unreachable { .. } | ConnectError::TooFar { .. }) => {}
            connected => return connected.unwrap(),
        }
    }
    panic!("the server cannot be reached")
}

/// The messages of a stream, as a consumer reads them.
fn messages(server: &RedisServer, stream: &str) -> Vec<Message> {
    let mut connection = ::redis::Client::open(server.url()).unwrap().get_connection().unwrap();
    let entries: StreamRangeReply = connection.xrange_all(stream).unwrap();
    let message = |entry: ::redis::streams::StreamId| {
        let bytes: Vec<u8> = entry.get("message").unwrap();
        let message = Message::parse(bytes).unwrap();
        assert_eq!(entry.get::<String>("event_id").unwrap(), message.event_id());
        let possible_duplicate: u8 = entry.get("possible_duplicate").unwrap();
        message.with_possible_duplicate(possible_duplicate == 1)
    };
    entries.ids.into_iter().map(message).collect()
}

#[tokio::test]
async fn after_a_reply_that_is_lost_the_second_try_adds_no_message() {
    let queue = Redis::new().await;
    let proxy = FaultProxy::start(queue.0.address()).await;
    let stream = stream_at(&format!("redis://{}", proxy.address()), PATIENT).await;
    let layer = layer(stream);
    assert_eq!(result(&deliver(&layer, "evt_0").await), (202, None));
    for (id, fault) in [("evt_1", Fault::ResetAfter(0)), ("evt_2", Fault::ResetAfter(3))] {
        proxy.set(fault);
        // The second try finds what the first has stored, by its token.
        assert_eq!(result(&deliver(&layer, id).await), (202, None));
    }
    assert_eq!(ids(&queue.messages().await), ["evt_0", "evt_1", "evt_2"]);
    // Also if a repeat is stored.
    let receiver = HandoffReceiver::new(verifier(), stream_at(&proxy_url(&proxy), PATIENT).await);
    let handling = HandoffLayer::new(receiver.with_repeats(Repeats::Handle));
    proxy.set(Fault::ResetAfter(0));
    let response = deliver(&handling, "evt_0").await;
    assert_eq!(result(&response), (202, None));
    let handed_off = response.extensions().get::<countersign::queue::HandedOff>().unwrap();
    assert!(handed_off.possible_duplicate);
    let messages = queue.messages().await;
    assert_eq!(ids(&messages), ["evt_0", "evt_1", "evt_2", "evt_0"]);
    assert!(messages[3].possible_duplicate());
}

fn proxy_url(proxy: &FaultProxy) -> String {
    format!("redis://{}", proxy.address())
}

#[tokio::test]
async fn a_server_that_does_not_respond_is_answered_503_and_the_retry_finds_out() {
    let queue = Redis::new().await;
    let layer = layer(stream_at(&queue.0.url(), Duration::from_millis(250)).await);
    deliver_until_accepted(&layer, "evt_0").await;
    queue.0.stop();
    assert_eq!(result(&deliver(&layer, "evt_1").await), (503, Some("store_unavailable")));
    queue.0.cont();
    // The command that had no reply is executed now, before the retry or after it.
    let status = deliver_until_accepted(&layer, "evt_1").await;
    assert!(matches!(status, 200 | 202), "{status}");
    assert_eq!(ids(&queue.messages().await), ["evt_0", "evt_1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_202_survives_a_kill_of_the_server() {
    let mut queue = Redis::new().await;
    let layer = layer(stream_at(&queue.0.url(), Duration::from_secs(1)).await);
    let accepted = accepted_during_kills(&layer, (3, 50), || queue.0.restart()).await;
    let stored = queue.messages().await;
    let mut stored = ids(&stored);
    stored.sort_unstable();
    assert_eq!(stored, accepted);
}

#[tokio::test]
async fn a_stream_at_its_maximum_length_or_a_full_server_is_answered_503() {
    let queue = Redis::new().await;
    let limited = layer(queue.open().await.with_max_length(2));
    for (id, expected) in [("evt_1", 202), ("evt_2", 202), ("evt_1", 200), ("evt_3", 503)] {
        assert_eq!(deliver(&limited, id).await.status(), expected, "{id}");
    }
    assert_eq!(result(&deliver(&limited, "evt_3").await), (503, Some("store_full")));
    // A worker has handled and deleted an entry.
    let mut connection = ::redis::Client::open(queue.0.url()).unwrap().get_connection().unwrap();
    let entries: StreamRangeReply = connection.xrange_count(STREAM, "-", "+", 1).unwrap();
    let deleted: u32 = connection.xdel(STREAM, &[&entries.ids[0].id]).unwrap();
    assert_eq!(deleted, 1);
    assert_eq!(result(&deliver(&limited, "evt_3").await), (202, None));
    assert_eq!(result(&deliver(&limited, "evt_1").await), (200, Some("duplicate")));

    let unlimited = layer(queue.open().await);
    assert_eq!(queue.0.cli(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    assert_eq!(result(&deliver(&unlimited, "evt_4").await), (503, Some("store_full")));
    assert_eq!(queue.0.cli(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    assert_eq!(result(&deliver(&unlimited, "evt_4").await), (202, None));
    assert_eq!(ids(&queue.messages().await), ["evt_2", "evt_3", "evt_4"]);
}

#[tokio::test]
async fn a_key_that_is_no_stream_is_an_error_and_records_no_event() {
    let queue = Redis::new().await;
    assert_eq!(queue.0.cli(&["SET", STREAM, "something else"]), "OK");
    let error = hand_off(queue.open().await).await.unwrap_err();
    assert_eq!(error.kind(), HandoffErrorKind::NotAccepted);
    assert!(format!("{error:?}").contains("WRONGTYPE"), "{error:?}");
    assert_eq!(queue.0.cli(&["DEL", STREAM]), "1");
    assert_eq!(result(&deliver(&layer(queue.open().await), "evt_1").await), (202, None));
}

#[tokio::test]
async fn two_streams_of_one_server_know_different_events() {
    let queue = Redis::new().await;
    let store = store_at(&queue.0.url(), PATIENT).await;
    for name in ["a", "b{tag}"] {
        let layer = layer(store.stream(name).unwrap());
        assert_eq!(result(&deliver(&layer, "evt_1").await), (202, None));
        assert_eq!(result(&deliver(&layer, "evt_1").await), (200, Some("duplicate")));
        assert_eq!(ids(&messages(&queue.0, name)), ["evt_1"]);
    }
    for name in ["", "a}", "{", "a{}b"] {
        assert!(matches!(store.stream(name), Err(ConnectError::Setting { .. })), "{name}");
    }
}

/// One node has all slots, and checks that the keys of a script are in one.
#[tokio::test]
async fn in_a_cluster_the_records_of_a_stream_are_in_its_slot() {
    let server = RedisServer::start(&["--cluster-enabled", "yes"]);
    assert_eq!(server.cli(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]), "OK");
    let is_up = async || server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok");
    let end = tokio::time::Instant::now() + PATIENT;
    while !is_up().await {
        assert!(tokio::time::Instant::now() < end, "the cluster does not start");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let store = store_at(&server.url().replace("redis:", "redis+cluster:"), PATIENT).await;
    for name in ["webhooks", "hooks:{eu}:1", "{a"] {
        let Ok(stream) = store.stream(name) else {
            assert_eq!(name, "{a");
            continue;
        };
        let layer = layer(stream);
        for id in ["evt_1", "evt_2", "evt_3"] {
            assert_eq!(result(&deliver(&layer, id).await), (202, None), "{name}");
        }
        assert_eq!(result(&deliver(&layer, "evt_2").await), (200, Some("duplicate")));
        assert_eq!(server.cli(&["XLEN", name]), "3");
    }
}
