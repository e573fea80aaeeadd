//! Load generator: persistent connections, each with one request at a time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use countersign_core::{Secret, Signer};

use countersign_schemes as schemes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::JoinSet;

use countersign_benches::SECRET;

/// The usual number of connections.
pub(crate) const CONNECTIONS: usize = 32;

/// Complete requests, as they are written to the connection.
pub(crate) struct Deliveries(Arc<[Vec<u8>]>);

impl Deliveries {
    pub(crate) fn signed(body_bytes: usize, count: usize, round: usize) -> Self {
        let secret = Secret::new(SECRET).unwrap();
        let signer = Signer::new(schemes::venum(), secret).unwrap();
        Self((0..count).map(|index| request(&signer, body_bytes, round, index)).collect())
    }
}

fn request(signer: &Signer, body_bytes: usize, round: usize, index: usize) -> Vec<u8> {
    let start = format!(r#"{{"type":"finalized","signature":"{round}-{index}","pad":""#);
    let pad = "x".repeat(body_bytes - start.len() - 2);
    let body = format!("{start}{pad}\"}}");
    let mut head = format!(
        "POST /hook HTTP/1.1\r\nhost: hooks.example.com\r\nuser-agent: Provider-Webhooks/1.0\r\n\
         content-type: application/json\r\ncontent-length: {}\r\naccept: */*\r\n",
        body.len()
    );
    for (name, value) in signer.sign(body.as_bytes()).unwrap() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Sends every delivery once. A response other than 200 ends the benchmark.
pub(crate) fn requests_per_second(
    server: SocketAddr,
    deliveries: &Deliveries,
    connections: usize,
) -> f64 {
    let all = &deliveries.0;
    let runtime = runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut opened = Vec::new();
        for _ in 0..connections {
            let connection = TcpStream::connect(server).await.unwrap();
            connection.set_nodelay(true).unwrap();
            opened.push(connection);
        }
        let began = Instant::now();
        let mut tasks = JoinSet::new();
        for (number, connection) in opened.into_iter().enumerate() {
            let mine = (number, connections);
            tasks.spawn(send(connection, Arc::clone(all), mine));
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        all.len() as f64 / began.elapsed().as_secs_f64()
    })
}

/// Sends every `step`th delivery, from the one of the number `first` on.
async fn send(mut connection: TcpStream, all: Arc<[Vec<u8>]>, (first, step): (usize, usize)) {
    let mut answer = vec![0; 4096];
    for request in all.iter().skip(first).step_by(step) {
        connection.write_all(request).await.unwrap();
        let mut length = 0;
        while !answer[..length].ends_with(b"\r\n\r\n") {
            let read = connection.read(&mut answer[length..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            length += read;
        }
        let text = &answer[..length];
        assert!(text.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(text));
    }
}
