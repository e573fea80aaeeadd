use std::io::{Read, Write};
use std::net::TcpStream;

use actix_web::dev::Service;
use actix_web::rt::{spawn, task::spawn_blocking};
use actix_web::test::{TestRequest, init_service};
use countersign::{Signer, schemes};

use super::*;

const SECRET: &str = "whsec_middleware";
const EVENT: &str = r#"{"id":"evt_1","type":"charge.succeeded"}"#;

#[actix_web::test]
async fn a_genuine_delivery_is_handled_and_a_duplicate_is_not() {
    let middleware = middleware(SECRET).unwrap();
    assert_eq!(deliver(&middleware, SECRET).await, (204, None));
    assert_eq!(deliver(&middleware, SECRET).await, (200, Some("duplicate")));
}

#[actix_web::test]
async fn a_delivery_signed_with_another_secret_is_rejected() {
    let middleware = middleware(SECRET).unwrap();
    assert_eq!(deliver(&middleware, "another").await, (401, Some("signature_mismatch")));
}

#[actix_web::test]
async fn the_server_serves_until_it_is_shut_down() {
    let middleware = middleware(SECRET).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = serve(listener, middleware.clone()).unwrap();
    let handle = server.handle();
    let serving = spawn(server);

    let mut wire = "POST / HTTP/1.1\r\nHost: localhost\r\n".to_owned();
    for (name, value) in signed(SECRET) {
        wire += &format!("{name}: {value}\r\n");
    }
    wire += &format!("Content-Length: {}\r\n\r\n{EVENT}", EVENT.len());
    let answer = spawn_blocking(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(wire.as_bytes()).unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");

    shut_down(&handle, &middleware).await;
    serving.await.unwrap().unwrap();
}

/// Returns the response of the app to a delivery that is signed with `secret`.
async fn deliver(
    middleware: &WebhookMiddleware<MemoryStore>,
    secret: &str,
) -> (u16, Option<&'static str>) {
    let app = init_service(App::new().configure(|config| app(config, middleware))).await;
    let mut request = TestRequest::post().set_payload(EVENT);
    for header in signed(secret) {
        request = request.insert_header(header);
    }
    let response = app.call(request.to_request()).await.unwrap();
    let code = response.response().extensions().get::<EarlyResponse>().map(EarlyResponse::code);
    (response.status().as_u16(), code)
}

fn signed(secret: &str) -> Vec<(String, String)> {
    let scheme = schemes::stripe();
    let signer = Signer::new(scheme, Secret::new(secret).unwrap()).unwrap();
    signer.sign(EVENT.as_bytes()).unwrap()
}
