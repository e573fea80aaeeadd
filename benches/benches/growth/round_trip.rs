//! Cost by the time of a round trip to Redis.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_redis::RedisStore;
use countersign_test_servers::RedisServer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant as TokioInstant, sleep_until};

use crate::store::{claim_and_complete, keys};

pub(crate) fn print(is_full: bool) {
    println!("Claim and completion over Redis by the time of a round trip:\n");
    println!("| round trip | 1 task: us for each event | 64 tasks: events/s |");
    println!("| --- | ---: | ---: |");
    let server = RedisServer::start(&["--appendonly", "no"]);
    let runtime = Runtime::new().unwrap();
    let (one, many) = if is_full { (500, 20_000) } else { (5, 64) };
    for milliseconds in [0, 1, 5] {
        runtime.block_on(async {
            let delay = Duration::from_millis(milliseconds);
            let proxy = delaying_proxy(server.address(), delay).await;
            let store = RedisStore::connect(&format!("redis://{proxy}")).await.unwrap();
            let store = Arc::new(store);
            let began = Instant::now();
            claim_and_complete(&store, keys(milliseconds as usize, one, 1)).await;
            let each = began.elapsed().as_secs_f64() * 1e6 / one as f64;
            let began = Instant::now();
            claim_and_complete(&store, keys(10 + milliseconds as usize, many, 64)).await;
            let rate = many as f64 / began.elapsed().as_secs_f64();
            println!("| + {milliseconds} ms | {each:.0} | {rate:.0} |");
        });
    }
}

/// Adds `delay` to each round trip: replies arrive later, in order, and any number
/// of them is on the way.
async fn delaying_proxy(server: String, delay: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(copy_after(from_client, to_server, Duration::ZERO));
            tokio::spawn(copy_after(from_server, to_client, delay));
        }
    });
    address
}

async fn copy_after(
    mut from: impl AsyncRead + Unpin + Send + 'static,
    mut to: impl AsyncWrite + Unpin,
    delay: Duration,
) {
    let (sender, mut pieces) = mpsc::unbounded_channel::<(TokioInstant, Vec<u8>)>();
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if sender.send((TokioInstant::now() + delay, buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    while let Some((at, piece)) = pieces.recv().await {
        // The timer of the runtime has a resolution of a millisecond.
        if delay > Duration::ZERO {
            sleep_until(at).await;
        }
        if to.write_all(&piece).await.is_err() {
            break;
        }
    }
}
