//! Early responses, and clients that disconnect or do not read the response.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{post, resource};
use actix_web::{App, HttpResponse, HttpServer};
use countersign::MemoryStore;
use countersign::actix::{ClaimedWebhook, VerifyMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::server::Server;
use crate::adapters::sockets::{head, length};
use crate::whole_path::events::{event, receiver};

#[tokio::test]
async fn a_client_that_writes_everything_before_it_reads_gets_the_early_response() {
    let verifier = receiver(MemoryStore::new()).verifier().clone();
    let app = move || {
        let verify = VerifyMiddleware::new(verifier.clone());
        App::new().service(resource("/").wrap(verify).route(post().to(HttpResponse::Ok)))
    };
    let server = Server::of(move |listener| {
        let server = HttpServer::new(app).client_disconnect_timeout(Duration::from_secs(20));
        Ok(server.workers(1).disable_signals().listen(listener)?.run())
    });
    let body = vec![b'a'; 2 * 1024 * 1024];
    let unsigned = event(1).without_header("x-jup-signature");
    let request = [head(&unsigned, &length(&body)), body].concat();
    let address = server.address;
    let answer = spawn_blocking(move || {
        let mut client = TcpStream::connect(address)?;
        client.set_read_timeout(Some(Duration::from_secs(20)))?;
        client.write_all(&request)?;
        let mut answer = [0; 12];
        client.read_exact(&mut answer)?;
        io::Result::Ok(answer)
    });
    assert_eq!(&answer.await.unwrap().unwrap(), b"HTTP/1.1 401");
}

/// What the documentation of `ClaimedWebhook` promises about clients that disconnect.
#[tokio::test]
async fn a_claiming_handler_is_stopped_by_a_disconnect_and_not_by_a_half_close() {
    let (inside, way_out) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let store = MemoryStore::new();
    let receiver = receiver(store.clone());
    let held = (Arc::clone(&inside), Arc::clone(&way_out));
    let server = Server::start(move |config| {
        let held = held.clone();
        let handler = move |claimed: ClaimedWebhook| {
            let (inside, way_out) = held.clone();
            async move {
                inside.add_permits(1);
                way_out.acquire().await.unwrap().forget();
                claimed.claim.complete().await.unwrap();
                HttpResponse::Ok().finish()
            }
        };
        config.app_data(receiver.clone()).route("/", post().to(handler));
    });

    let mut half_closed = ask(&server, 1).await;
    half_closed.shutdown().await.unwrap();
    take(&inside).await;
    way_out.add_permits(1);
    let mut answer = Vec::new();
    in_time(half_closed.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));

    let broken = ask(&server, 2).await;
    take(&inside).await;
    assert_eq!(store.live(), 1);
    broken.set_zero_linger().unwrap();
    drop(broken);
    in_time(async {
        while store.live() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(way_out.available_permits(), 0);
}

/// A client that has sent its delivery and waits for the response.
async fn ask(server: &Server, id: u32) -> tokio::net::TcpStream {
    let delivery = event(id);
    let mut client = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let request = [head(&delivery, &length(&delivery.body)), delivery.body].concat();
    client.write_all(&request).await.unwrap();
    client
}

async fn take(semaphore: &Semaphore) {
    in_time(semaphore.acquire()).await.unwrap().forget();
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("must finish within 20 s")
}
